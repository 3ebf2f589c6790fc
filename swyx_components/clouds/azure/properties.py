"""What a caller hands through to an interface that is made: the provider's own arguments, checked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from inspect import signature
from typing import Any

from swyx_components.messages import Message

_OWN: Mapping[str, frozenset[str]] = {  # what the component sets, by kind
    "NetworkInterface": frozenset(
        {"resource_group_name", "network_interface_name", "location", "network_security_group"}
    ),
    "NetworkInterfaceIPConfiguration": frozenset(
        {
            "name",
            "primary",
            "subnet",
            "private_ip_address",
            "private_ip_address_version",
            "private_ip_allocation_method",
        }
    ),
}
_KIND = re.compile(r"ForwardRef\('(\w+)Args'\)")


def read_properties(value: Any, place: str, problems: list[Message]) -> dict[str, Any]:
    """The arguments by the SDK's names, which may be written in camelCase; `problems` gets what is wrong."""
    read = _read(value, "NetworkInterface", place, problems)
    return read if isinstance(read, dict) else {}


def _read(value: Any, kind: str, place: str, problems: list[Message]) -> Any:
    """A value of one of the SDK's kinds, its keys checked as deep as they are plain data."""
    if isinstance(value, Mapping):
        return dict(_entries(value, kind, place, problems))
    if value is None or isinstance(value, str | int | float | Sequence):
        example = f"{place}: {{...}}"
        given = type(value).__name__
        problems.append(
            Message.about("args-wrong", place, value=given, wanted="a mapping", example=example)
        )
    return value


def _entries(
    value: Mapping[Any, Any], kind: str, place: str, problems: list[Message]
) -> Iterator[tuple[str, Any]]:
    known = _keys(kind)
    for key, inner in value.items():
        name, at = _snake_case(str(key)), f"{place}.{key}"
        if name in _OWN.get(kind, ()):
            problems.append(Message.about("property-set", at, key=key))
        elif name not in known:
            near = get_close_matches(name, known, 3, 0.6) or sorted(known.keys() - _OWN[kind])
            problems.append(Message.about("property-unknown", at, key=key, near=near))
        elif name == "ip_configurations" and not isinstance(inner, list | tuple):
            given, example = type(inner).__name__, f"{at}: [{{...}}]"
            problems.append(
                Message.about("args-wrong", at, value=given, wanted="a list", example=example)
            )
        elif not known[name]:
            yield name, inner
        elif isinstance(inner, list | tuple):
            yield (
                name,
                [
                    _read(each, known[name], f"{at}[{index}]", problems)
                    for index, each in enumerate(inner)
                ],
            )
        else:
            yield name, _read(inner, known[name], at, problems)


@cache
def _keys(kind: str) -> Mapping[str, str]:
    """The arguments of a kind, each with the kind of its own value; empty for a plain one."""
    from pulumi_azure_native import network

    parameters = signature(getattr(network, f"{kind}Args").__init__).parameters
    found = {name: _KIND.search(str(each.annotation)) for name, each in parameters.items()}
    return {
        name: match[1] if match else "" for name, match in found.items() if not name.startswith("_")
    }


def _snake_case(key: str) -> str:
    """A key as the Python SDK has it.

    >>> _snake_case("publicIPAddress"), _snake_case("dns_settings")
    ('public_ip_address', 'dns_settings')
    """
    parts = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", key)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parts).lower()
