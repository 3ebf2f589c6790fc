"""Read links and SIP providers: both name a LinkManager of a site."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from swyx_components.installation.addresses import read_cidrs
from swyx_components.installation.context import Claim, Kind, ReadContext, Seat
from swyx_components.installation.diagnostics import below
from swyx_components.installation.model import Link, LinkMode, Provider
from swyx_components.installation.schema import whole
from swyx_components.installation.values import (
    Entry,
    Written,
    distinct,
    read_entries,
    read_list,
    read_name,
    read_port,
    read_range,
    wrong_type,
)
from swyx_components.sets.prefixes import Prefix

_MODES = {mode.value: mode for mode in LinkMode}
_ONE, _EACH = "link_manager", "link_managers"


def read_links(
    value: Any, reading: ReadContext, place: str, example: str, *, sites: Mapping[str, None]
) -> tuple[Link, ...]:
    """The links that could be read whole, by name. `sites` has the names of the file's sites in order."""
    joined: dict[tuple[str, ...], str] = {}
    links = []
    for entry in read_entries(value, reading.log, place, example, "link"):
        written = Written(entry.value, reading, entry.place, "link", whole("link", _ONE))
        if not written.values:
            continue
        ends = written.part("sites", partial(_read_ends, sites=sites), ())
        other = joined.setdefault(ends, entry.place)
        if ends and other != entry.place:
            first, second = ends
            reading.log.add("link-repeated", entry.place, first=first, second=second, other=other)
        link = _read_link(written, entry, ends)
        if link is not None and entry.usable:
            links.append(link)
    return tuple(links)


def _read_ends(
    value: Any, reading: ReadContext, place: str, example: str, *, sites: Mapping[str, None]
) -> tuple[str, ...]:
    """The two sites of a link by name, or nothing."""
    log = reading.log
    before = len(log)
    listed = read_list(value, log, place, example)
    if len(listed) == 2 and listed[0] == listed[1] and type(listed[0]) is str:
        log.add("link-itself", place, site=listed[0], example=example)
        return ()
    names = list(distinct(listed, log, place, example))
    for name, at in names:
        if name not in sites and not reading.sites_unknown:
            log.unknown("link-site", at, name, sites)
    if len(listed) not in (0, 2):
        log.add("link-sites", place, count=len(listed), example=example)
    return tuple(sorted(name for name, _ in names)) if len(log) == before else ()


def _read_link(written: Written, entry: Entry, ends: tuple[str, ...]) -> Link | None:
    mode = LinkMode.SHARED
    if "mode" in written:
        word = written.word("mode", _MODES)
        if word is None:
            return None
        mode = _MODES[word]
    key, other = (_ONE, _EACH) if mode is LinkMode.SHARED else (_EACH, _ONE)
    log, example = written.reading.log, written.examples[key]
    if other in written:
        log.add(f"link-{mode.value}", written.at(other), example=example)
    elif key not in written:
        managers = written.reading.managers_at(ends) or "none"
        at = written.at(key)
        log.add(f"link-without-{mode.value}", at, example=example, managers=managers)
    read = _read_shared if mode is LinkMode.SHARED else _read_chained
    return written.part(key, partial(read, name=entry.name, ends=ends), None)


def _read_shared(
    value: Any, reading: ReadContext, place: str, example: str, *, name: str, ends: tuple[str, ...]
) -> Link | None:
    seat = _read_manager(value, reading, place, example, ends=ends)
    if seat is None or not ends:
        return None
    near = seat.site
    if near not in ends:
        both = " and ".join(ends)
        reading.log.add("manager-elsewhere", place, machine=seat.name, site=near, ends=both)
        return None
    far = ends[1] if near == ends[0] else ends[0]
    return Link(name=name, mode=LinkMode.SHARED, near=near, far=far, near_manager=seat.name)


def _read_chained(
    value: Any, reading: ReadContext, place: str, example: str, *, name: str, ends: tuple[str, ...]
) -> Link | None:
    log = reading.log
    if type(value) is not dict:
        wrong_type(value, log, place, "a mapping", example)
        return None
    if not ends:
        return None
    for other in sorted(value.keys() - set(ends)):
        log.add("chained-site", below(place, other), name=other, ends=" and ".join(ends))
    managers = []
    for end in ends:
        at = below(place, end)
        if end not in value:
            known = reading.managers_at((end,)) or "none"
            log.add("chained-missing", at, site=end, managers=known)
            continue
        seat = _read_manager(value[end], reading, at, f"{end}: NAME", ends=(end,))
        if seat is not None and seat.site != end:
            log.add("chained-elsewhere", at, machine=seat.name, site=seat.site, end=end)
        elif seat is not None:
            managers.append(seat.name)
    if len(managers) != 2:
        return None
    (near, far), (first, second) = ends, managers
    return Link(
        name=name,
        mode=LinkMode.CHAINED,
        near=near,
        far=far,
        near_manager=first,
        far_manager=second,
    )


def _read_manager(
    value: Any, reading: ReadContext, place: str, example: str, *, ends: tuple[str, ...]
) -> Seat | None:
    """Where the named LinkManager stands; nothing where it is none, or can't be known."""
    name = read_name(value, reading.log, place, example)
    if name is None:
        return None
    seat = reading.seats.get(name.lower())
    if seat is None or seat.name != name:
        doubtful = reading.sites_unknown or reading.unlisted.intersection(ends or reading.unlisted)
        if not doubtful:
            known = [seat.name] if seat else reading.managers_at(ends)
            reading.log.unknown("manager", place, name, known)
        return None
    serving = reading.serving_roles
    if not any(role in serving for role in seat.roles):
        if seat.certain:
            managers = reading.managers_at(ends) or "none"
            reading.log.add(
                "manager-without-role", place, machine=name, role=serving, managers=managers
            )
        return None
    return seat


def read_providers(
    value: Any, reading: ReadContext, place: str, example: str
) -> tuple[Provider, ...]:
    """The providers that could be read whole, by name."""
    entries = read_entries(value, reading.log, place, example, "provider")
    read = [(entry, _read_provider(entry, reading)) for entry in entries]
    return tuple(provider for entry, provider in read if provider is not None and entry.usable)


def _read_provider(entry: Entry, reading: ReadContext) -> Provider | None:
    written = Written(entry.value, reading, entry.place, "provider", whole("provider", "cidrs"))
    lists: list[set[Prefix]] = []
    for key in ("cidrs", "signalling_cidrs", "media_cidrs"):
        found = list(written.read(key, read_cidrs, iter(())))
        at = written.at(key)
        reading.claims += (Claim(prefix, Kind.PROVIDER, "", at, index) for prefix, index in found)
        lists.append({prefix for prefix, _ in found})
    cidrs, signalling, media_alone = lists
    cidrs |= signalling & media_alone
    seat = written.part(_ONE, partial(_read_manager, ends=()), None)
    media = written.read("media_ports", read_range, None)
    sip_port = written.read("sip_port", read_port, None)
    if seat is None or media is None or ("sip_port" in written and sip_port is None):
        return None
    if not (cidrs or (signalling and media_alone)):
        return None
    return Provider(
        name=entry.name,
        cidrs=tuple(sorted(cidrs)),
        signalling_cidrs=tuple(sorted(signalling - cidrs)),
        media_cidrs=tuple(sorted(media_alone - cidrs)),
        link_manager=seat.name,
        site=seat.site,
        media_ports=media,
        **({"sip_port": sip_port.first} if sip_port else {}),
    )
