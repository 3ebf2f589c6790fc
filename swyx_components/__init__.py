"""SwyxWare firewall components for Pulumi: roles in, AWS security groups and Azure NSGs out.

The names below load on first use, so that `import swyx_components` neither starts Pulumi's
machinery nor loads a cloud SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers; a program runs `__getattr__`
    from swyx_components.components.args import MachineArgs, NetworkArgs, SwyxSiteArgs, TopologyArgs
    from swyx_components.components.host_group import HostGroup
    from swyx_components.components.installation import Installation, Machine, Network, Site
    from swyx_components.components.networks import AwsMachine, AzureInterface, VirtualNetwork, Vpc
    from swyx_components.components.roles import (
        ConferenceManager,
        ITSPManager,
        LinkManager,
        PhoneManager,
        SwyxFaxServer,
        SwyxGate,
        SwyxIt,
        SwyxPhoneL100,
        SwyxPhoneL400,
        SwyxPhoneL420,
        SwyxPhoneL420e,
        SwyxPhoneL420s,
        SwyxPhoneL440,
        SwyxServer,
    )
    from swyx_components.components.site import SwyxSite
    from swyx_components.installation.builder import NetworkRole, Role

__version__ = "0.1.0"

__all__ = [
    "AwsMachine",
    "AzureInterface",
    "ConferenceManager",
    "HostGroup",
    "ITSPManager",
    "Installation",
    "LinkManager",
    "Machine",
    "MachineArgs",
    "Network",
    "NetworkArgs",
    "NetworkRole",
    "PhoneManager",
    "Role",
    "Site",
    "SwyxFaxServer",
    "SwyxGate",
    "SwyxIt",
    "SwyxPhoneL100",
    "SwyxPhoneL400",
    "SwyxPhoneL420",
    "SwyxPhoneL420e",
    "SwyxPhoneL420s",
    "SwyxPhoneL440",
    "SwyxServer",
    "SwyxSite",
    "SwyxSiteArgs",
    "TopologyArgs",
    "VirtualNetwork",
    "Vpc",
]

if not TYPE_CHECKING:
    # Where the public names are defined that are not roles; importing this loads none of these modules.
    _MODULES = {
        "components.args": {"MachineArgs", "NetworkArgs", "SwyxSiteArgs", "TopologyArgs"},
        "components.host_group": {"HostGroup"},
        "components.installation": {"Installation", "Machine", "Network", "Site"},
        "components.networks": {"AwsMachine", "AzureInterface", "VirtualNetwork", "Vpc"},
        "components.site": {"SwyxSite"},
        "installation.builder": {"NetworkRole", "Role"},
    }

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        homes = [home for home, names in _MODULES.items() if name in names]
        module = import_module(f"{__name__}.{homes[0] if homes else 'components.roles'}")
        value = globals()[name] = getattr(module, name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
