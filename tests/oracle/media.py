"""Media inside a site and across links: rows M1 to M7."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

from tests.oracle.estate import Endpoint, Estate, Site
from tests.oracle.flows import Flow, media
from tests.oracle.links import Leg, chains, legs, providers
from tests.oracle.listeners import ALL_PHONES, CLIENTS, CONFERENCE, FAX, GATE, LINK, SERVER, SWYXIT
from tests.oracle.regions import Range

DIRECT = (SWYXIT, *ALL_PHONES, GATE)  # the roles of row M1
Party = tuple[Endpoint, Range]


def media_flows(estate: Estate) -> Iterator[Flow]:
    """Every row of the table, for the whole installation."""
    for site in estate.sites.values():
        yield from _inside(site)
        yield from _faxes_inside(site)
    for leg in legs(estate):
        yield from _relayed(leg)
    yield from _trunk_media(estate)
    yield from _chained_media(estate)


def _parties(site: Site, *roles: str) -> list[Party]:
    key = {FAX: "session"}
    return [(e, site.port(e, role, key.get(role, "media"))) for e, role in site.having(*roles)]


def _pairs(
    id_: str, ones: list[Party], others: list[Party], protocol: str = "udp"
) -> Iterator[Flow]:
    for one, one_ports in ones:
        for other, other_ports in others:
            yield from media(id_, one, one_ports, other, other_ports, protocol)


def _inside(site: Site) -> Iterator[Flow]:
    """M1, M1g, M2, M2c: audio between the parties of one site."""
    for one, other in combinations_with_replacement(DIRECT, 2):
        both_gates = one == other == GATE
        if not both_gates or site.enables("M1g"):
            yield from _pairs(
                "M1g" if both_gates else "M1", _parties(site, one), _parties(site, other)
            )
    if not site.disables("M2"):
        yield from _pairs("M2", _parties(site, SERVER, CONFERENCE), _parties(site, *DIRECT))
    if site.enables("M2c"):
        yield from _pairs("M2c", _parties(site, SERVER), _parties(site, CONFERENCE))


def _faxes_inside(site: Site) -> Iterator[Flow]:
    """M3, M3c. TCP only from fax machine to fax machine, where the site's fax_transport includes it (2.5)."""
    faxes = _parties(site, FAX)
    if not site.disables("M3"):
        yield from _pairs("M3", faxes, _parties(site, GATE, SERVER, FAX))
        if site.faxes_over_tcp():
            yield from _pairs("M3", faxes, faxes, "tcp")
    if site.enables("M3c"):
        machines = [(e, ports) for e, ports in _parties(site, *CLIENTS) if e.kind == "machine"]
        yield from _pairs("M3c", faxes, machines)


def _relayed(leg: Leg) -> Iterator[Flow]:
    """M4a, M4b and M5: a site's parties with the LinkManager that serves it."""
    manager = leg.manager
    udp = [(manager, leg.home.port(manager, LINK, "media_udp"))]
    tcp = [(manager, leg.home.port(manager, LINK, "media_tcp"))]
    yield from _pairs("M4a", _parties(leg.served, *CLIENTS, FAX), udp)
    if not leg.off("M4b"):
        yield from _pairs("M4b", _parties(leg.served, GATE, SERVER, CONFERENCE), udp)
    if leg.served.faxes_over_tcp() and not leg.off("M5"):
        yield from _pairs("M5", _parties(leg.served, FAX), tcp, "tcp")


def _trunk_media(estate: Estate) -> Iterator[Flow]:
    for provider, manager, ports in providers(estate, "media"):
        own = estate.site_of(manager).port(manager, LINK, "media_udp")
        yield from media("M6", provider, ports["media"], manager, own)


def _chained_media(estate: Estate) -> Iterator[Flow]:
    for one, other in chains(estate):
        here, there = estate.site_of(one), estate.site_of(other)
        udp, tcp = (
            [(here.port(one, LINK, key), there.port(other, LINK, key))]
            for key in ("media_udp", "media_tcp")
        )
        for mine, theirs in udp:
            yield from media("M7", one, mine, other, theirs)
        if here.faxes_over_tcp() and there.faxes_over_tcp():
            for mine, theirs in tcp:
                yield from media("M7", one, mine, other, theirs, "tcp")
