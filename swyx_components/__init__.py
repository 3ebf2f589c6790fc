"""SwyxWare firewall components for Pulumi: roles in, AWS security groups and Azure NSGs out.

The names below load on first use, so that `import swyx_components` neither starts Pulumi's
machinery nor loads a cloud SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:  # for editors and type checkers; a program runs `__getattr__`
    from swyx_components.components.args import MachineArgs as MachineArgs
    from swyx_components.components.args import NetworkArgs as NetworkArgs
    from swyx_components.components.args import SwyxSiteArgs as SwyxSiteArgs
    from swyx_components.components.args import TopologyArgs as TopologyArgs
    from swyx_components.components.installation import Installation as Installation
    from swyx_components.components.installation import Machine as Machine
    from swyx_components.components.installation import Network as Network
    from swyx_components.components.installation import Site as Site
    from swyx_components.components.networks import AwsMachine as AwsMachine
    from swyx_components.components.networks import AzureInterface as AzureInterface
    from swyx_components.components.networks import VirtualNetwork as VirtualNetwork
    from swyx_components.components.networks import Vpc as Vpc
    from swyx_components.components.roles import ConferenceManager as ConferenceManager
    from swyx_components.components.roles import HostGroup as HostGroup
    from swyx_components.components.roles import ITSPManager as ITSPManager
    from swyx_components.components.roles import LinkManager as LinkManager
    from swyx_components.components.roles import PhoneManager as PhoneManager
    from swyx_components.components.roles import SwyxFaxServer as SwyxFaxServer
    from swyx_components.components.roles import SwyxGate as SwyxGate
    from swyx_components.components.roles import SwyxIt as SwyxIt
    from swyx_components.components.roles import SwyxPhoneL100 as SwyxPhoneL100
    from swyx_components.components.roles import SwyxPhoneL400 as SwyxPhoneL400
    from swyx_components.components.roles import SwyxPhoneL420 as SwyxPhoneL420
    from swyx_components.components.roles import SwyxPhoneL420e as SwyxPhoneL420e
    from swyx_components.components.roles import SwyxPhoneL420s as SwyxPhoneL420s
    from swyx_components.components.roles import SwyxPhoneL440 as SwyxPhoneL440
    from swyx_components.components.roles import SwyxServer as SwyxServer
    from swyx_components.components.site import SwyxSite as SwyxSite
    from swyx_components.installation.builder import NetworkRole as NetworkRole
    from swyx_components.installation.builder import Role as Role
else:
    # Where the public names are defined; importing this loads none of these modules.
    _MODULES = {
        "components.args": ("MachineArgs", "NetworkArgs", "SwyxSiteArgs", "TopologyArgs"),
        "components.installation": ("Installation", "Machine", "Network", "Site"),
        "components.networks": ("AwsMachine", "AzureInterface", "VirtualNetwork", "Vpc"),
        "components.roles": (
            *("ConferenceManager", "HostGroup", "ITSPManager", "LinkManager", "PhoneManager"),
            *("SwyxFaxServer", "SwyxGate", "SwyxIt", "SwyxPhoneL100", "SwyxPhoneL400"),
            *("SwyxPhoneL420", "SwyxPhoneL420e", "SwyxPhoneL420s", "SwyxPhoneL440", "SwyxServer"),
        ),
        "components.site": ("SwyxSite",),
        "installation.builder": ("NetworkRole", "Role"),
    }
    _HOMES = {name: home for home, names in _MODULES.items() for name in names}
    __all__ = sorted(_HOMES)

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
