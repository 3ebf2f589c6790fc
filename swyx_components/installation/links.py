"""Read links and SIP providers: both name a LinkManager of a site."""

from collections.abc import Mapping
from typing import Any

from swyx_components.installation.addresses import read_cidrs
from swyx_components.installation.context import Claim, Kind, ReadContext, Seat
from swyx_components.installation.diagnostics import below
from swyx_components.installation.model import Link, LinkMode, Provider
from swyx_components.installation.schema import shape, whole
from swyx_components.installation.values import (
    Entry,
    distinct,
    read_entries,
    read_list,
    read_mapping,
    read_name,
    read_port,
    read_range,
    read_word,
    wrong_type,
)

_MODES = {mode.value: mode for mode in LinkMode}
_ONE, _EACH = "link_manager", "link_managers"


def read_links(value: Any, reading: ReadContext, sites: Mapping[str, None]) -> tuple[Link, ...]:
    """The links that could be read whole, by name. `sites` has the names of the file's sites in order."""
    joined: dict[tuple[str, ...], str] = {}
    links = []
    for entry in read_entries(
        value, reading.log, "links", "link", shape("installation").examples["links"]
    ):
        written = read_mapping(
            entry.value, reading.log, entry.place, shape("link"), whole("link", _ONE)
        )
        if not written:
            continue
        ends = _read_ends(written, reading, entry, sites)
        other = joined.setdefault(ends, entry.place)
        if ends and other != entry.place:
            reading.log.add(
                "link-repeated", entry.place, first=ends[0], second=ends[1], other=other
            )
        link = _read_link(written, reading, entry, ends)
        if link is not None and entry.usable:
            links.append(link)
    return tuple(links)


def _read_ends(
    written: dict[str, Any], reading: ReadContext, entry: Entry, sites: Mapping[str, None]
) -> tuple[str, ...]:
    """The two sites of a link by name, or nothing."""
    if "sites" not in written:
        return ()
    at, log = f"{entry.place}.sites", reading.log
    before = len(log)
    example = shape("link").examples["sites"]
    listed = read_list(written["sites"], log, at, example)
    if len(listed) == 2 and listed[0] == listed[1] and type(listed[0]) is str:
        log.add("link-itself", at, site=listed[0], example=example)
        return ()
    names = list(distinct(listed, log, at, example))
    for name, item_at in names:
        if name not in sites and not reading.sites_unknown:
            log.unknown("link-site", item_at, name, sites)
    if len(listed) not in (0, 2):
        log.add("link-sites", at, count=len(listed), example=example)
    return tuple(sorted(name for name, _ in names)) if len(log) == before else ()


def _read_link(
    written: dict[str, Any], reading: ReadContext, entry: Entry, ends: tuple[str, ...]
) -> Link | None:
    mode = LinkMode.SHARED
    if "mode" in written:
        word = read_word(written["mode"], reading.log, f"{entry.place}.mode", _MODES)
        if word is None:
            return None
        mode = _MODES[word]
    key, other = (_ONE, _EACH) if mode is LinkMode.SHARED else (_EACH, _ONE)
    if other in written:
        reading.log.add(
            f"link-{mode.value}", below(entry.place, other), example=shape("link").examples[key]
        )
    elif key not in written:
        missing = {
            "example": shape("link").examples[key],
            "managers": reading.managers_at(ends) or "none",
        }
        reading.log.add(f"link-without-{mode.value}", below(entry.place, key), **missing)
    if key not in written:
        return None
    read = _read_shared if mode is LinkMode.SHARED else _read_chained
    return read(written[key], reading, entry, ends)


def _read_shared(
    value: Any, reading: ReadContext, entry: Entry, ends: tuple[str, ...]
) -> Link | None:
    at = f"{entry.place}.{_ONE}"
    seat = _read_manager(value, reading, at, shape("link").examples[_ONE], ends)
    if seat is None or not ends:
        return None
    if seat.site not in ends:
        reading.log.add(
            "manager-elsewhere", at, machine=seat.name, site=seat.site, ends=" and ".join(ends)
        )
        return None
    far = ends[1] if seat.site == ends[0] else ends[0]
    return Link(
        name=entry.name, mode=LinkMode.SHARED, near=seat.site, far=far, near_manager=seat.name
    )


def _read_chained(
    value: Any, reading: ReadContext, entry: Entry, ends: tuple[str, ...]
) -> Link | None:
    at, log, example = below(entry.place, _EACH), reading.log, shape("link").examples[_EACH]
    if type(value) is not dict:
        wrong_type(value, log, at, "a mapping", example)
        return None
    if not ends:
        return None
    for name in sorted(value.keys() - set(ends)):
        log.add("chained-site", below(at, name), name=name, ends=" and ".join(ends))
    managers = []
    for end in ends:
        place = below(at, end)
        if end not in value:
            log.add(
                "chained-missing", place, site=end, managers=reading.managers_at((end,)) or "none"
            )
            continue
        seat = _read_manager(value[end], reading, place, f"{end}: NAME", (end,))
        if seat is not None and seat.site != end:
            log.add("chained-elsewhere", place, machine=seat.name, site=seat.site, end=end)
        elif seat is not None:
            managers.append(seat.name)
    if len(managers) != 2:
        return None
    near, far = ends
    return Link(
        name=entry.name,
        mode=LinkMode.CHAINED,
        near=near,
        far=far,
        near_manager=managers[0],
        far_manager=managers[1],
    )


def _read_manager(
    value: Any, reading: ReadContext, place: str, example: str, ends: tuple[str, ...]
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


def read_providers(value: Any, reading: ReadContext) -> tuple[Provider, ...]:
    """The providers that could be read whole, by name."""
    providers = []
    for entry in read_entries(
        value,
        reading.log,
        "sip_providers",
        "provider",
        shape("installation").examples["sip_providers"],
    ):
        provider = _read_provider(entry, reading)
        if provider is not None and entry.usable:
            providers.append(provider)
    return tuple(providers)


def _read_provider(entry: Entry, reading: ReadContext) -> Provider | None:
    log, place, examples = reading.log, entry.place, shape("provider").examples
    written = read_mapping(entry.value, log, place, shape("provider"), whole("provider"))
    cidrs, seat, media = [], None, None
    if "cidrs" in written:
        at = f"{place}.cidrs"
        cidrs = list(read_cidrs(written["cidrs"], log, at, examples["cidrs"]))
        reading.claims.extend(
            Claim(prefix, Kind.PROVIDER, "", at, position) for prefix, position in cidrs
        )
    if _ONE in written:
        seat = _read_manager(written[_ONE], reading, below(place, _ONE), examples[_ONE], ())
    if "media_ports" in written:
        media = read_range(
            written["media_ports"], log, f"{place}.media_ports", examples["media_ports"]
        )
    sip_port = None
    if "sip_port" in written:
        sip_port = read_port(written["sip_port"], log, f"{place}.sip_port", examples["sip_port"])
        if sip_port is None:
            return None
    if not cidrs or seat is None or media is None:
        return None
    return Provider(
        name=entry.name,
        cidrs=tuple(sorted({prefix for prefix, _ in cidrs})),
        link_manager=seat.name,
        site=seat.site,
        media_ports=media,
        **({"sip_port": sip_port.first} if sip_port else {}),
    )
