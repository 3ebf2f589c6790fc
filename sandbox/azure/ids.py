"""ARM resource ids: parsed without regard to case, printed with ARM's own.

`/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkSecurityGroups/N/securityRules/R`
"""

from __future__ import annotations

from dataclasses import dataclass

NETWORK, COMPUTE = "Microsoft.Network", "Microsoft.Compute"
GROUPS = "networkSecurityGroups"
INTERFACES = "networkInterfaces"
NETWORKS = "virtualNetworks"
MACHINES = "virtualMachines"
TOP_KINDS = (NETWORKS, GROUPS, INTERFACES, MACHINES)

SUBNETS = "subnets"
"""The one kind of child that is called by itself: the others are read and written with what holds them."""

_CASED = {word.lower(): word for word in (*TOP_KINDS, SUBNETS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPath:
    """A place in ARM: a collection when the last kind has no name, a resource otherwise.

    `kinds` and `names` run from the top-level resource to its child; a collection has one name
    less than kinds.
    """

    subscription: str
    group: str | None = None
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_collection(self) -> bool:
        return len(self.names) < len(self.kinds)

    @property
    def kind(self) -> str:
        return self.kinds[0]

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def top(self) -> ArmPath:
        """The top-level resource this place is, or is inside of."""
        return ArmPath(
            subscription=self.subscription,
            group=self.group,
            kinds=self.kinds[:1],
            names=self.names[:1],
        )

    def __str__(self) -> str:
        text = f"/subscriptions/{self.subscription}"
        if self.group is not None:
            text += f"/resourceGroups/{self.group}"
        if self.kinds:
            text += f"/providers/{provider_of(self.kind)}"
        for index, kind in enumerate(self.kinds):
            text += f"/{kind}" + (f"/{self.names[index]}" if index < len(self.names) else "")
        return text


def key(arm_id: str) -> str:
    """Ids and names are equal without regard to case, and a trailing slash is nothing."""
    return arm_id.strip().rstrip("/").lower()


def provider_of(kind: str) -> str:
    return COMPUTE if kind == MACHINES else NETWORK


def parse_path(path: str) -> ArmPath | None:
    """The place `path` names, or None when the emulator has no such kind of resource."""
    parts = [part for part in path.split("/") if part]
    lowered = [part.lower() for part in parts]
    if len(parts) < 2 or lowered[0] != "subscriptions":
        return None
    group, rest = None, 2
    if len(parts) > 2 and lowered[2] == "resourcegroups":
        group, rest = (parts[3] if len(parts) > 3 else ""), 4
    if len(parts) <= rest:
        return ArmPath(subscription=parts[1], group=group)
    if lowered[rest] != "providers" or len(parts) < rest + 3:
        return None
    found = _parse_resource(parts[1], group, parts[rest + 2 :])
    known = found is not None and provider_of(found.kind).lower() == lowered[rest + 1]
    return found if known else None


def _parse_resource(subscription: str, group: str | None, tail: list[str]) -> ArmPath | None:
    kinds = tuple(_CASED.get(word.lower(), "") for word in tail[0::2])
    if kinds[0] not in TOP_KINDS or len(kinds) > 2:
        return None
    if len(kinds) == 2 and kinds != (NETWORKS, SUBNETS):
        return None
    return ArmPath(subscription=subscription, group=group, kinds=kinds, names=tuple(tail[1::2]))


def parent_of(child_id: str) -> str:
    """The id of the resource that holds a child (a subnet's network, a rule's group)."""
    return child_id.rstrip("/").rsplit("/", 2)[0]


def name_of(arm_id: str) -> str:
    return arm_id.rstrip("/").rsplit("/", 1)[-1]
