"""What `az network ... list`, ARM or a stack's state has, read through the attributes of the official client.

The CLI and the state write an object's properties beside its name, ARM below `properties`; both give the
same record here. No SDK is needed for it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from swyx_components.analysis.deployed.shaped import check_shape
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.sets.prefixes import Prefix

Json = Mapping[str, Any]
_GROUPS, _INTERFACES, _ASGS = (
    "networksecuritygroups",
    "networkinterfaces",
    "applicationsecuritygroups",
)
COMMANDS: Mapping[str, str] = {
    _GROUPS: "az network nsg list",
    _INTERFACES: "az network nic list",
    _ASGS: "az network asg list",
}
_STATE = re.compile(r"azure-native:network(?:/v[0-9a-z]+)?:([A-Za-z]+)")
_IN_STATE = {
    "NetworkSecurityGroup": _GROUPS,
    "NetworkInterface": _INTERFACES,
    "ApplicationSecurityGroup": _ASGS,
}


def recognise(content: Any) -> str:
    """The command that wrote it, by its shape; empty where none of ours did."""
    items = _items(content)
    if items is None:
        return ""
    kinds = {_kind_of(item) for item in items}
    return COMMANDS[kinds.pop()] if len(kinds) == 1 and "" not in kinds else ""


def _items(content: Any) -> Sequence[Any] | None:
    """The list that the CLI writes, the one object of `show`, or what ARM puts below `value`."""
    if _kind_of(content):
        return [content]
    listed = content.get("value") if isinstance(content, dict) else content
    return listed if isinstance(listed, list) else None


def _kind_of(item: Any) -> str:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return ""
    parts = item["id"].lower().rstrip("/").split("/")
    kind = parts[-2] if len(parts) > 1 else ""
    return kind if kind in COMMANDS else ""


def sites_in(contents: Iterable[Any]) -> frozenset[str]:
    """The sites whose groups the files have, by their tags."""
    items = (item for content in contents for item in _items(content) or ())
    tagged = (item.get("tags") for item in items if _kind_of(item) == _GROUPS)
    return frozenset(
        str(tags["swyx:site"]) for tags in tagged if isinstance(tags, dict) and "swyx:site" in tags
    )


def is_resource(type: str) -> bool:
    """Whether a type of the engine's is one of ARM's network."""
    return _STATE.fullmatch(type) is not None


def _ports(text: Any) -> None:
    """`*`, a port or a range of them."""
    if text != "*":
        first, _, last = text.partition("-")
        if not 0 <= int(first) <= int(last or first) <= 65535:
            raise ValueError(f"{text!r} is no port or range")


def _tags(values: Any) -> None:
    """Texts by key."""
    if not all(isinstance(text, str) for text in values.values()):
        raise ValueError("a tag is no text")


_REFERENCE = {"id": str}
_RULE = {
    "name?": str,
    "priority": int,
    "direction": str,
    "access": str,
    "protocol": str,
    "description?": str,
    **{
        f"{side}{field}?": shape
        for side in ("source", "destination")
        for field, shape in (
            ("addressprefix", str),
            ("addressprefixes", [str]),
            ("applicationsecuritygroups", [_REFERENCE]),
            ("portrange", _ports),
            ("portranges", [_ports]),
        )
    },
}
_SHAPES: Mapping[str, Any] = {
    _GROUPS: {
        "id": str,
        "tags?": _tags,
        "securityrules?": [_RULE],
        "subnets?": [_REFERENCE],
    },
    _INTERFACES: {
        "id": str,
        "networksecuritygroup?": _REFERENCE,
        "ipconfigurations?": [
            {
                "privateipaddress?": Prefix.parse,
                "applicationsecuritygroups?": [_REFERENCE],
                "subnet?": _REFERENCE,
            }
        ],
    },
    _ASGS: {"id": str},
}


def _flat(values: Json) -> Json:
    """An object's properties beside its name, by keys without regard to case and underscores."""
    inside = values.get("properties")
    both = {**values, **inside} if isinstance(inside, dict) else values
    return {key.replace("_", "").lower(): value for key, value in both.items()}


class Record:
    """An object of ARM by the client's names: `record.security_rules` is `securityRules`, however nested."""

    __slots__ = ("_values",)

    def __init__(self, values: Json) -> None:
        self._values = _flat(values)

    def __getattr__(self, name: str) -> Any:
        value = self._values.get(name.replace("_", ""))
        if name == "tags":
            return value if isinstance(value, dict) else {}
        if isinstance(value, dict):
            return Record(value)
        if isinstance(value, list):
            return [Record(each) if isinstance(each, dict) else each for each in value]
        return value


class Listed:
    """One collection of the client, of which only the listing is asked."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def list_all(self) -> Sequence[Record]:
        """All records, as the client lists them."""
        return self._records


class SavedNetwork:
    """The client's collections, answered from files.

    Raises:
        ValueError: a record lacks what makes it one.
    """

    def __init__(self, contents: Iterable[tuple[str, Json]]) -> None:
        """`contents` are objects with their kind, as `records_of` and `describe_state` give them."""
        found: dict[str, list[Record]] = {}
        for kind, item in contents:
            found.setdefault(kind, []).append(_check(kind, item))
        self.has_interfaces = _INTERFACES in found
        self.has_groups = _GROUPS in found
        self.network_security_groups = Listed(found.get(_GROUPS, ()))
        self.network_interfaces = Listed(found.get(_INTERFACES, ()))
        self.application_security_groups = Listed(found.get(_ASGS, ()))


def records_of(contents: Iterable[Any]) -> Iterator[tuple[str, Json]]:
    """Every object of saved lists, with its kind."""
    for content in contents:
        for item in _items(content) or ():
            yield _kind_of(item), item


def describe_state(state: StackState) -> Iterator[tuple[str, Json]]:
    """What a stack's state holds of ARM's network resources, with its kind."""
    for resource in state.resources:
        match = _STATE.fullmatch(resource.type)
        if match and match[1] in _IN_STATE:
            yield _IN_STATE[match[1]], {**resource.values, "id": resource.id}


def _check(kind: str, item: Json) -> Record:
    check_shape(item, _SHAPES[kind], COMMANDS[kind], _flat)
    return Record(item)
