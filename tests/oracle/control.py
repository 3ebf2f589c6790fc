"""Call control inside a site: rows C1 to C16."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.estate import Endpoint, Site
from tests.oracle.flows import Flow, call
from tests.oracle.listeners import (
    CONFERENCE,
    FAX,
    GATE,
    ITSP,
    L100,
    L400,
    L420,
    L420E,
    L420S,
    L440,
    PHONES,
    SERVER,
    SWYXIT,
)


def control_flows(site: Site) -> Iterator[Flow]:
    """Every row of the table, for one site."""
    for server, _ in site.having(SERVER):
        yield from _clients(site, server)
        yield from _managers(site, server)
        yield from _h323_phones(site, server)
        yield from _gates(site, server)
        yield from _faxes(site, server)
        yield from _sip_devices(site, server)
    yield from _managed_phones(site)


def _dcom(
    id_: str, site: Site, initiator: Endpoint, responder: Endpoint, towards: str
) -> Iterator[Flow]:
    for protocol, ports in site.dcom(towards):
        yield from call(id_, initiator, responder, protocol, *ports)


def _clients(site: Site, server: Endpoint) -> Iterator[Flow]:
    for client, _ in site.having(SWYXIT):
        yield from _dcom("C1", site, client, server, "server")
        yield from _dcom("C2", site, server, client, "client")


def _managers(site: Site, server: Endpoint) -> Iterator[Flow]:
    """C6 and C13: the server range is used towards SwyxServer and the managers, both ways."""
    rows = {PHONES: "C6", ITSP: "C6", CONFERENCE: "C13"}
    for manager, role in site.having(*rows):
        if not site.disables(rows[role]):
            yield from _dcom(rows[role], site, manager, server, "server")
            yield from _dcom(rows[role], site, server, manager, "server")


def _h245(site: Site, one: Endpoint, other: Endpoint) -> Iterator[Flow]:
    if not site.disables("C15"):
        yield from call("C15", one, other, "tcp", *site.h245())
        yield from call("C15", other, one, "tcp", *site.h245())


def _on_phone_manager(site: Site, phone: str) -> bool:
    """L420 and its sisters always, L400 and L440 by their control path (2.8)."""
    return phone in (L420, L420E, L420S) or site.path(phone) == "phone_manager"


def _managed_phones(site: Site) -> Iterator[Flow]:
    """C3a, C3b, C4, their C15, and C5."""
    for manager, _ in site.having(PHONES):
        for phone, role in site.having(L400, L420, L420E, L420S, L440):
            row = "C3a" if role == L420 else "C3b"
            if not _on_phone_manager(site, role) or site.disables(row):
                continue
            yield from call(row, phone, manager, "tcp", *site.cornet())
            if not site.disables("C4"):
                yield from call("C4", manager, phone, "tcp", site.port(phone, role, "h225"))
                yield from _h245(site, manager, phone)
    for manager, _ in site.having(ITSP):
        for phone, _ in site.having(L100):
            yield from call("C5", phone, manager, "tcp", site.port(manager, ITSP, "itsp"))


def _to_server(id_: str, site: Site, initiator: Endpoint, server: Endpoint) -> Iterator[Flow]:
    yield from call(id_, initiator, server, "udp", site.port(server, SERVER, "ras"))
    yield from call(id_, initiator, server, "tcp", site.port(server, SERVER, "h225"))


def _h323_phones(site: Site, server: Endpoint) -> Iterator[Flow]:
    """C7, C8 and their C15, for L400 and L440 on the h323 path."""
    for phone, role in site.having(L400, L440):
        if _on_phone_manager(site, role):
            continue
        if not site.disables("C7"):
            yield from _to_server("C7", site, phone, server)
        if not site.disables("C8"):
            yield from call("C8", server, phone, "tcp", site.port(phone, role, "h225"))
        if not (site.disables("C7") and site.disables("C8")):
            yield from _h245(site, phone, server)


def _gates(site: Site, server: Endpoint) -> Iterator[Flow]:
    """C9, C10 and their C15."""
    for gate, _ in site.having(GATE):
        if not site.disables("C9"):
            yield from _to_server("C9", site, gate, server)
        if not site.disables("C10"):
            yield from call("C10", server, gate, "tcp", site.port(gate, GATE, "h225"))
            yield from call("C10", server, gate, "udp", site.port(gate, GATE, "ras"))
        if not (site.disables("C9") and site.disables("C10")):
            yield from _h245(site, gate, server)


def _faxes(site: Site, server: Endpoint) -> Iterator[Flow]:
    """C11, C11r, C12. C15 goes with C11, and only towards the server: the session range is C12's alone."""
    for fax, _ in site.having(FAX):
        registration = site.port(fax, FAX, "registration")
        if not site.disables("C11"):
            yield from _to_server("C11", site, fax, server)
            if not site.disables("C15"):
                yield from call("C15", fax, server, "tcp", *site.h245())
        if site.enables("C11r"):
            yield from call("C11r", fax, server, "tcp", registration)
        if not site.disables("C12"):
            yield from call("C12", server, fax, "tcp", registration, site.port(fax, FAX, "session"))


def _sip_devices(site: Site, server: Endpoint) -> Iterator[Flow]:
    for devices in site.endpoints:
        if devices.kind == "sip_devices":
            for protocol in ("udp", "tcp"):
                yield from call("C16", devices, server, protocol, site.port(server, SERVER, "sip"))
