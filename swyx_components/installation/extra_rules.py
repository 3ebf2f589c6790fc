"""Read a site's own rules: one at one machine each, with a reason."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from swyx_components.installation.addresses import read_peers
from swyx_components.installation.context import ReadContext
from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.model import Egress, ExtraRule
from swyx_components.installation.schema import shape, whole
from swyx_components.installation.values import (
    MOST_ITEMS,
    Entry,
    Written,
    is_too_long,
    read_flag,
    read_list,
    read_name,
    read_range,
    read_text,
    wrong_type,
)
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix, collapse_prefixes

_DIRECTIONS = ("in", "out")
_ICMP = "icmp"
_PROTOCOLS = ("tcp", "udp", _ICMP)


class _Own(NamedTuple):
    """The site of a rule, and the names of its machines, None where they can't be read, and sorted."""

    name: str
    machines: Mapping[str, Any] | None
    listed: tuple[str, ...]


def read_extra_rules(
    value: Any, reading: ReadContext, site: Entry, egress: Egress
) -> tuple[ExtraRule, ...]:
    """The rules that could be read whole, in the file's order; all sites are read already."""
    place = f"{site.place}.extra_rules"
    if type(value) is not list:
        wrong_type(value, reading.log, place, "a list", shape("site").examples["extra_rules"])
        return ()
    if is_too_long(value, reading.log, place, MOST_ITEMS):
        return ()
    machines = site.value.get("machines")
    machines = machines if type(machines) is dict else None
    own = _Own(site.name, machines, tuple(sorted(machines or ())))
    rules = []
    for index, item in enumerate(value):
        rule = _read_rule(item, reading, own, f"{place}[{index}]", index)
        if rule is None:
            continue
        if rule.direction == "out" and egress is Egress.OPEN:
            reading.log.add("extra-egress-open", f"{place}[{index}].direction", site=site.name)
        rules.append(rule)
    return tuple(rules)


def _read_rule(
    value: Any, reading: ReadContext, site: "_Own", place: str, index: int
) -> ExtraRule | None:
    log = reading.log
    before = len(log)
    written = Written(value, reading, place, "extra_rule", whole("extra_rule", "ports"))
    if not written.values:
        return None
    direction = written.word("direction", _DIRECTIONS)
    protocol = written.word("protocol", _PROTOCOLS)
    ports = _read_ports(written, protocol)
    reason = written.read("reason", read_text, None)
    public = written.read("acknowledge_public", read_flag, False)
    own, other = ("from", "to") if direction == "out" else ("to", "from")
    machine = peers = None
    if direction:
        machine = written.part(own, partial(_read_machine, site=site), None)
        peers = written.read(other, partial(_read_peers, public=public), None)
    if len(log) > before or not (direction and protocol and machine and peers and reason):
        return None
    return ExtraRule(
        index=index,
        direction=direction,
        machine=machine,
        peers=peers,
        protocol=protocol,
        ports=ports,
        reason=reason,
        acknowledge_public=bool(public),
    )


def _read_machine(
    value: Any, reading: ReadContext, place: str, _: str, *, site: "_Own"
) -> str | None:
    """The site's machine at which the rule stands."""
    name = read_name(value, reading.log, place, f"{place.rpartition('.')[2]}: ac-server")
    if name is None:
        return None
    if site.machines is None or name in site.machines:
        return name
    seat = reading.seats.get(name.lower())
    if seat is not None and seat.name == name:
        reading.log.add(
            "extra-machine-elsewhere", place, machine=name, other=seat.site, site=site.name
        )
    else:
        reading.log.unknown("rule-machine", place, name, site.listed)
    return None


def _read_peers(
    value: Any, log: Diagnostics, place: str, _: str, *, public: bool | None
) -> tuple[Prefix, ...] | None:
    example = f"{place.rpartition('.')[2]}: [10.1.99.0/24]"
    peers = collapse_prefixes(prefix for prefix, _ in read_peers(value, log, place, example))
    for prefix in peers:
        if prefix.length == 0 and public is False:
            log.add("public-unacknowledged", place, cidr=prefix, version=prefix.version)
    return peers


def _read_ports(written: Written, protocol: str | None) -> PortSet:
    at, log, example = written.at("ports"), written.reading.log, written.examples["ports"]
    if protocol == _ICMP:
        if "ports" in written:
            log.add("ports-with-icmp", at)
        return NO_PORTS
    if "ports" not in written:
        if protocol:
            log.add("key-missing", at, key="ports", example=example)
        return NO_PORTS
    value = written["ports"]
    if type(value) is not list:
        ranges = [read_range(value, log, at, example)]
    else:
        listed = read_list(value, log, at, "ports: [80, 443, 8000-8099]")
        ranges = [
            read_range(item, log, f"{at}[{index}]", example) for index, item in enumerate(listed)
        ]
    return PortSet.union_of(ports for ports in ranges if isinstance(ports, PortRange))
