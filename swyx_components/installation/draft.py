"""An installation in the making: who is there, still without anything that only the file can say."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from swyx_components.installation.addresses import read_addresses, read_cidrs
from swyx_components.installation.diagnostics import Diagnostics

_EXAMPLES = {"addresses": "addresses: [10.1.0.10]", "cidrs": "cidrs: [10.1.20.0/24]"}
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEnd:
    """A machine, or a network where `network`; `origin` is where it was read (`row 4`)."""

    name: str
    addresses: tuple[str, ...]
    roles: tuple[str, ...]
    network: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSite:
    """A site with its machines and networks, in the order in which they were named."""

    name: str
    ends: tuple[DraftEnd, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLink:
    """Two sites and the LinkManager that serves them."""

    sites: tuple[str, str]
    link_manager: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All of it. A decision is empty where nobody made it."""

    swyxware: str
    sites: tuple[DraftSite, ...]
    links: tuple[DraftLink, ...] = ()
    dcom: str = ""
    h245: str = ""

    @property
    def decisions(self) -> dict[str, str]:
        written = {"dcom": self.dcom, "h245": self.h245}
        return {key: value for key, value in written.items() if value}

    def named_links(self) -> dict[str, DraftLink]:
        """The links by names that a file may hold: both sites, or a number where that is too long."""
        named: dict[str, DraftLink] = {}
        for place, link in enumerate(self.links, 1):
            name = "-".join(link.sites)
            named[name if len(name) <= _LONGEST_NAME else f"link-{place}"] = link
        return named

    def as_data(self) -> dict[str, Any]:
        """The draft as the plain data of an installation file."""
        sites: dict[str, Any] = {}
        for site in self.sites:
            parts: dict[str, Any] = {"machines": {}}
            for end in site.ends:
                key, kind = ("networks", "cidrs") if end.network else ("machines", "addresses")
                parts.setdefault(key, {})[end.name] = {
                    kind: list(end.addresses),
                    "roles": list(end.roles),
                }
            sites[site.name] = parts
        data: dict[str, Any] = {"swyxware": self.swyxware, "sites": sites}
        if self.decisions:
            data["decisions"] = self.decisions
        if self.links:
            data["links"] = {
                name: {"sites": list(link.sites), "link_manager": link.link_manager}
                for name, link in self.named_links().items()
            }
        return data


def split_cell(text: str) -> list[str]:
    """The values of a cell or an answer: separated by commas, semicolons, bars, plus signs or lines.

    >>> split_cell("SwyxPhone L420; SwyxIt!")
    ['SwyxPhone L420', 'SwyxIt!']
    """
    return [part.strip() for part in re.split(r"[,;|+\n]", text) if part.strip()]


def read_roles(text: str, roles: Collection[str], log: Diagnostics, place: str) -> tuple[str, ...]:
    """Roles as people write them: `SwyxIt!`, `swyxphone l420`, several of them separated by blanks."""
    known = {_letters(role): role for role in roles}
    found: list[str] = []
    for part in split_cell(text):
        words = part.split()
        if _letters(part) in known:
            found.append(known[_letters(part)])
        elif len(words) > 1 and all(_letters(word) in known for word in words):
            found += (known[_letters(word)] for word in words)
        else:
            log.unknown("role", place, part, tuple(roles))
    return tuple(dict.fromkeys(found))


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def read_ends(text: str, log: Diagnostics, place: str) -> tuple[tuple[str, ...], bool]:
    """Addresses of a machine or CIDRs of a network, and whether it is a network."""
    parts: list[str] = [word for part in split_cell(text) for word in part.split()]
    network = bool(parts) and all("/" in part for part in parts)
    read = read_cidrs if network else read_addresses
    if not parts:
        log.add("list-empty", place, example=_EXAMPLES["addresses"])
    else:
        for _ in read(list(parts), log, place, _EXAMPLES["cidrs" if network else "addresses"]):
            pass
    return tuple(dict.fromkeys(parts)), network


def group_by_site(ends: Iterable[tuple[str, DraftEnd]]) -> tuple[DraftSite, ...]:
    """Sites in the order in which they were first named."""
    sites: dict[str, list[DraftEnd]] = {}
    for site, end in ends:
        sites.setdefault(site, []).append(end)
    return tuple(DraftSite(name=name, ends=tuple(own)) for name, own in sites.items())
