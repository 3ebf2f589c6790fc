"""One component class per role: a host group that carries only this role."""

from collections.abc import Sequence

from swyx_components.components.host_group import HostGroup
from swyx_components.installation.builder import NetworkRole, Role


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


ROLE_CLASSES: tuple[type[HostGroup], ...] = tuple(HostGroup.__subclasses__())


def class_for(roles: Sequence[str]) -> type[HostGroup]:
    """The class of a group: its one role's, or `HostGroup` where it carries several."""
    by_role = {kind.__name__: kind for kind in ROLE_CLASSES}
    return by_role.get(roles[0], HostGroup) if len(roles) == 1 else HostGroup
