"""Read a catalogue file into typed values, refusing rows that contradict themselves.

A flow has `evidence`, `lines`, `purpose` and `legs`. The keys of a leg:

- `scope`: `site` (both ends in one site), `served` (a LinkManager that serves something, with its own
  site), `across` (the LinkManager of a shared link with the other site), `chained` (the LinkManagers
  of a chained link), `provider` (a LinkManager with its SIP provider), `devices` (a site's
  `sip_devices` towards it);
- `from`, `to`: the roles of initiator and responder; a provider or device end is left out.
  `among`: every pair of these roles instead, a role with itself included unless in `but_not`;
- `ports`: listener keys of the responder (`h225`), of another role (`SwyxFaxServer.registration`), or
  what a decision or declaration gives: `dcom_server`, `dcom_client`, `cornet`, `h245`, `provider_sip`;
  `transport` keeps only one transport of them, `source` names the initiator's listener as source ports;
- `both_ways`: the same ports from responder to initiator too;
- `media`: instead of ports: this transport both ways between the two roles' media listeners;
- `control_path`: only for roles whose call control takes this path;
- `needs`: only between ends that one of these flows joins already;
- `follows`: instead of roles: both ways between all ends that one of these flows joins,
  but not towards the roles in `not_towards`;
- `machines_only`: not with networks; `fax_tcp_at`: only where the site of these ends (`from`, `to`)
  chose a fax transport that includes TCP.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from swyx_components.catalogue.model import (
    Catalogue,
    Evidence,
    FlowRow,
    Leg,
    Listener,
    Phase,
    Role,
    Transport,
)
from swyx_components.messages import Message, SwyxError
from swyx_components.sets.ports import PortRange, PortSet

VERSIONS: Mapping[str, str] = {"6.01": "v6_01.yaml"}
SCOPES = ("site", "served", "across", "chained", "provider", "devices")
DECIDED_PORTS = ("dcom_server", "dcom_client", "cornet", "h245", "provider_sip")


def load_catalogue(source: str | Path = "6.01") -> Catalogue:
    """The catalogue of a SwyxWare version, or of a catalogue file of the user's own.

    Raises:
        SwyxError: another version than those bundled, or a file that is not a catalogue.
    """
    if isinstance(source, str) and source in VERSIONS:
        return _bundled(VERSIONS[source])
    path = Path(source)
    if not path.suffix:
        raise SwyxError(
            [
                Message.about(
                    "version-unknown", "swyxware", version=source, known=", ".join(VERSIONS)
                )
            ]
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise _defect(str(path), "", str(problem)) from None
    return _read(text, str(path))


@cache
def _bundled(name: str) -> Catalogue:
    return _read(files(__package__).joinpath(name).read_text(encoding="utf-8"), name)


def _read(text: str, file: str) -> Catalogue:
    import yaml

    place = ""
    try:
        rows = yaml.load(text, Loader=yaml.CSafeLoader)
        roles = {}
        for name, row in rows["roles"].items():
            place = f"roles.{name}"
            roles[name] = _role(name, row)
        flows = {}
        for id_, row in rows["flows"].items():
            place = f"flows.{id_}"
            flows[id_] = _flow(id_, row)
        place = ""
        catalogue = Catalogue(
            version=str(rows["version"]),
            roles=roles,
            flows=flows,
            presets=_ranges(rows["presets"]),
            endpoint_mapper=int(rows["endpoint_mapper"]),
            cornet=PortSet.of(*((port, port) for port in rows["cornet"])),
            ephemeral=_ranges(rows["ephemeral"]),
            administration_ports=_ranges(rows["administration_ports"]),
            uncovered=tuple(rows["uncovered"]),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as problem:
        reason = f"the key {problem} is missing" if isinstance(problem, KeyError) else str(problem)
        raise _defect(file, place, reason) from None
    for place, reason in _contradictions(catalogue):
        raise _defect(file, place, reason)
    return catalogue


def _ranges(rows: Mapping[str, Any]) -> Mapping[str, PortRange]:
    return {name: PortRange.parse(str(ports)) for name, ports in rows.items()}


def _role(name: str, row: Mapping[str, Any]) -> Role:
    return Role(
        name=name,
        slug=name.lower(),
        kind=row["kind"],
        lines=tuple(row["lines"]),
        listeners={key: _listener(name, key, entry) for key, entry in row["listeners"].items()},
        media={Transport(transport): key for transport, key in row.get("media", {}).items()},
        on_networks=row.get("on_networks", False),
        control_paths=tuple(row.get("control_paths", ())),
        needs_manager=row.get("needs_manager", ""),
        once_per_site=row.get("once_per_site", False),
        serves_links=row.get("serves_links", False),
    )


def _listener(role: str, key: str, row: Mapping[str, Any]) -> Listener:
    return Listener(
        role=role,
        key=key,
        transports=tuple(Transport(name) for name in row["transports"]),
        ports=PortSet.union_of(PortRange.parse(part) for part in str(row["ports"]).split(",")),
        phase=Phase(row["phase"]),
        purpose=row["purpose"],
        evidence=Evidence(row.get("evidence", "stated")),
        lines=tuple(row["lines"]),
        configurable=row.get("configurable", ""),
        registry=tuple(row.get("registry", ())),
        overridable=row.get("overridable", bool(row.get("configurable"))),
        allocated=row.get("allocated", False),
        narrow_only=row.get("narrow_only", False),
        never_a_rule=row.get("never_a_rule", False),
    )


def _flow(id_: str, row: Mapping[str, Any]) -> FlowRow:
    return FlowRow(
        id=id_,
        evidence=Evidence(row["evidence"]),
        lines=tuple(row["lines"]),
        purpose=row["purpose"],
        legs=tuple(_leg(leg) for leg in row["legs"]),
    )


def _leg(row: Mapping[str, Any]) -> Leg:
    renamed = {"from": "initiators", "to": "responders"}
    values = {renamed.get(key, key): value for key, value in row.items()}
    for key, value in values.items():
        if isinstance(value, list):
            values[key] = tuple(value)
        elif key in ("transport", "media"):
            values[key] = Transport(value)
    return Leg(**values)


def _contradictions(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Places and reasons where rows name what does not exist."""
    for role in catalogue.roles.values():
        for key in role.media.values():
            if key not in role.listeners:
                yield f"roles.{role.name}.media", f"{key!r} is no listener of the role"
        if role.needs_manager and role.needs_manager not in catalogue.roles:
            yield f"roles.{role.name}.needs_manager", f"{role.needs_manager!r} is no role"
    for flow in catalogue.flows.values():
        for leg in flow.legs:
            for reason in _leg_contradictions(catalogue, leg):
                yield f"flows.{flow.id}", reason


def _leg_contradictions(catalogue: Catalogue, leg: Leg) -> Iterator[str]:
    if leg.scope not in SCOPES:
        yield f"the scope {leg.scope!r} is none of {', '.join(SCOPES)}"
    for role in (*leg.initiators, *leg.responders, *leg.among, *leg.but_not, *leg.not_towards):
        if role not in catalogue.roles:
            yield f"{role!r} is no role"
            return
    for flow in (*leg.needs, *leg.follows):
        if flow not in catalogue.flows:
            yield f"{flow!r} is no flow"
    for token in leg.ports:
        owner, dot, key = token.rpartition(".")
        owners = (owner,) if dot else leg.responders
        if token not in DECIDED_PORTS and not all(
            name in catalogue.roles and key in catalogue.roles[name].listeners for name in owners
        ):
            yield f"{token!r} is no listener of the responder"


def _defect(file: str, place: str, reason: str) -> SwyxError:
    return SwyxError([Message(place, "catalogue-defect", (("reason", reason),), file)])
