"""What the port tokens of a flow's legs (`h225`, `dcom_server`, ...) mean at one responder."""

from collections.abc import Iterator, Mapping

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


def read_token(
    token: str, responder: Responder, decisions: Decisions, catalogue: Catalogue
) -> Iterator[tuple[Transport, PortSet]]:
    """The ports by transport; nothing where the decision for them is missing.

    `decisions` are those of the responder's site.
    """
    if token in _DCOM:
        dynamic = _dynamic(token, decisions)
        mapper = catalogue.endpoint_mapper
        if dynamic is not None:
            for transport in decisions.dcom_transports:
                yield transport, PortSet.of((mapper, mapper), dynamic)
    elif token == "h245":
        if decisions.h245 is not None:
            yield Transport.TCP, decisions.h245
    elif token == "cornet":
        yield Transport.TCP, decisions.cornet
    else:
        owner, _, key = token.rpartition(".")
        role = owner or responder[0]
        listener = catalogue.roles[role].listeners[key]
        ports = responder[1].get((role, key), listener.ports)
        for transport in listener.transports:
            yield transport, ports


def _dynamic(token: str, decisions: Decisions) -> tuple[int, int] | None:
    return decisions.dcom_server if token == "dcom_server" else decisions.dcom_client
