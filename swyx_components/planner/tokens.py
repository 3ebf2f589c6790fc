"""What the port tokens of a flow's legs (`h225`, `dcom_server`, ...) mean at one responder."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from swyx_components.catalogue import Catalogue, Transport
from swyx_components.installation.model import Decisions
from swyx_components.sets.ports import PortSet

_DCOM = ("dcom_server", "dcom_client")

# A responder: its role, and the ports in effect at its place by (role, listener key).
Responder = tuple[str, Mapping[tuple[str, str], PortSet]]


def find_undecided(token: str, decisions: Decisions) -> str:
    """The decision that the token waits for, empty where none is missing."""
    if token in _DCOM and _dynamic(token, decisions) is None:
        return "dcom"
    return "h245" if token == "h245" and decisions.h245 is None else ""


def resolve_port(
    token: str, responder: Responder, decisions: Decisions, catalogue: Catalogue
) -> Sequence[tuple[Transport, PortSet]]:
    """The ports by transport; nothing where the decision for them is missing.

    `decisions` are those of the responder's site.
    """
    if token in _DCOM:
        dynamic = _dynamic(token, decisions)
        if dynamic is None:
            return ()
        mapper = catalogue.endpoint_mapper
        ports = _both((mapper, mapper), dynamic)
        return [(transport, ports) for transport in decisions.dcom_transports]
    if token == "h245":
        return () if decisions.h245 is None else ((Transport.TCP, decisions.h245),)
    if token == "cornet":
        return ((Transport.TCP, decisions.cornet),)
    owner, _, key = token.rpartition(".")
    role = owner or responder[0]
    listener = catalogue.roles[role].listeners[key]
    ports = responder[1].get((role, key), listener.ports)
    return [(transport, ports) for transport in listener.transports]


@lru_cache(maxsize=1024)
def _both(one: tuple[int, int], other: tuple[int, int]) -> PortSet:
    return PortSet.of(one, other)


def _dynamic(token: str, decisions: Decisions) -> tuple[int, int] | None:
    return decisions.dcom_server if token == "dcom_server" else decisions.dcom_client
