"""The policy pack: `pulumi preview --policy-pack policy`."""

from pulumi_policy import EnforcementLevel, PolicyPack
from swyx_policies import POLICIES

PolicyPack("swyx", POLICIES, enforcement_level=EnforcementLevel.MANDATORY)
