"""SwyxWare firewall components for Pulumi: roles in, AWS security groups and Azure NSGs out.

The names below load on first use, so that `import swyx_components` neither starts Pulumi's
machinery nor loads a cloud SDK.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Where each public name is defined; `import swyx_components` itself loads none of these modules.
_EXPORTS = {
    "SwyxSite": "components.site",
    "SwyxSiteArgs": "components.args",
    "HostGroup": "components.host_group",
    "MachineArgs": "components.args",
    "NetworkArgs": "components.args",
    "ConferenceManager": "components.roles",
    "ITSPManager": "components.roles",
    "LinkManager": "components.roles",
    "PhoneManager": "components.roles",
    "SwyxFaxServer": "components.roles",
    "SwyxGate": "components.roles",
    "SwyxIt": "components.roles",
    "SwyxPhoneL100": "components.roles",
    "SwyxPhoneL400": "components.roles",
    "SwyxPhoneL420": "components.roles",
    "SwyxPhoneL420e": "components.roles",
    "SwyxPhoneL420s": "components.roles",
    "SwyxPhoneL440": "components.roles",
    "SwyxServer": "components.roles",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS})
