"""The values of one installation with their places, and what is known so far while it is read."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import Decisions
from swyx_components.installation.schema import shape
from swyx_components.messages import Diagnostics, below, printable
from swyx_components.sets.prefixes import Prefix

ANY_ROLE = ""  # what may be meant by a word that is like no role, and by nothing at all
_NO_EXAMPLES: dict[str, str] = {}
V = TypeVar("V")
A = TypeVar("A")
P = TypeVarTuple("P")


class Node:
    """A value of the source: the one at `key` of the mapping `parent`, or at a place given as text.

    `example` shows how such a value is written. The place is put together only for a message.
    """

    __slots__ = ("context", "example", "examples", "key", "parent", "value")

    def __init__(
        self, value: Any, context: "ReadContext", parent: "Node | str", key: str, example: str = ""
    ) -> None:
        self.value, self.context, self.parent = value, context, parent
        self.key, self.example = key, example
        self.examples = _NO_EXAMPLES  # of the keys of a mapping, once it is opened

    def __lt__(self, other: "Node") -> bool:
        return self.place < other.place

    @property
    def place(self) -> str:
        """Where it stands: `sites.aachen.machines.ac-link.roles`."""
        above = self.parent
        return above if isinstance(above, str) else below(above.place, self.key)

    def mapping(self, example: str = "") -> dict[str, Any]:
        """The mapping itself; what is none is reported, and has no keys."""
        if type(self.value) is not dict:
            self.wrong_type("a mapping", example)
            self.value = {}
        values: dict[str, Any] = self.value
        return values

    def open(self, kind: str) -> dict[str, Any]:
        """The mapping, named as in the schema's `$defs`; unknown and missing keys are reported."""
        known, value = shape(kind), self.value
        self.examples = known.examples
        if type(value) is not dict:
            return self.mapping(known.whole)
        if not (known.required[0].issubset(value) and known.keys.issuperset(value)):
            unknown = sorted(value.keys() - known.keys)
            meant = {self.child(key).unknown("key", key, known.examples) for key in unknown}
            for key in known.missing(value) - meant:
                self.child(key).add("key-missing", key=key, example=self.examples[key])
        return value

    def child(self, key: str) -> "Node":
        """The value at a key, whether or not there is one."""
        return Node(self.value.get(key), self.context, self, key, self.examples.get(key, ""))

    def item(self, index: int) -> "Node":
        """One value of a list."""
        return Node(self.value[index], self.context, f"{self.place}[{index}]", "", self.example)

    def read(self, key: str, reader: Callable[["Node", *P], V], absent: A, *more: *P) -> V | A:
        """What a reader makes of a key of an opened mapping, or `absent` where it is not written."""
        if key not in self.value:
            return absent
        value, example = self.value[key], self.examples.get(key, "")
        return reader(Node(value, self.context, self, key, example), *more)

    def add(self, id: str, **values: object) -> None:
        """A message about this place."""
        self.context.log.add(id, self.place, **values)

    def unknown(self, kind: str, word: str, known: Collection[str], example: str = "") -> str:
        """Report an unknown word; returns the one that is probably meant."""
        return self.context.log.unknown(kind, self.place, word, known, example)

    def wrong_type(self, expected: str, example: str = "") -> None:
        """Report that something else is needed here."""
        found, example = _described(self.value), example or self.example
        self.add("type-wrong", found=found, expected=expected, example=example)


def as_text(value: Any) -> str | None:
    """The literal text of a scalar: `true` instead of text is the word true. None for the rest."""
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    return None


def _described(value: Any) -> str:
    if value is None:
        return "nothing"
    if type(value) is dict:
        return "a mapping" if value else "an empty mapping"
    if type(value) is list:
        return "a list" if value else "an empty list"
    return f"the text {printable(as_text(value))!r}" if as_text(value) else "an empty text"


class Claim(NamedTuple):
    """Addresses that an entry of the file calls its own: a value of the list `owner`."""

    prefix: Prefix
    kind: "Kind"
    site: str
    owner: Node
    position: int

    @property
    def place(self) -> str:
        return f"{self.owner.place}[{self.position}]"

    @property
    def holder(self) -> str:
        """The machine, network or provider to which the list of addresses belongs, if to any."""
        place = self.owner.place
        return place if self.kind in (Kind.SIP_DEVICES, Kind.SUMMARY) else place.rpartition(".")[0]


class Kind(IntEnum):
    """Who claims addresses. Of two contradicting claims, the higher kind is reported."""

    NETWORK = 0
    MACHINE = 1
    SIP_DEVICES = 2
    PROVIDER = 3
    SUMMARY = 4


class ReadMachine(NamedTuple):
    """Where a machine stands, with the roles that could be read."""

    node: Node
    site: str
    roles: tuple[str, ...]


@dataclass(slots=True)
class ReadContext:
    """`machines` is keyed by the machine's name in lower case. `perhaps` holds the sites, and machines of a
    site, whose roles could not all be read, with the roles that were probably meant there, so that none of
    them is said to be absent. `unlisted` holds the sites whose machines are not even known by name;
    `sites_unknown`: nor are the sites."""

    log: Diagnostics
    catalogue: Catalogue = field(init=False)
    decisions: Decisions = field(init=False)  # of the whole file
    machines: dict[str, ReadMachine] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    role_lists: dict[tuple[object, ...], tuple[str, ...]] = field(default_factory=dict)
    perhaps: dict[tuple[str, ...], set[str]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    sites_unknown: bool = False
    _managers: dict[str, list[str]] | None = None

    @property
    def serving_roles(self) -> tuple[str, ...]:
        """The roles that serve links and providers."""
        return tuple(role.name for role in self.catalogue.roles.values() if role.serves_links)

    def doubt(self, site: str, *machine: str, meant: Iterable[str] = (ANY_ROLE,)) -> None:
        """Remember that not all roles of a site, of this machine of it, are known, and which may be meant."""
        for place in ((site,), (site, *machine)):
            self.perhaps.setdefault(place, set()).update(meant)

    def is_certain(self, *place: str) -> bool:
        """Whether all roles of a site, or of a site's machine, are known."""
        return place not in self.perhaps

    def managers_at(self, sites: Iterable[str]) -> list[str]:
        """The machines of these sites that serve links, once all sites are read; of every site if none."""
        if self._managers is None:
            self._managers, serving = {}, self.serving_roles
            for _, machine in sorted(self.machines.items()):
                if any(role in serving for role in machine.roles):
                    self._managers.setdefault(machine.site, []).append(machine.node.key)
        wanted = tuple(sites) or sorted(self._managers)[:20]
        return [name for site in wanted for name in self._managers.get(site, ())]
