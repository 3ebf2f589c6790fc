"""Call control across a link: rows K1 to K10. Who serves what is settled here for media too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.estate import Endpoint, Estate, Site
from tests.oracle.flows import Flow, call
from tests.oracle.listeners import LINK, SERVER, read_range
from tests.oracle.regions import prefix


@dataclass(frozen=True)
class Leg:
    """A LinkManager and one site whose SwyxServer and media endpoints it serves."""

    manager: Endpoint
    home: Site  # where the LinkManager stands
    served: Site

    def crosses(self) -> bool:
        """Is the served site another one than the LinkManager's?"""
        return self.home.name != self.served.name

    def off(self, flow: str) -> bool:
        """Has either end turned the flow off?"""
        return self.home.disables(flow) or self.served.disables(flow)


def legs(estate: Estate) -> list[Leg]:
    """A LinkManager's own site as soon as it serves anything, and the far site of each shared link."""
    found: dict[tuple[str, str], Leg] = {}
    for link in (estate.plain.get("links") or {}).values():
        if link.get("mode") == "chained":
            for manager in link["link_managers"].values():
                _add(found, estate, manager, estate.machine(manager).site)
        else:
            for site in (*link["sites"], estate.machine(link["link_manager"]).site):
                _add(found, estate, link["link_manager"], site)
    for provider in (estate.plain.get("sip_providers") or {}).values():
        _add(found, estate, provider["link_manager"], estate.machine(provider["link_manager"]).site)
    return list(found.values())


def _add(found: dict[tuple[str, str], Leg], estate: Estate, manager: str, site: str) -> None:
    machine = estate.machine(manager)
    found[manager, site] = Leg(machine, estate.site_of(machine), estate.sites[site])


def chains(estate: Estate) -> Iterator[tuple[Endpoint, Endpoint]]:
    """The two LinkManagers of each chained link."""
    for link in (estate.plain.get("links") or {}).values():
        if link.get("mode") == "chained":
            one, other = (estate.machine(link["link_managers"][site]) for site in link["sites"])
            yield one, other


def providers(
    estate: Estate, use: str
) -> Iterator[tuple[Endpoint, Endpoint, dict[str, tuple[int, int]]]]:
    """Each SIP provider, its LinkManager, and its SIP port and media ports.

    `use`: signalling or media, for which a provider may have addresses beside those for both.
    """
    for name, plain in (estate.plain.get("sip_providers") or {}).items():
        own = [*plain.get("cidrs", ()), *plain.get(f"{use}_cidrs", ())]
        endpoint = Endpoint(name, "", "provider", tuple(map(prefix, own)))
        ports = {
            "sip": read_range(plain.get("sip_port", 5060)),
            "media": read_range(plain["media_ports"]),
        }
        yield endpoint, estate.machine(plain["link_manager"]), ports


def link_flows(estate: Estate) -> Iterator[Flow]:
    """Every row of the table, for the whole installation."""
    for leg in legs(estate):
        for server, _ in leg.served.having(SERVER):
            yield from _far_leg(leg, server) if leg.crosses() else _home_leg(leg, server)
    yield from _chained(estate)
    yield from _trunks(estate)


def _home_leg(leg: Leg, server: Endpoint) -> Iterator[Flow]:
    """K1, K2, K5 and K6 at the LinkManager's own site. K1 is stated, so its pair always remains."""
    yield from call("K1", server, leg.manager, "tcp", leg.home.port(leg.manager, LINK, "local"))
    if not leg.off("K2"):
        yield from call("K2", leg.manager, server, "tcp", leg.served.port(server, SERVER, "h225"))
    yield from _registration_and_h245(leg, server, pair_remains=True)


def _far_leg(leg: Leg, server: Endpoint) -> Iterator[Flow]:
    """K3, K4, K5 and K6 towards the other site of a shared link."""
    if not leg.off("K3"):
        yield from call("K3", leg.manager, server, "tcp", leg.served.port(server, SERVER, "h225"))
    if not leg.off("K4"):
        yield from call(
            "K4", server, leg.manager, "tcp", leg.home.port(leg.manager, LINK, "remote")
        )
    yield from _registration_and_h245(
        leg, server, pair_remains=not (leg.off("K3") and leg.off("K4"))
    )


def _registration_and_h245(leg: Leg, server: Endpoint, *, pair_remains: bool) -> Iterator[Flow]:
    if not leg.off("K5"):
        yield from call("K5", leg.manager, server, "udp", leg.served.port(server, SERVER, "ras"))
    if pair_remains and not leg.off("K6"):
        yield from call("K6", leg.manager, server, "tcp", *leg.served.h245())
        yield from call("K6", server, leg.manager, "tcp", *leg.home.h245())


def _chained(estate: Estate) -> Iterator[Flow]:
    """K9 and K10, both ways; optional rows, so nobody can turn them off."""
    for one, other in chains(estate):
        for initiator, responder in ((one, other), (other, one)):
            site = estate.site_of(responder)
            yield from call("K9", initiator, responder, "tcp", site.port(responder, LINK, "remote"))
            yield from call("K10", initiator, responder, "tcp", *site.h245())


def _trunks(estate: Estate) -> Iterator[Flow]:
    """K7 and K8. UDP leaves the LinkManager from its own SIP port, TCP from any."""
    for provider, manager, ports in providers(estate, "signalling"):
        own = estate.site_of(manager).port(manager, LINK, "sip")
        yield Flow("K7", manager, provider, "udp", (ports["sip"],), (own,))
        yield from call("K7", manager, provider, "tcp", ports["sip"])
        for protocol in ("udp", "tcp"):
            yield from call("K8", provider, manager, protocol, own)
