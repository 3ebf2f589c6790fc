"""The state of a stack, as `pulumi stack export` writes it, and how any file of records is read.

What the state keeps encrypted is left out, so it neither matters nor reaches anybody; what was exported
with its secrets shown is read like the rest.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeGuard, TypeVar

# How the engine marks values that are more than plain.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SITE = "swyx:index:SwyxSite"
STACK_TAG = "swyx:stack"  # on every resource: `project/stack`, whose state it belongs to
NETWORK_TAG = "swyx:network"  # of a group that is for the hosts of a managed network

_T = TypeVar("_T")


class Fields:
    """An object that somebody else wrote, asked for its values one by one; none is trusted.

    Keys are compared ignoring case and underscores, and what is below `properties` as if it were beside
    it. Null is the same as absent. Every error is a ValueError that begins with the place.

    >>> Fields({"Ports": ["1", 2]}, "rule").parse(int, "ports")
    Traceback (most recent call last):
    ValueError: rule.ports[1] is not of type str
    """

    __slots__ = ("_values", "place")

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise ValueError(f"{place} is not an object")
        inside = value.get("properties")
        values = {**value, **inside} if isinstance(inside, Mapping) else value
        self.place = place
        self._values = {_fold(str(key)): each for key, each in values.items()}

    def find(self, key: str) -> object:
        """The value, of any type; None if there is none."""
        return self._values.get(_fold(key))

    def get(self, key: str, kind: type[_T], default: _T | None = None) -> _T:
        """The value of this type; it must be there unless there is a default."""
        value = self.find(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise ValueError(f"{self.place} has no {key}")
        return _typed(value, kind, f"{self.place}.{key}")

    def parse(self, parse: Callable[[str], _T], *keys: str) -> tuple[_T, ...]:
        """What the texts under some keys say, be each a text or a list of them."""
        found: list[_T] = []
        for key in keys:
            value = self.find(key)
            texts = value if isinstance(value, list) else [] if value is None else [value]
            for number, each in enumerate(texts):
                place = f"{self.place}.{key}" + (f"[{number}]" if texts is value else "")
                text = _typed(each, str, place)
                try:
                    found.append(parse(text))
                except ValueError as problem:
                    raise ValueError(f"{place}: {problem}") from None
        return tuple(found)

    def objects(self, key: str) -> "tuple[Fields, ...]":
        """A list of objects, or one without a list; empty where there is none."""
        value = self.find(key)
        if value is None or isinstance(value, Mapping):
            return () if value is None else (self.nested(key),)
        listed = _typed(value, list, f"{self.place}.{key}")
        return tuple(Fields(raw, f"{self.place}.{key}[{n}]") for n, raw in enumerate(listed))

    def nested(self, key: str) -> "Fields":
        """An object, an empty one where there is none."""
        value = self.find(key)
        return Fields({} if value is None else value, f"{self.place}.{key}")


@lru_cache(maxsize=1024)
def _fold(key: str) -> str:
    return key.replace("_", "").lower()


def _typed(value: object, kind: type[_T], place: str) -> _T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{place} is not of type {kind.__name__}")
    return value


class Resource(NamedTuple):
    """One resource: what the program asked for, under what the cloud answered."""

    type: str
    name: str
    id: str
    values: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class StackState:
    """A stack's resources, in the order of the state. `lacking` says of what else it may not know yet."""

    resources: tuple[Resource, ...]
    lacking: tuple[str, ...] = ()

    @cached_property
    def ids(self) -> frozenset[str]:
        """Those of the clouds, in lower case."""
        return frozenset(each.id.lower() for each in self.resources if each.id)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that the stack's components stand for."""
        return self.given("site")

    def given(self, key: str) -> tuple[str, ...]:
        """The values of an argument of these components, such as their `cloud`."""
        given = (each.values.get(key) for each in self.of_type(_SITE))
        return tuple(sorted({value for value in given if isinstance(value, str)}))

    def attaches(self, machine: str) -> bool:
        """Whether its program attaches a machine to its groups."""
        sites = [each.values for each in self.of_type(_SITE)]
        bindings = [_mapping(_mapping(site.get("machines")).get(machine)) for site in sites]
        return all(each.get("attach") is not False for each in (*sites, *bindings))

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types of the engine's."""
        return (each for each in self.resources if each.type in types)

    def told(self, output: str) -> Mapping[str, object]:
        """What the components of sites gave out under one name, such as interfaces by machine."""
        told: dict[str, object] = {}
        for each in self.of_type(_SITE):
            told |= _mapping(each.values.get(output))
        return told

    def machines_by_interface(self) -> Mapping[str, str]:
        """Whose each interface is, by id in lower case, as the components gave it out."""
        return {
            id.lower(): machine
            for machine, ids in self.told("interface_ids").items()
            for id in (ids if isinstance(ids, list) else ())
            if isinstance(id, str)
        }


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def is_stack_state(content: object) -> TypeGuard[Mapping[str, object]]:
    """Whether it has the shape of `pulumi stack export`."""
    deployment = _mapping(content).get("deployment")
    return isinstance(deployment, dict) and isinstance(deployment.get("manifest", {}), dict)


def read_stack_state(content: Mapping[str, object]) -> StackState:
    """The resources of an export.

    Raises:
        ValueError: a resource has no type or URN.
    """
    deployment = Fields(content.get("deployment") or {}, "deployment")
    resources = tuple(map(_resource, deployment.objects("resources")))
    begun = len(deployment.objects("pending_operations"))
    lacking = f"pending operations of an interrupted update: {begun}"
    return StackState(resources=resources, lacking=(lacking,) if begun else ())


def _resource(raw: Fields) -> Resource:
    inputs, outputs = (_mapping(_unseal(raw.find(key))) for key in ("inputs", "outputs"))
    return Resource(
        type=raw.get("type", str),
        name=raw.get("urn", str).rpartition("::")[2],
        id=str(raw.find("id") or ""),
        values={**inputs, **outputs},
    )


_SEALED = object()


def _unseal(value: object) -> object:
    """The value with shown secrets in the place of their wrapping; sealed ones are left out."""
    if isinstance(value, list):
        return [each for each in map(_unseal, value) if each is not _SEALED]
    if not isinstance(value, dict):
        return value
    if _SIGNATURE not in value:
        inside = {key: _unseal(each) for key, each in value.items()}
        return {key: each for key, each in inside.items() if each is not _SEALED}
    try:
        shown = value.get("value", _SEALED)
        return _unseal(json.loads(value["plaintext"]) if "plaintext" in value else shown)
    except (TypeError, ValueError):
        return _SEALED


class Orphan(NamedTuple):
    """One thing in a cloud that carries the stack's tag and that its state does not hold.

    `stage` is the order of removal. What is in use by something that is not an orphan itself, named by
    `users`, was not left by an interrupted update and is never removed.
    """

    stage: int
    id: str
    kind: str
    words: str
    users: tuple[str, ...] = ()
