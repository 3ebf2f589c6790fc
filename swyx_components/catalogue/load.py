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

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from swyx_components.catalogue.check import SCOPES, find_contradictions
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
from swyx_components.catalogue.rows import Defect, Row, read_rows
from swyx_components.messages import Message, SwyxError

VERSIONS: Mapping[str, str] = {"6.01": "v6_01.yaml"}
_TRANSPORTS = tuple(transport.value for transport in Transport)
_PHASES = tuple(phase.value for phase in Phase)
_EVIDENCE = tuple(evidence.value for evidence in Evidence)
_KINDS = ("server", "client", "phone")


def load_catalogue(source: str | Path = "6.01") -> Catalogue:
    """The catalogue of a SwyxWare version, or of a catalogue file of the user's own.

    Raises:
        SwyxError: another version than those bundled, or a file that is not a catalogue.
    """
    if isinstance(source, str) and source in VERSIONS:
        return _bundled(VERSIONS[source])
    path = Path(source)
    if isinstance(source, str) and path.suffix not in (".yaml", ".yml"):
        known = ", ".join(VERSIONS)
        raise SwyxError([Message.about("version-unknown", "swyxware", version=source, known=known)])
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _refusal(str(path), Defect("", "the file is not UTF-8 text")) from None
    except OSError as problem:
        reason = problem.strerror or "the file can't be read"
        raise _refusal(str(path), Defect("", reason)) from None
    return _read(text, str(path))


@cache
def _bundled(name: str) -> Catalogue:
    return _read(files(__package__).joinpath(name).read_text(encoding="utf-8"), name)


def _read(text: str, file: str) -> Catalogue:
    try:
        catalogue = _catalogue(read_rows(text))
        for place, reason in find_contradictions(catalogue):
            raise Defect(place, reason)
    except Defect as defect:
        raise _refusal(file, defect) from None
    return catalogue


def _refusal(file: str, defect: Defect) -> SwyxError:
    message = Message.about("catalogue-defect", defect.place, reason=defect.reason)
    return SwyxError([message.of(file)])


def _catalogue(top: Row) -> Catalogue:
    catalogue = Catalogue(
        version=str(top.take("version")),
        roles={name: _role(name, row) for name, row in top.rows("roles").items()},
        flows={name: _flow(name, row) for name, row in top.rows("flows").items()},
        presets=top.ranges("presets"),
        endpoint_mapper=top.port("endpoint_mapper"),
        cornet=top.port_list("cornet"),
        ephemeral=top.ranges("ephemeral"),
        administration_ports=top.ranges("administration_ports"),
        uncovered=top.texts("uncovered"),
    )
    top.done()
    return catalogue


def _role(name: str, row: Row) -> Role:
    media = Row(row.place, row.take("media", {}))
    role = Role(
        name=name,
        slug=name.lower(),
        kind=row.one_of("kind", _KINDS),
        lines=row.numbers("lines"),
        listeners={
            key: _listener(name, key, entry) for key, entry in row.rows("listeners").items()
        },
        media={Transport(name): media.text(name) for name in _TRANSPORTS if name in media},
        on_networks=row.flag("on_networks"),
        control_paths=row.texts("control_paths", ()),
        needs_manager=row.text("needs_manager", ""),
        once_per_site=row.flag("once_per_site"),
        serves_links=row.flag("serves_links"),
    )
    media.done()
    row.done()
    return role


def _listener(role: str, key: str, row: Row) -> Listener:
    configurable = row.text("configurable", "")
    listener = Listener(
        role=role,
        key=key,
        transports=_transports(row),
        ports=row.ports("ports"),
        phase=Phase(row.one_of("phase", _PHASES)),
        purpose=row.text("purpose"),
        evidence=Evidence(row.one_of("evidence", _EVIDENCE, "stated")),
        lines=row.numbers("lines"),
        configurable=configurable,
        registry=row.texts("registry", ()),
        overridable=row.flag("overridable", bool(configurable)),
        allocated=row.flag("allocated"),
        narrow_only=row.flag("narrow_only"),
        decided_by=row.one_of("decided_by", ("cornet",), ""),
        never_a_rule=row.flag("never_a_rule"),
        instead=row.text("instead", ""),
    )
    row.done()
    return listener


def _transports(row: Row) -> tuple[Transport, ...]:
    names = row.texts("transports")
    for name in names:
        if name not in _TRANSPORTS:
            raise Defect(row.place, f"the transport {name!r} is none of {', '.join(_TRANSPORTS)}")
    return tuple(Transport(name) for name in names)


def _flow(name: str, row: Row) -> FlowRow:
    legs = row.take("legs")
    if not isinstance(legs, list) or not legs:
        raise Defect(row.place, "legs must be a list that is not empty")
    flow = FlowRow(
        id=name,
        evidence=Evidence(row.one_of("evidence", _EVIDENCE)),
        lines=row.numbers("lines"),
        purpose=row.text("purpose"),
        legs=tuple(_leg(Row(row.place, leg)) for leg in legs),
    )
    row.done()
    return flow


def _leg(row: Row) -> Leg:
    transport = row.one_of("transport", _TRANSPORTS, "")
    media = row.one_of("media", _TRANSPORTS, "")
    leg = Leg(
        scope=row.one_of("scope", SCOPES),
        initiators=row.texts("from", ()),
        responders=row.texts("to", ()),
        among=row.texts("among", ()),
        but_not=row.texts("but_not", ()),
        ports=row.texts("ports", ()),
        transport=Transport(transport) if transport else None,
        source=row.text("source", ""),
        both_ways=row.flag("both_ways"),
        media=Transport(media) if media else None,
        control_path=row.text("control_path", ""),
        needs=row.texts("needs", ()),
        follows=row.texts("follows", ()),
        not_towards=row.texts("not_towards", ()),
        machines_only=row.flag("machines_only"),
        fax_tcp_at=row.texts("fax_tcp_at", ()),
    )
    row.done()
    return leg
