"""Why a file of a host holds what it holds: the sentences that stand in its comments."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from swyx_components.analysis.explain.places import short
from swyx_components.analysis.host_settings import (
    DcomRange,
    Gatekeeper,
    HostSettings,
    Opening,
    PortSetting,
)
from swyx_components.catalogue import Catalogue
from swyx_components.planner.model import Direction

MADE_BY = "Made by `swyx hosts`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the comments refer to: the article's flows, the reasons of extra rules, the file."""

    catalogue: Catalogue
    reasons: Mapping[str, str]
    source: str

    def head(self, host: HostSettings, does: str) -> Iterator[str]:
        """What a file is for, on which host."""
        kind = "the clients of the network" if host.network else "the machine"
        roles = ", ".join(host.roles)
        yield f"{does}, for {kind} {host.name} of {host.site}: {roles}."
        yield f"{MADE_BY} from {self.source}, SwyxWare {self.catalogue.version}."

    def because(self, flows: Iterable[str]) -> Iterator[str]:
        """One sentence a flow: its id, why it is there, where the article says so."""
        for flow in flows:
            row = self.catalogue.flows.get(flow)
            if row is None:
                yield f"{flow}: {self.reasons.get(flow, 'a rule of the site')}"
            else:
                yield f"{flow}: {row.purpose} ({row.evidence.value}, kb2308 {cite(row.lines)})"


def cite(lines: Iterable[int]) -> str:
    """The article's lines, `L38 L111`."""
    return " ".join(f"L{line}" for line in lines)


def describe_opening(opening: Opening) -> str:
    """`in UDP 51000-51499 from source ports 50000-50099`."""
    ports = f" {opening.ports}" if opening.ports else ""
    source = f" from source ports {opening.source_ports}" if opening.source_ports else ""
    return f"{opening.direction.value} {opening.protocol.value.upper()}{ports}{source}"


def peers_of(opening: Opening) -> list[str]:
    """The other side, as people write addresses."""
    return [short(prefix) for prefix in opening.peers]


def describe_dcom(dcom: DcomRange, least: int) -> Iterator[str]:
    """What the range does to the machine."""
    yield f"DCOM listens on {dcom.ports} only (the decision dcom: {dcom.decision}), beside its mapper on 135."
    yield (
        f"All RPC services of Windows share these {dcom.ports.size():,} ports. "
        "Windows reads the setting when it starts: restart it."
    )
    if dcom.ports.size() < least:
        yield f"That is few: Microsoft recommends at least {least} (KB 154596), some for Windows itself."


def describe_setting(setting: PortSetting) -> str:
    """`media of LinkManager: udp 55000-55999 in place of 55000-56000 (kb2308 L94 L49)`."""
    listener = setting.listener
    transports = "+".join(transport.value for transport in listener.transports)
    return (
        f"{listener.key} of {listener.role}: {transports} {setting.ports} in place of {listener.ports} "
        f"({listener.purpose}, kb2308 {cite(listener.lines)})"
    )


def how_to_set(setting: PortSetting) -> str:
    """Where the article says that a listener is set, and what it leaves open."""
    listener = setting.listener
    if listener.registry:
        return f"set by the registry values {', '.join(listener.registry)}"
    if listener.configurable:
        return f"set in {listener.configurable}; the article names no registry value"
    return "the article names no setting for it: ask the vendor how, or the plan is not true"


def describe_gatekeeper(gatekeeper: Gatekeeper) -> str:
    """`LinkManager registers at ac-server, 10.1.0.10 (UDP 1719; K5)`."""
    addresses = ", ".join(map(short, gatekeeper.addresses))
    flows = " ".join(gatekeeper.flows)
    return (
        f"{gatekeeper.role} registers at {gatekeeper.machine}, {addresses} "
        f"(UDP {gatekeeper.port}; {flows})"
    )


def incoming(openings: Iterable[Opening]) -> list[Opening]:
    """Those that let something in."""
    return [opening for opening in openings if opening.direction is Direction.IN]
