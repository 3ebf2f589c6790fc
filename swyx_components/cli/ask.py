"""Asks for an installation, question by question, on stderr; each answer is checked when it is given."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import click

from swyx_components.catalogue import Catalogue
from swyx_components.cli.failures import errors_of
from swyx_components.cli.terminal import print_error, safe_line
from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.draft import (
    Draft,
    DraftEnd,
    DraftLink,
    DraftSite,
    read_ends,
    read_roles,
    split_cell,
)
from swyx_components.installation.read import read_installation
from swyx_components.installation.values import is_name
from swyx_components.messages import Message

_Answer = TypeVar("_Answer")


def ask_draft(catalogue: Catalogue) -> Draft:
    """The sites, machines, networks and links that a person names."""
    sites: list[DraftSite] = []
    while name := _ask_name("Name of a site" if not sites else "Another site", not sites, "site"):
        site = _ask_site(name, catalogue, sites)
        if site is not None:
            sites.append(site)
    links = _ask_links(sites, catalogue)
    return Draft(swyxware=catalogue.version, sites=tuple(sites), links=tuple(links))


def ask_decision(key: str, default: str, check: Callable[[str], Iterable[Message]]) -> str:
    """A decision that some flow needs; `check` says what is wrong with an answer."""

    def read(text: str, log: Diagnostics) -> str:
        log.adopt(check(text))
        return text

    return _ask(f"{key} (the article leaves it open)", default, read)


def _ask_site(name: str, catalogue: Catalogue, known: Sequence[DraftSite]) -> DraftSite | None:
    """One site; asked again where its parts do not fit together."""
    while True:
        ends = [_ask_server(name, catalogue)]
        while machine := _ask_name("  Another machine", False, "machine"):
            ends.append(_ask_end(machine, catalogue, network=False))
        while network := _ask_name("  A network of clients or phones", False, "network"):
            ends.append(_ask_end(network, catalogue, network=True))
        site = DraftSite(name=name, ends=tuple(ends))
        draft = Draft(swyxware=catalogue.version, sites=(*known, site))
        _, messages = read_installation(draft.as_data(), file="the answers")
        errors = errors_of(messages)
        for message in errors:
            print_error(str(message))
        if not errors:
            return site
        if _read_line(f"Ask for {name} again? [Y/n]").lower() in ("n", "no"):
            return None


def _ask_server(site: str, catalogue: Catalogue) -> DraftEnd:
    """The machine with the role that every site has once."""
    (role,) = [role.name for role in catalogue.roles.values() if role.once_per_site]
    name = _ask_name(f"  Name of the machine with {role}", True, "machine", f"{site[:33]}-server")
    others = [own for own in catalogue.roles if own != role]
    end = _ask_end(name, catalogue, network=False, roles=(role,))
    more = _ask(
        f"  Other roles on {end.name} ({', '.join(others)}; empty for none)",
        "",
        lambda text, log: read_roles(text, tuple(catalogue.roles), log, "roles"),
    )
    return replace(end, roles=tuple(dict.fromkeys((role, *more))))


def _ask_end(
    name: str, catalogue: Catalogue, network: bool, roles: tuple[str, ...] = ()
) -> DraftEnd:
    def read_addresses(text: str, log: Diagnostics) -> tuple[str, ...]:
        ends, found = read_ends(text, log, "addresses")
        if ends and found is not network and not log.all():
            kind = "networks (10.1.20.0/24)" if network else "addresses (10.1.0.10)"
            log.add("type-wrong", "addresses", found=text, expected=kind, example=kind)
        return ends

    def read_own_roles(text: str, log: Diagnostics) -> tuple[str, ...]:
        found = read_roles(text, tuple(catalogue.roles), log, "roles")
        allowed = [role.name for role in catalogue.roles.values() if role.on_networks]
        for role in found if network else ():
            if role not in allowed:
                log.add("role-not-on-network", "roles", role=role, allowed=allowed)
        if not found and not log.all():
            log.add("list-empty", "roles", example="roles: [SwyxIt]")
        return found

    what = "CIDRs" if network else "Addresses"
    addresses = _ask(f"    {what} of {name}", None, read_addresses)
    default = next(r.name for r in catalogue.roles.values() if r.on_networks) if network else None
    return DraftEnd(
        name=name,
        addresses=addresses,
        roles=roles or _ask(f"    Roles of {name}", default, read_own_roles),
        network=network,
    )


def _ask_links(sites: Sequence[DraftSite], catalogue: Catalogue) -> list[DraftLink]:
    """For each LinkManager the other sites that it serves."""
    links: list[DraftLink] = []
    serving = {role.name for role in catalogue.roles.values() if role.serves_links}
    managers = [(site, end) for site in sites for end in site.ends if serving & set(end.roles)]
    for site, manager in managers:
        linked = {name for link in links if site.name in link.sites for name in link.sites}
        left = [other.name for other in sites if other.name not in {site.name, *linked}]
        for other in _ask_sites(manager.name, left) if left else ():
            links.append(DraftLink(sites=(site.name, other), link_manager=manager.name))
    return links


def _ask_sites(manager: str, others: list[str]) -> tuple[str, ...]:
    def read(text: str, log: Diagnostics) -> tuple[str, ...]:
        named = [] if text.strip() == "-" else split_cell(text)
        for name in named:
            if name not in others:
                log.unknown("link-site", "links", name, others)
        return tuple(dict.fromkeys(named))

    question = f"Sites that {manager} links to its own ({', '.join(others)}; - for none)"
    return _ask(question, others[0] if len(others) == 1 else "-", read)


def _ask_name(question: str, needed: bool, kind: str, default: str = "") -> str:
    def read(text: str, log: Diagnostics) -> str:
        if (text or needed) and not is_name(text):
            log.add("name-invalid", kind, name=text, kind=kind)
        return text

    hint = "" if needed else " (name; empty for no more)"
    return _ask(f"{question}{hint}", default, read)


def _ask(
    question: str, default: str | None, read: Callable[[str, Diagnostics], _Answer]
) -> _Answer:
    """The first answer about which there is nothing to complain."""
    while True:
        text = _read_line(f"{question} [{default}]" if default else question) or default or ""
        log = Diagnostics("")
        answer = read(text, log)
        found = log.all()
        if not found:
            return answer
        for message in found:
            print_error(str(message))


def _read_line(question: str) -> str:
    """One line of stdin. Nothing goes to stdout, which may be the file.

    Raises:
        click.Abort: there is none any more.
    """
    print(f"{safe_line(question)}: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise click.Abort
    return line.strip()
