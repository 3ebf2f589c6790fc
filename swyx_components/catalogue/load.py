"""Read a catalogue into typed values, refusing rows that contradict themselves.

The keys of its rows are explained at the head of `v6_01.yaml`, those of calls in `calls.yaml`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

from swyx_components.catalogue.model import CallBook, Catalogue, Leg
from swyx_components.catalogue.yaml_source import compose, read_file
from swyx_components.messages import Diagnostics, SwyxError, below, raise_errors
from swyx_components.sets.ports import PortRange, PortSet

VERSIONS: Mapping[str, str] = {"6.01": "v6_01.yaml"}
PRESETS = ("restricted", "windows-2003", "windows-2008")
DECIDED_PORTS = ("dcom_server", "dcom_client", "cornet", "h245", "provider_sip")

# Fields whose key in the file is a word that Python keeps to itself, or goes better with another one there.
_KEYS = {"initiators": "from", "responders": "to", "sender": "from", "receiver": "to"}
_KEYS |= {"may_override": "overridable"}
_TYPES: dict[Any, str] = {str: "a string", bool: "true or false", int: "a whole number"}
_Record = TypeVar("_Record")


def load_catalogue(source: str | Path = "6.01") -> Catalogue:
    """The catalogue of a SwyxWare version, or of a catalogue file of the user's own.

    Raises:
        SwyxError: the file is not a catalogue.
    """
    if isinstance(source, str):
        return _bundled(VERSIONS[source])
    try:
        return read_catalogue(_compose(read_file(source)))
    except SwyxError as error:
        raise SwyxError([message.of(str(source)) for message in error.messages]) from None


def read_catalogue(value: object, place: str = "") -> Catalogue:
    """The catalogue at a place of an installation, or a whole file, as plain data.

    Raises:
        SwyxError: the data is not a catalogue.
    """
    catalogue = Row(place, value).record(Catalogue)
    for at, reason in find_contradictions(catalogue):
        raise defect(f"{place}.{at}" if place else at, reason)
    return catalogue


@cache
def _bundled(name: str) -> Catalogue:
    return read_catalogue(_read_bundled(name))


def _read_bundled(name: str) -> Any:
    return _compose(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _compose(text: str) -> Any:
    """The plain data of a file; a row written twice would silently replace the first one."""
    log = Diagnostics("")
    data = compose(text, log)
    raise_errors(log.all())
    return data


def find_contradictions(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Places and reasons where rows name what does not exist."""
    for preset in PRESETS if catalogue.presets else ():
        if preset not in catalogue.presets:
            yield "presets", f"missing preset {preset!r}"
    if catalogue.calls and (lacking := find_lacking(catalogue.calls, catalogue)):
        yield "calls", f"missing for calls: {', '.join(lacking)}"
    for role in catalogue.roles.values():
        named = [("media", key) for key in role.media.values()]
        named += [("instead", one.instead) for one in role.listeners.values() if one.instead]
        for field, key in named:
            if key not in role.listeners:
                yield below("roles", role.name), f"{field}: the role has no listener {key!r}"
        if role.needs_manager and role.needs_manager not in catalogue.roles:
            yield below("roles", role.name), f"needs_manager: unknown role {role.needs_manager!r}"
    for flow in catalogue.flows.values():
        reasons = [reason for leg in flow.legs for reason in _about_leg(catalogue, leg)]
        for reason in reasons if flow.legs else ("legs must be a non-empty list",):
            yield below("flows", flow.id), reason


def _about_leg(catalogue: Catalogue, leg: Leg) -> Iterator[str]:
    roles = catalogue.roles
    named = (*leg.initiators, *leg.responders, *leg.among, *leg.but_not, *leg.not_towards)
    if unknown := [role for role in named if role not in roles]:
        yield f"unknown role {unknown[0]!r}"
        return
    yield from (
        f"unknown flow {id!r}" for id in (*leg.needs, *leg.follows) if id not in catalogue.flows
    )
    if leg.control_path and not any(
        leg.control_path in role.control_paths for role in roles.values()
    ):
        yield f"no role has the control path {leg.control_path!r}"
    if not leg.ports and leg.media is None:
        yield "a leg needs ports or media"
    for token in leg.ports:
        owner, dot, key = token.rpartition(".")
        owners = (owner,) if dot else leg.responders
        listens = all(_listens(catalogue, name, key) for name in owners)
        if token not in DECIDED_PORTS and not listens:
            yield f"the responder has no listener {token!r}"
    if "provider_sip" in leg.ports and leg.transport is None:
        yield "provider_sip needs a transport"
    if leg.source and not all(_listens(catalogue, name, leg.source) for name in leg.initiators):
        yield f"source: the initiator has no listener {leg.source!r}"
    if leg.media is not None:
        for name in (*leg.initiators, *leg.responders, *leg.among):
            if leg.media not in roles[name].media:
                yield f"{name} has no {leg.media.value} media"


def _listens(catalogue: Catalogue, role: str, key: str) -> bool:
    return role in catalogue.roles and key in catalogue.roles[role].listeners


def load_calls(catalogue: Catalogue) -> CallBook:
    """How calls run between the roles of a catalogue.

    Raises:
        SwyxError: a catalogue of the user's own has no calls, and lacks a flow or role of the bundled ones.
    """
    book = calls_of(catalogue)
    if lacking := find_lacking(book, catalogue):
        raise defect("", f"missing for calls: {', '.join(lacking)}")
    return book


