"""ARM's network records as typed values, from any source: live answers, saved output, a state.

The CLI and the state write an object's properties beside its name, ARM below `properties`. No SDK is
needed for it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from swyx_components.analysis.deployed.stack_state import Fields, StackState
from swyx_components.clouds.inventory import Address, Interface, members_of
from swyx_components.planner.model import Direction
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import EVERYWHERE, Interval, Prefix, split_interval

GROUPS = "networksecuritygroups"
INTERFACES = "networkinterfaces"
ASGS = "applicationsecuritygroups"
COMMANDS: Mapping[str, str] = {
    GROUPS: "az network nsg list",
    INTERFACES: "az network nic list",
    ASGS: "az network asg list",
}
_RESOURCE = re.compile(r"azure-native:network(?:/v[0-9a-z]+)?:([A-Za-z]+)")


def key_of(id: str) -> str:
    """ARM ids are compared ignoring case."""
    return id.lower()


def last_of(id: str) -> str:
    """A resource's name, the end of its id."""
    return id.rstrip("/").rpartition("/")[2]


class Side(NamedTuple):
    """The `source` or the `destination` of a rule: its `texts` are addresses or tags; ASGs by id."""

    name: str = ""
    texts: tuple[str, ...] = ("*",)
    prefixes: tuple[Prefix, ...] = EVERYWHERE
    tags: tuple[str, ...] = ()
    asgs: tuple[str, ...] = ()

    @classmethod
    def read(cls, raw: Fields, name: str) -> "Side":
        """What the fields for one and for several have."""
        texts = raw.parse(str, f"{name}addressprefix", f"{name}addressprefixes")
        known = [(text, _parse_addresses(text)) for text in texts if text]
        prefixes = sorted(prefix for _, found in known for prefix in found or ())
        return cls(
            name=name,
            texts=tuple(text for text, _ in known),
            prefixes=EVERYWHERE if {*EVERYWHERE} <= {*prefixes} else tuple(prefixes),
            tags=tuple(text for text, found in known if found is None),
            asgs=_ids(raw, f"{name}applicationsecuritygroups"),
        )


def _parse_addresses(text: str) -> tuple[Prefix, ...] | None:
    """The addresses of `*`, a CIDR or a range; None of a tag."""
    if text.lower() in ("*", "any"):
        return EVERYWHERE
    first, dash, last = text.partition("-")
    low, high = Prefix.find(first), Prefix.find(last or first)
    if low is None or high is None:
        return None
    return split_interval(low.version, Interval(low.first, high.last)) if dash else (low,)


def _read_ports(raw: Fields, side: str) -> PortSet | None:
    """The same for its ports; None for any."""
    ports = raw.parse(_parse_range, f"{side}portrange", f"{side}portranges")
    ranges = [each for each in ports if each is not None]
    return PortSet.union_of(ranges) if ranges and None not in ports else None


def _parse_range(text: str) -> PortRange | None:
    """A port or a range of them; None for `*`."""
    if text.lower() in ("*", "any"):
        return None
    first, _, last = text.partition("-")
    found = PortRange(int(first), int(last or first))
    if not 0 <= found.first <= found.last <= 65535:
        raise ValueError(f"{text!r} is neither a port nor a range")
    return found


class SecurityRule(NamedTuple):
    """One rule of a group: its `own` side is that of the machine behind it. `protocol` is in lower case, `*`
    for any, and so is None for ports.
    """

    name: str
    priority: int
    direction: Direction
    allow: bool
    own: Side = Side()
    peer: Side = Side()
    ports: PortSet | None = None
    source_ports: PortSet | None = None
    protocol: str = "*"
    description: str = ""

    @classmethod
    def read(cls, raw: Fields) -> "SecurityRule":
        """As ARM has it."""
        protocol = raw.get("protocol", str).lower()
        inbound = raw.get("direction", str).lower() == "inbound"
        source, destination = (Side.read(raw, side) for side in ("source", "destination"))
        return cls(
            name=raw.get("name", str, ""),
            priority=raw.get("priority", int),
            direction=Direction.IN if inbound else Direction.OUT,
            allow=raw.get("access", str).lower() == "allow",
            protocol="*" if protocol == "any" else protocol,
            own=destination if inbound else source,
            peer=source if inbound else destination,
            ports=_read_ports(raw, "destination"),
            source_ports=_read_ports(raw, "source"),
            description=raw.get("description", str, ""),
        )


