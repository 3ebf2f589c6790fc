"""All egress, as EC2 opens it in every new group: found where it was not closed."""

from collections.abc import Iterator, Mapping
from typing import Any

from swyx_components.analysis.deployed.stack_state import STACK_TAG
from swyx_components.clouds.aws.interfaces import Ask, ids_of
from swyx_components.clouds.aws.render import EVERYWHERE
from swyx_components.installation.model import Egress
from swyx_components.messages import Message
from swyx_components.planner.model import RenderedSite

_GROUPS = "aws:ec2/getSecurityGroups:getSecurityGroups"
_RULES = "aws:vpc/getSecurityGroupRules:getSecurityGroupRules"
_RULE = "aws:vpc/getSecurityGroupRule:getSecurityGroupRule"


def check_open_egress(
    rendered: RenderedSite, own: Mapping[str, str], ask: Ask
) -> Iterator[Message]:
    """An error where groups with the tags `own` allow all egress that is not planned.

    The provider closes it when it creates a group and never again: where that was interrupted, later
    updates leave it open. One lookup where no group has a rule for every protocol; what the rules in
    question say is asked of each alone, as EC2 takes no filter for that.
    """
    if rendered.plan.egress is Egress.OPEN:
        return
    every = {"name": "egress.ip-permission.protocol", "values": ["-1"]}
    found = [
        (rule["securityGroupId"], rule.get("cidrIpv4") or rule.get("cidrIpv6"))
        for group in ids_of(ask(_GROUPS, {"filters": [every], "tags": {**own}}))
        for rule in _foreign_rules(group, own, ask)
        if rule["isEgress"] and rule["ipProtocol"] == "-1"
    ]
    everywhere = {str(prefix) for prefix in EVERYWHERE.values()}
    opened = sorted({(group, peer) for group, peer in found if peer in everywhere})
    if opened:
        yield Message.about(
            "egress-left-open",
            f"sites.{rendered.plan.site}",
            groups=sorted({group for group, _ in opened}),
            peers=sorted({peer for _, peer in opened}),
            site=rendered.plan.site,
            stack=own[STACK_TAG].rpartition("/")[2],
        )


def _foreign_rules(group: str, own: Mapping[str, str], ask: Ask) -> Iterator[Mapping[str, Any]]:
    """The rules of a group that no update made."""
    inside = {"filters": [{"name": "group-id", "values": [group]}]}
    ours = {*ids_of(ask(_RULES, {**inside, "tags": {**own}}))}
    for rule in ids_of(ask(_RULES, inside)):
        if rule not in ours:
            yield ask(_RULE, {"securityGroupRuleId": rule})