def calls_of(catalogue: Catalogue) -> CallBook:
    """The catalogue's own calls, else the bundled ones, whether or not it has all that they name."""
    return catalogue.calls or bundled_calls()


def find_lacking(book: CallBook, catalogue: Catalogue) -> list[str]:
    """The flows, or else the roles, of which calls consist and which the catalogue has not."""
    steps = [step for way in book.ways for step in (*way.calling, *way.called)]
    steps += [step for way in book.links.values() for step in (*way.near_calls, *way.far_calls)]
    named = {flow for step in steps for flow in step.flows}
    roles = {*book.parties, book.server}
    return sorted(named - set(catalogue.flows)) or sorted(roles - set(catalogue.roles))


@cache
def bundled_calls() -> CallBook:
    """How calls run, whether or not a catalogue has all of it."""
    return Row("", _read_bundled("calls.yaml")).record(CallBook)


@cache
def load_windows() -> Mapping[str, str]:
    """What Windows calls the settings that a plan relies on, whatever the version of SwyxWare."""
    settings: dict[str, str] = _read_bundled("windows.yaml")
    return settings


# ---- rows, each read as the dataclass that it is


def defect(place: str, reason: str) -> SwyxError:
    """What is wrong with a catalogue, and where (`flows.C9`)."""
    return SwyxError.about("catalogue-defect", place, reason=reason)


class Row:
    """One mapping of the file; `known` has fields that follow from its name and what it is in."""

    def __init__(self, place: str, value: object, **known: str) -> None:
        if not isinstance(value, dict):
            raise defect(place, "expected a mapping")
        self.place = place
        self.known = known
        self.values: dict[str, Any] = value

    def record(self, kind: type[_Record]) -> _Record:
        """All of the row as a dataclass: a key for each field that is not known.

        The field's type says what the value must be; where it has a default, the key may be left out.

        Raises:
            SwyxError: a value is not of the field's type, a key is missing or unknown.
        """
        given: dict[str, Any] = {}
        left = dict(self.values)
        for field in fields(kind):  # type: ignore[arg-type]
            key = _KEYS.get(field.name, field.name)
            if field.name in self.known:
                given[field.name] = self.known[field.name]
            elif key in left:
                given[field.name] = self._typed(key, left.pop(key), field.type)
                if field.name == "source":  # of the file, which its roles and flows repeat
                    self.known["source"] = given["source"]
            elif field.default is field.default_factory is MISSING:
                raise defect(self.place, f"missing key {key!r}")
        for key in left:
            raise defect(self.place, f"unknown key {key!r}")
        return kind(**given)

    def _typed(self, key: str, value: Any, kind: Any) -> Any:
        """A value as the type says; numbers are text, as in an installation."""
        origin, inner = get_origin(kind), get_args(kind)
        if origin is UnionType:
            return self._typed(key, value, inner[0])
        if origin is tuple:
            return self._listed(key, value, inner[0])
        if origin is Mapping:
            return dict(self._entries(key, value, *inner))
        if is_dataclass(kind):
            return Row(below(self.place, key), value).record(kind)  # type: ignore[arg-type]
        if origin is Literal or issubclass(kind, Enum):
            choices = inner or [each.value for each in kind]
            text = self._typed(key, value, str)
            if text not in choices:
                wanted = ", ".join(choices)
                raise defect(self.place, f"{key} must be one of {wanted}, not {text!r}")
            return text if inner else kind(text)
        if kind is PortSet:
            parts = value if isinstance(value, list) else str(value).split(",")
            return PortSet.union_of(self._typed(key, part, PortRange) for part in parts)
        if kind is PortRange:
            try:
                return PortRange.parse(str(value))
            except ValueError as problem:
                raise defect(self.place, f"{key}: {problem}") from None
        if kind is int and isinstance(value, str) and value.isdecimal() and len(value) < 10:
            return int(value)
        if type(value) is not kind:
            raise defect(self.place, f"{key} must be {_TYPES[kind]}, not {value!r}")
        return value

    def _listed(self, key: str, value: Any, kind: Any) -> tuple[Any, ...]:
        """The items of a list; items that are records have no separate place."""
        if not isinstance(value, list) or (kind is int and not value):
            wanted = "a non-empty list of numbers" if kind is int else "a list"
            raise defect(self.place, f"{key} must be {wanted}, not {value!r}")
        if is_dataclass(kind):
            return tuple(Row(self.place, item).record(kind) for item in value)  # type: ignore[arg-type]
        return tuple(self._typed(f"an item of {key}", item, kind) for item in value)

    def _entries(self, key: str, value: Any, keys: Any, kind: Any) -> Iterable[tuple[Any, Any]]:
        """A mapping by name, by number or by the values of an enumeration.

        A record has its name as its first field, and as the fields named like its type of those in it.
        """
        row = Row(below(self.place, key), value)
        for name, each in row.values.items():
            if is_dataclass(kind):
                names = fields(kind)[0].name, kind.__name__.lower()  # type: ignore[union-attr]
                known = {**self.known, **dict.fromkeys(names, name)}
                yield name, Row(below(row.place, name), each, **known).record(kind)  # type: ignore[arg-type]
            else:
                yield row._typed(f"a key of {key}", name, keys), row._typed(name, each, kind)
