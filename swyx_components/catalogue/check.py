"""What a catalogue's rows say about each other: every name must exist where it is used."""

from collections.abc import Iterator

from swyx_components.catalogue.model import Catalogue, Leg

SCOPES = ("site", "served", "across", "chained", "provider", "devices")
PRESETS = ("restricted", "windows-2003", "windows-2008")
DECIDED_PORTS = ("dcom_server", "dcom_client", "cornet", "h245", "provider_sip")


def find_contradictions(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Places and reasons where rows name what does not exist."""
    for preset in PRESETS:
        if preset not in catalogue.presets:
            yield "presets", f"the preset {preset!r} is missing"
    for role in catalogue.roles.values():
        for key in role.media.values():
            if key not in role.listeners:
                yield f"roles.{role.name}", f"media names {key!r}, which is no listener of the role"
        for listener in role.listeners.values():
            if listener.instead and listener.instead not in role.listeners:
                yield (
                    f"roles.{role.name}",
                    f"instead names {listener.instead!r}, no listener of the role",
                )
        if role.needs_manager and role.needs_manager not in catalogue.roles:
            yield f"roles.{role.name}", f"needs_manager: {role.needs_manager!r} is no role"
    for flow in catalogue.flows.values():
        for leg in flow.legs:
            for reason in _about_leg(catalogue, leg):
                yield f"flows.{flow.id}", reason


def _about_leg(catalogue: Catalogue, leg: Leg) -> Iterator[str]:
    named = (*leg.initiators, *leg.responders, *leg.among, *leg.but_not, *leg.not_towards)
    unknown = [role for role in named if role not in catalogue.roles]
    if unknown:
        yield f"{unknown[0]!r} is no role"
        return
    for flow in (*leg.needs, *leg.follows):
        if flow not in catalogue.flows:
            yield f"{flow!r} is no flow"
    for end in leg.fax_tcp_at:
        if end not in ("from", "to"):
            yield f"fax_tcp_at names {end!r}, which is neither from nor to"
    paths = {path for role in catalogue.roles.values() for path in role.control_paths}
    if leg.control_path and leg.control_path not in paths:
        yield f"{leg.control_path!r} is no control path of any role"
    yield from _about_ports(catalogue, leg)


def _about_ports(catalogue: Catalogue, leg: Leg) -> Iterator[str]:
    if not leg.ports and leg.media is None:
        yield "a leg needs ports or media"
    for token in leg.ports:
        owner, dot, key = token.rpartition(".")
        owners = (owner,) if dot else leg.responders
        if token not in DECIDED_PORTS and not all(
            _listens(catalogue, name, key) for name in owners
        ):
            yield f"{token!r} is no listener of the responder"
    if "provider_sip" in leg.ports and leg.transport is None:
        yield "provider_sip needs a transport"
    if leg.source and not all(_listens(catalogue, name, leg.source) for name in leg.initiators):
        yield f"source {leg.source!r} is no listener of the initiator"
    if leg.media is not None:
        for role in (*leg.initiators, *leg.responders, *leg.among):
            if leg.media not in catalogue.roles[role].media:
                yield f"{role} has no {leg.media.value} media"


def _listens(catalogue: Catalogue, role: str, key: str) -> bool:
    return role in catalogue.roles and key in catalogue.roles[role].listeners
