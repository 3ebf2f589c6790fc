"""The installation file as endpoints and settled decisions. Valid input is assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.listeners import Ports, listener, read_ports, read_range
from tests.oracle.regions import Prefix, Range, prefix, span

Plain = Mapping[str, Any]

RPC_MAPPER: Range = (135, 135)
PRESETS: dict[str, Range] = {
    "restricted": (40000, 40199),
    "windows-2003": (1025, 5000),
    "windows-2008": (49152, 65535),
}
DEFAULTS: dict[str, Any] = {"dcom_transport": "tcp", "fax_transport": "udp", "cornet": [4060, 4061]}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A machine, a network, a SIP provider or a site's SIP devices, with its addresses."""

    name: str
    site: str  # "" for a provider
    kind: str  # machine | network | provider | sip_devices
    prefixes: tuple[Prefix, ...]
    roles: tuple[str, ...] = ()
    stand_in: tuple[Prefix, ...] = ()  # the site's `summary`: who it is to every other site
    managed: bool = (
        False  # rules stand there: a machine in the site's cloud, a network of such hosts
    )

    def seen_from(self, site: str) -> tuple[Prefix, ...]:
        """Its addresses as rules of a site may name them: at home its own, elsewhere what holds them.

        Where the summary says nothing about an IP version, its own addresses of that version stay.
        """
        if site == self.site:
            return self.prefixes
        found = []
        for net in self.prefixes:
            holders = [wide for wide in self.stand_in if _within(net, wide)]
            found.append(holders[0] if holders else net)
        return tuple(found)

    def families(self) -> set[int]:
        """The IP versions it speaks."""
        return {net.version for net in self.prefixes}


@dataclass(frozen=True)
class Site:
    """One site: its endpoints and what it decided."""

    name: str
    plain: Plain = field(repr=False)
    decisions: Plain = field(repr=False)
    endpoints: tuple[Endpoint, ...] = ()

    def having(self, *roles: str) -> Iterator[tuple[Endpoint, str]]:
        """Every endpoint of the site that carries one of the roles, with that role."""
        for endpoint in self.endpoints:
            for role in roles:
                if role in endpoint.roles:
                    yield endpoint, role

    def port(self, endpoint: Endpoint, role: str, key: str) -> Range:
        """A listener of an endpoint: printed, overridden by the site, overridden by the machine."""
        own = (
            self.plain.get("machines", {}).get(endpoint.name, {})
            if endpoint.kind == "machine"
            else {}
        )
        return listener(role, key, self.plain.get("ports") or {}, own.get("ports") or {})

    def dcom(self, towards: str) -> list[tuple[str, Ports]]:
        """DCOM `towards` "server" or "client": protocol and ports, the endpoint mapper included."""
        choice = self.decisions["dcom"]
        if isinstance(choice, Mapping):
            dynamic = read_range(choice[towards])
        else:
            dynamic = PRESETS[choice] if choice in PRESETS else read_range(choice)
        transports = {"tcp": ("tcp",), "both": ("tcp", "udp")}[self.decisions["dcom_transport"]]
        return [(transport, (RPC_MAPPER, dynamic)) for transport in transports]

    def h245(self) -> Ports:
        """The H.245 ports towards this site's hosts; none when tunnelled."""
        choice = self.decisions["h245"]
        if choice == "tunnelled":
            return ()
        return (PRESETS[choice] if choice in PRESETS else read_range(choice),)

    def cornet(self) -> Ports:
        """The CorNet ports of the PhoneManager."""
        return read_ports(self.decisions["cornet"])

    def faxes_over_tcp(self) -> bool:
        """Does the site's fax_transport include tcp?"""
        return self.decisions["fax_transport"] in ("tcp", "both")

    def disables(self, flow: str) -> bool:
        """Has the site turned an inferred flow off?"""
        return flow in ((self.plain.get("flows") or {}).get("disable") or ())

    def enables(self, flow: str) -> bool:
        """Has the site turned an optional flow on?"""
        return flow in ((self.plain.get("flows") or {}).get("enable") or ())

    def path(self, phone: str) -> str:
        """The control path of an L400 or L440."""
        return str((self.plain.get("control_path") or {}).get(phone, "phone_manager"))


@dataclass(frozen=True)
class Estate:
    """All sites, and who serves which link and provider."""

    plain: Plain = field(repr=False)
    sites: Mapping[str, Site] = field(default_factory=dict)

    def machine(self, name: str) -> Endpoint:
        """A machine by its name, which is unique over all sites."""
        return next(
            e
            for s in self.sites.values()
            for e in s.endpoints
            if e.kind == "machine" and e.name == name
        )

    def managed(self, name: str) -> Endpoint:
        """A machine, or a managed network, by its name."""
        return next(
            e for s in self.sites.values() for e in s.endpoints if e.managed and e.name == name
        )

    def site_of(self, endpoint: Endpoint) -> Site:
        """The site an endpoint stands in."""
        return self.sites[endpoint.site]

    def machines(self) -> list[Endpoint]:
        """Every machine of every site."""
        return [e for s in self.sites.values() for e in s.endpoints if e.kind == "machine"]


def _within(net: Prefix, other: Prefix) -> bool:
    (first, last), (low, high) = span(net), span(other)
    return low <= first and last <= high


def read(plain: Plain) -> Estate:
    """An estate from the plain structure of an installation file."""
    common = DEFAULTS | dict(plain.get("decisions") or {})
    sites = {}
    for name, site in plain["sites"].items():
        sites[name] = Site(
            name, site, common | dict(site.get("decisions") or {}), tuple(_endpoints(name, site))
        )
    return Estate(plain, sites)


def _endpoints(site: str, plain: Plain) -> Iterator[Endpoint]:
    summary = tuple(map(prefix, plain.get("summary") or ()))
    for kind, key in (("machine", "addresses"), ("network", "cidrs")):
        for name, body in (plain.get(f"{kind}s") or {}).items():
            own = tuple(map(prefix, body[key]))
            managed = not body.get("outside") if kind == "machine" else bool(body.get("managed"))
            yield Endpoint(name, site, kind, own, tuple(body["roles"]), summary, managed)
    if plain.get("sip_devices"):
        yield Endpoint("sip_devices", site, "sip_devices", tuple(map(prefix, plain["sip_devices"])))
