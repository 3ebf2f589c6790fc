"""Packets in words: a line for each set of ports, with the addresses that it is about."""

from collections.abc import Iterable, Iterator

from swyx_components.planner.deployed.measure import Packets
from swyx_components.planner.deployed.standing import ICMP_TYPES
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import WIDTH, Interval, Prefix, split_interval

_MOST_PEERS = 4
_MOST_RANGES = 6


def write_packets(
    packets: Iterable[tuple[Direction, Packets]], short: bool = True
) -> Iterator[str]:
    """`in tcp 3389 from 10.0.0.0/8`; protocols with the same ports and addresses share a line.

    In the order of the packets. `short`: what is long is counted instead of listed.
    """
    by_ports: dict[tuple[Direction, Protocol, PortSet], list[tuple[int, Interval]]] = {}
    for direction, own in packets:
        key = direction, own.protocol, own.ports
        by_ports.setdefault(key, []).append((own.version, own.peers))
    alike: dict[tuple[Direction, str, tuple[tuple[int, Interval], ...]], list[Protocol]] = {}
    for (direction, protocol, ports), peers in by_ports.items():
        text = write_ports(protocol, ports, _MOST_RANGES if short else len(ports))
        alike.setdefault((direction, text, tuple(sorted(peers))), []).append(protocol)
    for (direction, text, joined), protocols in alike.items():
        towards = "from" if direction is Direction.IN else "to"
        names = "/".join(protocol.value for protocol in protocols)
        words = [word for version, interval in joined for word in write_peers(version, interval)]
        peers_text = shorten_list(words, _MOST_PEERS if short else len(words))
        ports_text = f" {text}" if text else ""
        yield f"{direction.value} {names}{ports_text} {towards} {peers_text}"


def write_ports(protocol: Protocol, ports: PortSet, most: int = _MOST_RANGES) -> str:
    """Ports, or types of ICMP; nothing where all of ICMP is meant."""
    if protocol.has_ports:
        whole = ALL_PORTS - ports == PortSet() or ports == PortSet.of((1, ALL_PORTS[0].last))
        return "every port" if whole else shorten_list([str(part) for part in ports], most)
    return "" if not (ICMP_TYPES - ports) else f"type {ports}"


def write_peers(version: int, peers: Interval) -> list[str]:
    """A run of addresses as one CIDR where it is one, else as its ends."""
    prefixes = split_interval(version, peers)
    if len(prefixes) == 1:
        only = prefixes[0]
        return [only.address if only.length == WIDTH[version] else str(only)]
    first, last = (Prefix(version, end, WIDTH[version]).address for end in peers)
    return [f"{first}-{last}"]


def shorten_list(words: Iterable[str], most: int) -> str:
    """The first words and how many more there are."""
    listed = list(words)
    rest = len(listed) - most
    return ", ".join(listed if rest <= 1 else [*listed[:most], f"{rest:,} more"])
