"""What is known so far while one installation is read: passed to every reader, gone afterwards."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, Role
from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.model import Decisions
from swyx_components.sets.prefixes import Prefix

_LIST = re.compile(r"\.(addresses|(signalling_|media_)?cidrs)$")
ANY_ROLE = ""  # what may be meant by a word that is like no role, and by nothing at all


class Claim(NamedTuple):
    """Addresses that an entry of the file calls its own; `owner` and `position` are its place."""

    prefix: Prefix
    kind: "Kind"
    site: str
    owner: str
    position: int

    @property
    def place(self) -> str:
        return f"{self.owner}[{self.position}]"

    @property
    def holder(self) -> str:
        """The machine, network or provider to which the list of addresses belongs, if to any."""
        return _LIST.sub("", self.owner)


class Kind(IntEnum):
    """Who claims addresses. Of two that contradict, the higher is told so."""

    NETWORK = 0
    MACHINE = 1
    SIP_DEVICES = 2
    PROVIDER = 3
    SUMMARY = 4


class Seat(NamedTuple):
    """Where a machine stands; `certain`: its roles are all there, none was misspelt."""

    name: str
    site: str
    place: str
    roles: tuple[str, ...]
    certain: bool


@dataclass(slots=True)
class ReadContext:
    """`seats` is keyed by the machine's name in lower case. `doubtful` holds the sites, and machines of a
    site, whose roles could not all be read, and `perhaps` the roles that were probably meant there, so that
    none of them is said to be absent. `unlisted` holds the sites whose machines are not even known by name;
    `sites_unknown`: nor are the sites."""

    log: Diagnostics
    catalogue: Catalogue = field(init=False)
    decisions: Decisions = field(init=False)  # of the whole file
    seats: dict[str, Seat] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    role_lists: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    doubtful: set[tuple[str, ...]] = field(default_factory=set)
    perhaps: dict[str, set[str]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    sites_unknown: bool = False
    serving_roles: tuple[str, ...] = ()  # which serve links and providers
    demanding_roles: tuple[Role, ...] = ()  # of which a site has one, or a manager
    _order: dict[str, int] = field(default_factory=dict)
    _managers: dict[str, list[str]] | None = None

    def know(self, catalogue: Catalogue) -> None:
        """Take the catalogue that the file names, before anything that rests on it is read."""
        self.catalogue, self.decisions = catalogue, Decisions(cornet=catalogue.cornet)
        self._order = {role: place for place, role in enumerate(catalogue.roles)}
        roles = catalogue.roles.values()
        self.serving_roles = tuple(role.name for role in roles if role.serves_links)
        self.demanding_roles = tuple(r for r in roles if r.once_per_site or r.needs_manager)

    def in_order(self, roles: Iterable[str]) -> tuple[str, ...]:
        """Roles in the article's order."""
        return tuple(sorted(roles, key=self._order.__getitem__))

    def doubt(self, site: str, *machine: str, meant: Iterable[str] = (ANY_ROLE,)) -> None:
        """Remember that not all roles of a site, of this machine of it, are known, and which may be meant."""
        self.doubtful |= {(site,), (site, *machine)}
        self.perhaps.setdefault(site, set()).update(meant)

    def surely_lacks(self, site: str, role: str, carried: Collection[str]) -> bool:
        """Whether a role is not among those read at a site, nor among what may be meant there."""
        return role not in carried and self.perhaps.get(site, set()).isdisjoint((role, ANY_ROLE))

    def is_certain(self, *place: str) -> bool:
        """Whether all roles of a site, or of a site's machine, are known."""
        return place not in self.doubtful

    def managers_at(self, sites: Iterable[str]) -> list[str]:
        """The machines of these sites that serve links, once all sites are read; of every site if none."""
        if self._managers is None:
            self._managers = {}
            serving = set(self.serving_roles)
            for _, seat in sorted(self.seats.items()):
                if not serving.isdisjoint(seat.roles):
                    self._managers.setdefault(seat.site, []).append(seat.name)
        wanted = tuple(sites) or sorted(self._managers)[:20]
        return [name for site in wanted for name in self._managers.get(site, ())]
