"""Domain against cloud at one interface: what is missing, what is in excess."""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracle.clouds import Aws, Azure, Interface
from tests.oracle.domain import Direction, Oracle
from tests.oracle.regions import Region


@dataclass(frozen=True)
class Verdict:
    """The difference at one machine in one direction."""

    machine: str
    direction: Direction
    missing: Region
    excess: Region

    def lines(self) -> list[str]:
        """Readable samples, none where the two agree."""
        where = f"{self.machine} {self.direction}"
        return [f"{where} missing: {x}" for x in self.missing.lines()] + [
            f"{where} excess: {x}" for x in self.excess.lines()
        ]


def compare(
    oracle: Oracle, machine: str, direction: Direction, cloud: Aws | Azure, interface: Interface
) -> Verdict:
    """Exact difference between what is required and what the cloud lets pass."""
    wanted = oracle.region(machine, direction, match_source_ports=isinstance(cloud, Azure))
    wanted = wanted.clipped(oracle.estate.managed(machine).families(), interface.own())
    real = cloud.region(interface, direction)
    return Verdict(machine, direction, wanted.minus(real), real.minus(wanted))


def assess_site(oracle: Oracle, site: str, cloud: Aws | Azure) -> list[str]:
    """Every difference at every machine of a site, both directions; machines are found by address."""
    found = []
    for machine in oracle.estate.sites[site].endpoints:
        if not machine.managed:
            continue
        hosts = {str(machine.prefixes[0].network_address)}
        if machine.kind == "network":  # its hosts are all alike: the first and the last one
            hosts.add(str(machine.prefixes[-1].broadcast_address))
        for host in sorted(hosts):
            interface = cloud.interface_of(host)
            for direction in ("in", "out"):
                found += compare(oracle, machine.name, direction, cloud, interface).lines()
    return found
