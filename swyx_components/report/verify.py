"""The deployed state against the plan, for people and as JSON; packets in words."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from swyx_components.analysis.deployed.reachability import Packets
from swyx_components.analysis.deployed.ruleset import ICMP_TYPES
from swyx_components.analysis.deployed.verify import Comparison, Effect
from swyx_components.messages.render import shorten
from swyx_components.planner.model import Direction, Protocol, shard_label
from swyx_components.report.plan_json import fields_of, given, proof_record, stored_record
from swyx_components.report.templates import render_lines
from swyx_components.sets.ports import ALL_PORTS, PortSet
from swyx_components.sets.prefixes import WIDTH, Interval, interval_text, split_interval

_MOST_GAPS = 20
_MOST_PEERS = 4
_MOST_RANGES = 6


def write_comparison(comparison: Comparison, cloud: str, named: Mapping[str, str]) -> list[str]:
    """A headline with the counts and the proof, then a line for each difference; groups as `named`."""
    values = {"comparison": comparison, "cloud": cloud, "most": _MOST_GAPS, "named": named}
    return render_lines("verify.txt.j2", {"packets": write_packets, "shard": shard_label}, **values)


def comparison_record(comparison: Comparison, cloud: str) -> dict[str, Any]:
    """The comparison as the JSON of `swyx verify` has it."""
    return {
        "site": comparison.site,
        "cloud": cloud,
        **fields_of(comparison, "equal", "groups", "rules", "faults"),
        "changes": [
            {"group": change.group}
            | given(
                planned=change.planned and stored_record(change.planned),
                found=change.found and stored_record(change.found),
                found_text=change.unreadable,
            )
            for change in comparison.changes
        ],
        "proof": proof_record(comparison.proof),
        "effects": [_effect_record(effect) for effect in comparison.effects],
        "remarks": comparison.remarks,
        "not_judged": comparison.lacking,
    }


def _effect_record(effect: Effect) -> dict[str, Any]:
    packets = {"added": effect.added, "stopped": effect.stopped}
    return fields_of(effect, "machine", "interface", "other") | {
        name: list(write_packets(each, short=False)) for name, each in packets.items()
    }


# ---- packets


def write_packets(packets: Iterable[Packets], short: bool = True) -> Iterator[str]:
    """`in tcp 3389 from 10.0.0.0/8`; protocols with the same ports and addresses share a line.

    In the order of the packets. `short`: what is long is counted instead of listed.
    """
    by_ports: dict[tuple[Direction, Protocol, PortSet], list[tuple[int, Interval]]] = {}
    for own in packets:
        key = own.direction, own.protocol, own.ports
        by_ports.setdefault(key, []).append((own.version, own.peers))
    alike: dict[tuple[Direction, str, tuple[tuple[int, Interval], ...]], list[Protocol]] = {}
    for (direction, protocol, ports), peers in by_ports.items():
        text = write_ports(protocol, ports, _MOST_RANGES if short else len(ports))
        alike.setdefault((direction, text, tuple(sorted(peers))), []).append(protocol)
    for (direction, text, joined), protocols in alike.items():
        names = "/".join(protocol.value for protocol in protocols)
        words = [word for version, interval in joined for word in write_peers(version, interval)]
        peers_text = ", ".join(shorten(words, _MOST_PEERS if short else len(words), excess=1))
        ports_text = f" {text}" if text else ""
        yield f"{direction.value} {names}{ports_text} {direction.towards} {peers_text}"


def write_ports(protocol: Protocol, ports: PortSet, most: int = _MOST_RANGES) -> str:
    """Ports, or types of ICMP; empty for all of ICMP."""
    if protocol.has_ports:
        whole = ALL_PORTS - ports == PortSet() or ports == PortSet.of((1, ALL_PORTS[0].last))
        return "every port" if whole else ", ".join(shorten(map(str, ports), most, excess=1))
    return "" if not (ICMP_TYPES - ports) else f"type {ports}"


def write_peers(version: int, peers: Interval) -> list[str]:
    """A run of addresses as one CIDR where it is one, else as its ends."""
    prefixes = split_interval(version, peers)
    if len(prefixes) == 1:
        only = prefixes[0]
        return [only.address if only.length == WIDTH[version] else str(only)]
    return [interval_text(version, peers)]
