"""One component class per role: a host group that carries only this role."""

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
