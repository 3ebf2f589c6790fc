"""The extra rule that would let a packet pass at one end, and the packets for which the file takes none."""

from collections.abc import Mapping

from swyx_components.analysis.explain.ends import Packet
from swyx_components.analysis.explain.places import Host, short
from swyx_components.installation.check import find_dcom_ports, find_public_part
from swyx_components.installation.model import Installation
from swyx_components.planner.model import Protocol
from swyx_components.sets.ports import PortRange


def write_extra_rule(
    host: Host, peer: Host, packet: Packet, direction: str
) -> Mapping[str, object]:
    """The extra rule that would let the packet pass at one end, as the file has it."""
    towards = {"in": ("to", "from"), "out": ("from", "to")}[direction]
    rule: dict[str, object] = {
        "direction": direction,
        towards[0]: host.label,
        towards[1]: [short(prefix) for prefix in peer.prefixes],
        "protocol": "icmp" if packet.protocol is Protocol.ICMPV6 else packet.protocol.value,
    }
    if packet.port is not None:
        rule["ports"] = packet.port
    return rule | {"reason": "..."}


def is_dcom_apart(
    installation: Installation, source: Host, destination: Host, packet: Packet
) -> bool:
    """Whether the packet is DCOM to or from another site or a public address: no rule may open that."""
    if packet.port is None or source.site == destination.site:
        return False
    hosts = (source, destination)
    if any(not host.site and not find_public_part(host.prefixes, ()) for host in hosts):
        return False
    port, protocol = PortRange(packet.port, packet.port), packet.protocol.value
    return any(
        find_dcom_ports(
            installation.sites[host.site].decisions, protocol, installation.catalogue
        ).covers(port)
        for host in hosts
        if host.site
    )
