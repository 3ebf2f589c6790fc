"""What an installation requires, and so what a machine's own firewall may let pass: no more, no less.

`direction` says who initiates: `in` is a packet that a peer opens towards the machine, `out` one that the
machine opens (cloud firewalls are stateful). Media is opened from both ends.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.oracle.control import control_flows
from tests.oracle.estate import Endpoint, Estate, Plain, read
from tests.oracle.flows import Flow
from tests.oracle.links import link_flows
from tests.oracle.listeners import read_ports
from tests.oracle.media import media_flows
from tests.oracle.regions import ANY_PORT, Box, Prefix, Region, everything, prefix, span

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Extra:
    """A rule of the site's own, at one machine only."""

    site: str
    index: int
    direction: str
    machine: str
    peers: tuple[Prefix, ...]
    protocol: str
    ports: tuple[tuple[int, int], ...]


def required(plain: Plain) -> list[Flow]:
    """Every flow that the installation requires, each once."""
    estate = read(plain)
    return list(dict.fromkeys(_flows(estate)))


def _flows(estate: Estate) -> Iterator[Flow]:
    for site in estate.sites.values():
        yield from control_flows(site)
    yield from link_flows(estate)
    yield from media_flows(estate)


def extras(plain: Plain) -> list[Extra]:
    """Every extra rule. ICMP has no ports: it is held as any."""
    found = []
    for site, body in plain["sites"].items():
        for index, rule in enumerate(body.get("extra_rules") or ()):
            machine, peers = ("to", "from") if rule["direction"] == "in" else ("from", "to")
            ports = (ANY_PORT,) if rule["protocol"] == "icmp" else read_ports(rule["ports"])
            nets = tuple(map(prefix, rule[peers]))
            found.append(
                Extra(site, index, rule["direction"], rule[machine], nets, rule["protocol"], ports)
            )
    return found


class Oracle:
    """An installation read once, asked about many packets."""

    def __init__(self, plain: Plain) -> None:
        self.plain = plain
        self.estate = read(plain)
        self.flows = required(plain)
        self.extras = extras(plain)
        self._regions: dict[tuple[str, Direction, bool], Region] = {}

    def cached_region(
        self, name: str, direction: Direction, match_source_ports: bool = True
    ) -> Region:
        """`region`, computed once."""
        key = (name, direction, match_source_ports)
        if key not in self._regions:
            self._regions[key] = self.region(*key)
        return self._regions[key]

    def egress_open(self, machine: Endpoint) -> bool:
        """Does the machine's site leave what goes out to others?"""
        return self.estate.site_of(machine).plain.get("egress") == "open"

    def region(self, name: str, direction: Direction, match_source_ports: bool = True) -> Region:
        """Exactly the packets that may pass at a machine in one direction.

        Peers are of the machine's own IP families, its own addresses left out; the hosts of a network are
        many, each of which the others may reach.
        Without `match_source_ports` (AWS) a source port is any.
        """
        machine = self.estate.managed(name)
        alone = machine.prefixes if machine.kind == "machine" else ()
        families, own = machine.families(), [span(net)[0] for net in alone]
        if direction == "out" and self.egress_open(machine):
            return everything().clipped(families, own)
        region = self._flow_region(machine, direction, match_source_ports)
        return region.plus(self._extra_region(machine, direction)).clipped(families, own)

    def _flow_region(
        self, machine: Endpoint, direction: Direction, match_source_ports: bool
    ) -> Region:
        region = Region()
        for flow in self.flows:
            here, peer = (
                (flow.responder, flow.initiator)
                if direction == "in"
                else (flow.initiator, flow.responder)
            )
            if here != machine:
                continue
            for net in peer.seen_from(machine.site):
                for sources in flow.sources if match_source_ports else (ANY_PORT,):
                    for ports in flow.ports:
                        region.add(flow.protocol, Box(span(net), sources, ports))
        return region

    def _extra_region(self, machine: Endpoint, direction: Direction) -> Region:
        region = Region()
        for rule in self.extras:
            if (rule.machine, rule.direction) != (machine.name, direction):
                continue
            for net in rule.peers:
                icmp = "icmpv6" if net.version == 6 else "icmp"
                for ports in rule.ports:
                    box = Box(span(net), ANY_PORT, ports)
                    region.add(icmp if rule.protocol == "icmp" else rule.protocol, box)
        return region


def region(
    plain: Plain, machine: str, direction: Direction, match_source_ports: bool = True
) -> Region:
    """Exactly the packets that may pass at a machine in one direction."""
    return Oracle(plain).region(machine, direction, match_source_ports)


def allowed(
    plain: Plain,
    machine: str,
    direction: Direction,
    peer: str,
    protocol: str,
    local_port: int,
    peer_port: int,
    match_source_ports: bool = True,
) -> bool:
    """May one packet pass at a machine? `in`: local_port is the destination; `out`: peer_port is."""
    source, port = (peer_port, local_port) if direction == "in" else (local_port, peer_port)
    number = span(ipaddress.ip_network(peer))[0]
    return region(plain, machine, direction, match_source_ports).holds(
        protocol, number, source, port
    )
