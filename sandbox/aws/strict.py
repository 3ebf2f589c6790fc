"""What EC2 enforces and moto does not: installed over moto's EC2 in this process, before its first request.

moto keeps the state and speaks the API.
"""

from __future__ import annotations

from sandbox.aws.limits import Limits
from sandbox.aws.patches.groups import patch_groups, patch_rules
from sandbox.aws.patches.instances import patch_instances
from sandbox.aws.patches.interfaces import patch_interfaces
from sandbox.aws.patches.networks import patch_networks
from sandbox.aws.patches.searches import patch_filters, patch_tags


def install(limits: Limits) -> None:
    """Make moto's EC2 strict."""
    patch_groups(limits)
    patch_rules(limits)
    patch_interfaces(limits)
    patch_instances()
    patch_networks()
    patch_tags()
    patch_filters()