class SecurityGroup(NamedTuple):
    """A network security group with its rules and the ids of the subnets that it applies to."""

    id: str
    tags: Mapping[str, str]
    rules: tuple[SecurityRule, ...]
    subnets: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"network security group {last_of(self.id)}"

    @classmethod
    def read(cls, raw: Fields) -> "SecurityGroup":
        """As ARM has it."""
        tags = raw.get("tags", dict, {})
        if not all(isinstance(text, str) for text in tags.values()):
            raise ValueError(f"{raw.place}.tags: a tag is not text")
        return cls(
            id=raw.get("id", str),
            tags=tags,
            rules=tuple(map(SecurityRule.read, raw.objects("securityrules"))),
            subnets=_ids(raw, "subnets"),
        )


def read_interface(raw: Fields) -> Interface:
    """A network interface with its fixed addresses, the ids of its subnets and of the group at it."""
    configurations = [(each, _ids(each, "subnet")) for each in raw.objects("ipconfigurations")]
    addresses = (
        Address(
            prefix=prefix,
            subnet="".join(subnet),
            asgs=frozenset(map(key_of, _ids(each, "applicationsecuritygroups"))),
        )
        for each, subnet in configurations
        for prefix in each.parse(Prefix.parse, "privateipaddress")
    )
    return Interface(
        id=raw.get("id", str),
        groups=_ids(raw, "networksecuritygroup"),
        addresses=tuple(addresses),
        subnets=tuple(id for _, subnet in configurations for id in subnet),
    )


def _ids(raw: Fields, key: str) -> tuple[str, ...]:
    """The ids of what an object refers to."""
    return tuple(each.get("id", str) for each in raw.objects(key))


class NetworkRecords(NamedTuple):
    """What a source has of ARM's network."""

    groups: Mapping[str, SecurityGroup]
    interfaces: tuple[Interface, ...]
    asgs: frozenset[str]

    @property
    def members(self) -> Mapping[str, tuple[Prefix, ...]] | None:
        """The addresses in each ASG, by key; None where no interface and no binding by hand tells of any."""
        found = members_of(self.interfaces, lambda _, address: address.asgs)
        is_known = any(each.id for each in self.interfaces) or self.asgs & found.keys()
        return found if is_known else None


def read_records(items: Iterable[tuple[str, object]]) -> NetworkRecords:
    """The records of objects with their kinds, as `list_items` and `items_of_state` give them.

    Raises:
        ValueError: a record lacks what makes it one.
    """
    found = [(kind, Fields(item, COMMANDS[kind])) for kind, item in items]
    groups = [SecurityGroup.read(raw) for kind, raw in found if kind == GROUPS]
    named = (side.asgs for g in groups for r in g.rules for side in (r.own, r.peer))
    listed = (raw.get("id", str) for kind, raw in found if kind == ASGS)
    return NetworkRecords(
        groups={key_of(group.id): group for group in groups},
        interfaces=tuple(read_interface(raw) for kind, raw in found if kind == INTERFACES),
        asgs=frozenset(map(key_of, (*listed, *(asg for asgs in named for asg in asgs)))),
    )


def recognise(content: object) -> bool:
    """Whether one of the commands wrote it, by its shape."""
    kinds = {kind for kind, _ in list_items(content)}
    return len(kinds) == 1 and "" not in kinds


def list_items(content: object) -> Sequence[tuple[str, object]]:
    """The objects in a list of the CLI, the one object of `show`, or what ARM puts below `value`, by kind."""
    listed = content.get("value") if isinstance(content, dict) else content
    if kind := _kind_of(content):
        return [(kind, content)]
    return [(_kind_of(item), item) for item in listed] if isinstance(listed, list) else ()


def _kind_of(item: object) -> str:
    id = item.get("id") if isinstance(item, dict) else None
    parts = key_of(id).rstrip("/").split("/") if isinstance(id, str) else ()
    kind = parts[-2] if len(parts) > 1 else ""
    return kind if kind in COMMANDS else ""


def items_of_state(state: StackState) -> Iterator[tuple[str, object]]:
    """What a stack's state holds of ARM's network resources, with its kind."""
    for resource in state.resources:
        match = _RESOURCE.fullmatch(resource.type)
        kind = f"{match[1]}s".lower() if match else ""
        if kind in COMMANDS:
            yield kind, {**resource.values, "id": resource.id}
