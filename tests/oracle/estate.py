"""The installation file as endpoints and settled decisions. Valid input is assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.listeners import Ports, listener, read_ports, read_range
from tests.oracle.regions import Prefix, Range, prefix

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

    def site_of(self, endpoint: Endpoint) -> Site:
        """The site an endpoint stands in."""
        return self.sites[endpoint.site]

    def machines(self) -> list[Endpoint]:
        """Every machine of every site."""
        return [e for s in self.sites.values() for e in s.endpoints if e.kind == "machine"]


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
    for name, machine in (plain.get("machines") or {}).items():
        yield Endpoint(
            name, site, "machine", tuple(map(prefix, machine["addresses"])), tuple(machine["roles"])
        )
    for name, network in (plain.get("networks") or {}).items():
        yield Endpoint(
            name, site, "network", tuple(map(prefix, network["cidrs"])), tuple(network["roles"])
        )
    if plain.get("sip_devices"):
        yield Endpoint("sip_devices", site, "sip_devices", tuple(map(prefix, plain["sip_devices"])))
