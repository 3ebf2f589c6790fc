"""ARM resource ids: parsed without regard to case, printed with ARM's own.

`/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/N/subnets/C`
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

GROUPS = "networkSecurityGroups"
INTERFACES = "networkInterfaces"
NETWORKS = "virtualNetworks"
MACHINES = "virtualMachines"
PROVIDERS = {
    NETWORKS: "Microsoft.Network",
    GROUPS: "Microsoft.Network",
    INTERFACES: "Microsoft.Network",
    MACHINES: "Microsoft.Compute",
}
"""The kinds of top-level resource."""

_CASED = {kind.lower(): kind for kind in PROVIDERS}
_PATH = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(/resourceGroups(/(?P<group>[^/]+))?)?"
    r"(/providers/(?P<provider>[^/]+)/(?P<kind>[^/]+)"
    r"(/(?P<name>[^/]+)(/(?P<children>subnets)/(?P<child>[^/]+))?)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPath:
    """A resource group (without `kind`), a collection (without `name`), a resource, or a subnet."""

    subscription: str
    group: str = ""
    kind: str = ""
    name: str = ""
    child: str = ""

    @property
    def top(self) -> ArmPath:
        """The top-level resource this place is, or is inside of."""
        return replace(self, child="")

    def __str__(self) -> str:
        parts = (
            f"/subscriptions/{self.subscription}",
            f"/resourceGroups/{self.group}" if self.group else "",
            f"/providers/{PROVIDERS[self.kind]}/{self.kind}" if self.kind else "",
            f"/{self.name}" if self.name else "",
            f"/subnets/{self.child}" if self.child else "",
        )
        return "".join(parts)


def key(arm_id: str) -> str:
    """Ids and names are equal without regard to case, and a trailing slash is nothing."""
    return arm_id.strip().rstrip("/").lower()


def parse_path(path: str) -> ArmPath | None:
    """The place `path` names, or None when the emulator has no such kind of resource."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    found = {name: value or "" for name, value in match.groupdict().items()}
    provider, kind = found.pop("provider").lower(), _CASED.get(found.pop("kind").lower(), "")
    if provider != PROVIDERS.get(kind, "").lower():
        return None
    if found.pop("children") and kind != NETWORKS:
        return None
    return ArmPath(kind=kind, **found)


def parent_of(child_id: str) -> str:
    """The id of the resource that holds a child (a subnet's network, a rule's group)."""
    return child_id.rstrip("/").rsplit("/", 2)[0]


def name_of(arm_id: str) -> str:
    return arm_id.rstrip("/").rsplit("/", 1)[-1]
