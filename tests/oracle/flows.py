"""One record of required communication, and its two shapes: a call on a port, and media both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.estate import Endpoint
from tests.oracle.listeners import Ports
from tests.oracle.regions import ANY_PORT, Range

ANY: Ports = (ANY_PORT,)


@dataclass(frozen=True, slots=True)
class Flow:
    """`initiator` may open `protocol` to `ports` of `responder` from `sources`."""

    id: str
    initiator: Endpoint
    responder: Endpoint
    protocol: str
    ports: Ports
    sources: Ports = ANY


def call(
    id_: str, initiator: Endpoint, responder: Endpoint, protocol: str, *ports: Range
) -> Iterator[Flow]:
    """A control flow from any source port; none between a machine and itself."""
    if (initiator != responder or initiator.kind == "network") and ports:
        yield Flow(id_, initiator, responder, protocol, ports)


def media(
    id_: str,
    one: Endpoint,
    one_ports: Range,
    other: Endpoint,
    other_ports: Range,
    protocol: str = "udp",
) -> Iterator[Flow]:
    """Media both ways, source and destination ports from the two ends' own ranges (L38).

    None between a machine and itself; of a network two hosts are meant.
    """
    if one != other or one.kind == "network":
        yield Flow(id_, one, other, protocol, (other_ports,), (one_ports,))
        yield Flow(id_, other, one, protocol, (one_ports,), (other_ports,))
