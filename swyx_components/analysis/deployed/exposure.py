"""What makes an opening grave: who can reach it, and what is behind it."""

from collections.abc import Iterable

from swyx_components.analysis.deployed.reachability import Packets
from swyx_components.analysis.deployed.ruleset import AclEntry, Firewall
from swyx_components.installation.check import NEVER_PUBLIC
from swyx_components.installation.model import Installation
from swyx_components.planner.model import Direction, Protocol
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import join_intervals

# What a search from outside tries first, beside what the catalogue names.
_ADMINISTRATION = {
    "SSH": PortRange(22, 22),
    "Telnet": PortRange(23, 23),
    "RPC": PortRange(135, 135),
    "NetBIOS": PortRange(137, 139),
    "SMB": PortRange(445, 445),
    "SQL Server": PortRange(1433, 1434),
    "VNC": PortRange(5900, 5900),
}


class Exposure:
    """Who is the public to an installation behind a firewall, and which ports are for administration."""

    def __init__(self, installation: Installation, firewall: Firewall) -> None:
        # Not the public's: private by definition, a site's own, or the platform's.
        prefixes = [*NEVER_PUBLIC, *firewall.platform]
        for site in installation.sites.values():
            prefixes += [address for machine in site.machines for address in machine.addresses]
            prefixes += [cidr for network in site.networks for cidr in network.cidrs]
        self._known = {
            version: join_intervals(p.interval for p in prefixes if p.version == version)
            for version in (4, 6)
        }
        self._services = {**installation.catalogue.administration_ports, **_ADMINISTRATION}

    def is_public(self, packets: Packets) -> bool:
        """Whether any of their peers is neither a site's, the platform's nor private by definition."""
        first, last = packets.peers
        known = self._known[packets.version]
        return not any(low <= first and last <= high for low, high in known)

    def administration_in(self, entry: AclEntry, packets: Iterable[Packets]) -> tuple[str, ...]:
        """The services of administration (`SSH 22`) that some of the packets reach; none outbound."""
        if entry.direction is Direction.OUT:
            return ()
        ports = PortSet.union_of(
            part for each in packets if each.protocol is Protocol.TCP for part in each.ports
        )
        return tuple(
            f"{name} {own}" for name, own in self._services.items() if ports & PortSet((own,))
        )
