"""The resources in the state: a `HostGroup` for several roles, and a class for each role alone."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from swyx_components.components.args import SiteSummary
from swyx_components.components.check import plain_errors
from swyx_components.installation.builder import NetworkRole, Role
from swyx_components.messages import SwyxError


class HostGroup(pulumi.ComponentResource):
    """The firewall of machines that carry the same roles, created by a `SwyxSite`."""

    group_id: pulumi.Output[str]
    """The security group (AWS) or network security group (Azure)."""
    security_group_ids: pulumi.Output[dict[str, list[str]]]
    """By machine and managed network, its groups: security groups (AWS), the NSG (Azure)."""
    interface_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the interfaces attached to (AWS) or created (Azure)."""
    summary: pulumi.Output[SiteSummary]
    """Counts, the proof, warnings and notes."""

    def __init__(
        self,
        name: str,
        args: Any = None,
        opts: Optional[pulumi.ResourceOptions] = None,
        _planned: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Refuse: rules follow from a whole installation, which a `SwyxSite` has.

        Raises:
            pulumi.RunError: unless a `SwyxSite` planned it, which calls `finish` once all is created.
        """
        if _planned is None:
            with plain_errors():
                raise SwyxError.about("role-by-hand", name, kind=type(self).__name__)
        super().__init__(f"swyx:index:{type(self).__name__}", name, {**_planned}, opts)


class SwyxServer(HostGroup, Role):
    """The firewall of a SwyxServer."""


class SwyxGate(HostGroup, Role):
    """The firewall of a SwyxGate."""


class LinkManager(HostGroup, Role):
    """The firewall of a LinkManager."""


class ConferenceManager(HostGroup, Role):
    """The firewall of a ConferenceManager."""


class PhoneManager(HostGroup, Role):
    """The firewall of a PhoneManager."""


class ITSPManager(HostGroup, Role):
    """The firewall of an ITSPManager."""


class SwyxFaxServer(HostGroup, Role):
    """The firewall of a SwyxFax Server."""


class SwyxIt(HostGroup, NetworkRole):
    """The firewall of machines with SwyxIt!."""


class SwyxPhoneL100(HostGroup, NetworkRole):
    """The firewall of machines with a SwyxPhone L100."""


class SwyxPhoneL400(HostGroup, NetworkRole):
    """The firewall of machines with a SwyxPhone L400."""


class SwyxPhoneL420(HostGroup, NetworkRole):
    """The firewall of machines with a SwyxPhone L420."""


class SwyxPhoneL420e(HostGroup, NetworkRole):
    """The firewall of machines with a SwyxPhone L420e."""


class SwyxPhoneL420s(HostGroup, NetworkRole):
    """The firewall of machines with a SwyxPhone L420s."""


class SwyxPhoneL440(HostGroup, NetworkRole):
    """The firewall of machines with a SwyxPhone L440."""


ROLE_CLASSES = {kind.__name__: kind for kind in HostGroup.__subclasses__()}
