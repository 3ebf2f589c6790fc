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

How calls run stands in `calls.yaml`, or under `calls` of a catalogue of the user's own: which flow each step
belongs to.

- `server`: the role that every call of a site goes through;
- `words`: what a party is called beside its role's own name;
- `ways`: the steps between a party with one of `roles` (none: a SIP provider) and the SwyxServer of its
  site; `path` is the control path that they are for, where a role may take several;
- `links`: the steps between the servers of two sites, by the link's mode and by who calls;
- `media`: what media is called by transport, `without_link` the step that is missing between two sites;
- `scenarios`: calls by name.

The keys of a step: `flows` (of several the first that joins the two), `from` and `to`: `party`, a role at
the party's site or, over a link, `caller server`, `called server`, `link`, `caller link`, `called link`;
`does`: what it is for, with the protocol; `both_ways`: the same from `to` to `from`; `ports`: only these
port tokens of the flow.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from swyx_components.catalogue.model import CallBook, Catalogue, Leg, WindowsSettings
from swyx_components.catalogue.rows import Row, defect
from swyx_components.catalogue.yaml_source import compose, read_text
from swyx_components.messages import SwyxError, raise_errors
from swyx_components.messages.diagnostics import Diagnostics

VERSIONS: Mapping[str, str] = {"6.01": "v6_01.yaml"}
PRESETS = ("restricted", "windows-2003", "windows-2008")
DECIDED_PORTS = ("dcom_server", "dcom_client", "cornet", "h245", "provider_sip")


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
        raise SwyxError.about("version-unknown", "swyxware", version=source, known=known)
    try:
        return read_catalogue(_compose(read_text(path)))
    except SwyxError as error:
        raise SwyxError([message.of(str(path)) for message in error.messages]) from None


def read_catalogue(value: object, place: str = "") -> Catalogue:
    """The catalogue at a place of an installation, or a whole file, as plain data.

    Raises:
        SwyxError: the data is not a catalogue.
    """
    catalogue = Row(place, value).record(Catalogue)
    for at, reason in find_contradictions(catalogue):
        raise defect(f"{place}.{at}" if place else at, reason)
    return catalogue


@cache
def _bundled(name: str) -> Catalogue:
    return read_catalogue(_read_bundled(name))


def _read_bundled(name: str) -> object:
    return _compose(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _compose(text: str) -> object:
    """The plain data of a file; a row written twice would silently replace the first one."""
    log = Diagnostics("")
    data = compose(text, log)
    raise_errors(log.all())
    return data


def find_contradictions(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Places and reasons where rows name what does not exist."""
    for preset in PRESETS if catalogue.presets else ():
        if preset not in catalogue.presets:
            yield "presets", f"missing preset {preset!r}"
    if catalogue.calls and (lacking := find_lacking(catalogue.calls, catalogue)):
        yield "calls", f"missing for calls: {', '.join(lacking)}"
    for role in catalogue.roles.values():
        named = [("media", key) for key in role.media.values()]
        named += [("instead", one.instead) for one in role.listeners.values() if one.instead]
        for field, key in named:
            if key not in role.listeners:
                yield f"roles.{role.name}", f"{field}: the role has no listener {key!r}"
        if role.needs_manager and role.needs_manager not in catalogue.roles:
            yield f"roles.{role.name}", f"needs_manager: unknown role {role.needs_manager!r}"
    for flow in catalogue.flows.values():
        reasons = [reason for leg in flow.legs for reason in _about_leg(catalogue, leg)]
        for reason in reasons if flow.legs else ("legs must be a non-empty list",):
            yield f"flows.{flow.id}", reason


def _about_leg(catalogue: Catalogue, leg: Leg) -> Iterator[str]:
    roles = catalogue.roles
    named = (*leg.initiators, *leg.responders, *leg.among, *leg.but_not, *leg.not_towards)
    if unknown := [role for role in named if role not in roles]:
        yield f"unknown role {unknown[0]!r}"
        return
    yield from (
        f"unknown flow {id!r}" for id in (*leg.needs, *leg.follows) if id not in catalogue.flows
    )
    for end in leg.fax_tcp_at:
        if end not in ("from", "to"):
            yield f"fax_tcp_at must be from or to, not {end!r}"
    if leg.control_path and not any(
        leg.control_path in role.control_paths for role in roles.values()
    ):
        yield f"no role has the control path {leg.control_path!r}"
    yield from _about_ports(catalogue, leg)


def _about_ports(catalogue: Catalogue, leg: Leg) -> Iterator[str]:
    if not leg.ports and leg.media is None:
        yield "a leg needs ports or media"
    for token in leg.ports:
        owner, dot, key = token.rpartition(".")
        owners = (owner,) if dot else leg.responders
        listens = all(_listens(catalogue, name, key) for name in owners)
        if token not in DECIDED_PORTS and not listens:
            yield f"the responder has no listener {token!r}"
    if "provider_sip" in leg.ports and leg.transport is None:
        yield "provider_sip needs a transport"
    if leg.source and not all(_listens(catalogue, name, leg.source) for name in leg.initiators):
        yield f"source: the initiator has no listener {leg.source!r}"
    if leg.media is not None:
        for role in (*leg.initiators, *leg.responders, *leg.among):
            if leg.media not in catalogue.roles[role].media:
                yield f"{role} has no {leg.media.value} media"


def _listens(catalogue: Catalogue, role: str, key: str) -> bool:
    return role in catalogue.roles and key in catalogue.roles[role].listeners


def load_calls(catalogue: Catalogue) -> CallBook:
    """How calls run between the roles of a catalogue.

    Raises:
        SwyxError: a catalogue of the user's own has no calls, and lacks a flow or role of the bundled ones.
    """
    book = calls_of(catalogue)
    if lacking := find_lacking(book, catalogue):
        raise defect("", f"missing for calls: {', '.join(lacking)}")
    return book


def calls_of(catalogue: Catalogue) -> CallBook:
    """The catalogue's own calls, else the bundled ones, whether or not it has all that they name."""
    return catalogue.calls or bundled_calls()


def find_lacking(book: CallBook, catalogue: Catalogue) -> list[str]:
    """The flows, or else the roles, of which calls consist and which the catalogue has not."""
    steps = [step for way in book.ways for step in (*way.calling, *way.called)]
    steps += [step for way in book.links.values() for step in (*way.near_calls, *way.far_calls)]
    named = {flow for step in steps for flow in step.flows}
    roles = {*book.parties, book.server}
    return sorted(named - set(catalogue.flows)) or sorted(roles - set(catalogue.roles))


@cache
def bundled_calls() -> CallBook:
    """How calls run, whether or not a catalogue has all of it."""
    return Row("", _read_bundled("calls.yaml")).record(CallBook)


@cache
def load_windows() -> WindowsSettings:
    """The bundled settings; they are the same for every version of SwyxWare."""
    return Row("", _read_bundled("windows.yaml")).record(WindowsSettings)
