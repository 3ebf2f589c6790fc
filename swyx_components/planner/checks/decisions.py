"""What the article does not specify: errors for missing decisions, messages on what each opens."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.model import Egress
from swyx_components.messages import Message, errors_of, note_about, shorten
from swyx_components.planner.endpoints import Endpoint, EndpointPair
from swyx_components.planner.minimise import SiteRules
from swyx_components.planner.port_references import DCOM, ListenerKey
from swyx_components.planner.topology import SiteTopology
from swyx_components.sets.ports import PortRange, PortSet

_UNDECIDED = "decision-missing", "decision-half", "cornet-both", "dcom-tcp-only", "fax-udp-default"
_COLLISIONS = ("port-clash", "port-overlap")
_FEWEST_DCOM, _LOWEST_DCOM = 100, 5000  # as Microsoft advises for RPC
_REMEDY = {"dcom": "restricted", "h245": "tunnelled"}
_NARROWED = {
    "dcom": "`restricted` is 40000-40199",
    "h245": "for example 41000-41099; `tunnelled` needs none",
}
_RANGE = {"dcom": "a DCOM port range", "h245": "H.245 ports"}


def check_decisions(site: SiteRules) -> Iterator[Message]:
    """Errors for what is undecided or contradictory, warnings for wide ranges, notes for defaults."""
    view, pairs = site.flows.site, site.flows.flows.pairs
    if waiting := [pair for pair in pairs if pair[2].undecided_ports]:
        yield from _missing(view, waiting)
    yield from site.flows.clashes
    tokens = {token for _, _, exchange in pairs for _, _, token in exchange.decided}
    yield from _wide_ranges(view)
    yield from _narrow_ranges(view, tokens)
    yield from _defaults(view, tokens)
    yield from _check_machines(view)


def drop_consequences(planned: Iterable[Message], written: Iterable[Message]) -> Iterator[Message]:
    """What the plan has to say, but for what follows from an error in the file.

    A decision that the file has wrong is neither missing nor left to its default; a LinkManager may serve a
    link or provider that could not be read; ports that are refused collide with nothing.
    """
    errors = errors_of(written)
    refused = [error.place.split(".ports.") for error in errors if ".ports." in error.place]
    wrong = {place for message in errors for place in _decisions_meant(message)}
    unread = any(error.place.partition(".")[0] in ("links", "sip_providers") for error in errors)
    for message in planned:
        if unread and message.id == "serves-nothing":
            continue
        if message.id in _COLLISIONS and any(
            f"{message.place}.".startswith(f"{owner}.") and f"ports.{key} to " in message.remedy
            for owner, key in refused
        ):
            continue
        if message.id in _UNDECIDED:
            own, _, decision = message.place.rpartition(".")
            if not wrong.isdisjoint((own, message.place, "decisions", f"decisions.{decision}")):
                continue
        yield message


def _decisions_meant(message: Message) -> Iterator[str]:
    """The decision, or all of them, that a message of the file is about; as it should be spelled too."""
    parts = message.place.split(".")
    for last in (parts[-1], dict(message.values).get("near", parts[-1])):
        meant = [*parts[:-1], last]
        depth = 2 if parts[0] == "sites" else 0
        if meant[depth : depth + 1] == ["decisions"]:
            yield ".".join(meant[: depth + 2])


def _missing(view: SiteTopology, joined: Iterable[EndpointPair]) -> Iterator[Message]:
    """One message per site and decision, with each flow that waits for it and its first pair of ends."""
    pairs: dict[tuple[str, str], dict[str, set[str]]] = {}
    undecided = [(pair, own) for pair in joined for own in pair[2].undecided_ports]
    for (first, second, _), (forward, flow, decision) in undecided:
        initiator, responder = (first, second) if forward else (second, first)
        site = responder.site
        ends = f"{_called(initiator, site)} to {_called(responder, site)}"
        pairs.setdefault((site, decision), {}).setdefault(flow, set()).add(ends)
    halves = {"server": view.site.decisions.dcom_server, "client": view.site.decisions.dcom_client}
    absent = [half for half, ports in halves.items() if ports is None]
    for (site, decision), waiting in pairs.items():
        place = f"sites.{site}.decisions.{decision}"
        flows = [own for own in view.catalogue.flows if own in waiting]
        told = [f"{flow} ({' '.join(shorten(sorted(waiting[flow]), 1))})" for flow in flows]
        if decision == "dcom" and len(absent) == 1:
            yield Message.about("decision-half", place, half=absent[0], parties=told)
        else:
            values = {"example": _REMEDY[decision], "ports": _RANGE[decision], "parties": told}
            yield Message.about("decision-missing", place, decision=decision, **values)


def _called(endpoint: Endpoint, site: str) -> str:
    label = "/".join(endpoint.members)
    return label if endpoint.site in ("", site) else f"{endpoint.site}.{label}"


def _wide_ranges(view: SiteTopology) -> Iterator[Message]:
    """The presets that name a whole ephemeral range: what else lies inside it."""
    decisions = view.site.decisions
    for decision, preset, ports in (
        ("dcom", decisions.dcom_preset, decisions.dcom_server),
        ("h245", decisions.h245_preset, decisions.h245[0] if decisions.h245 else None),
    ):
        if preset and ports and (inside := _find_inside(view.catalogue, ports)):
            place = f"sites.{view.name}.decisions.{decision}"
            values = {"ports": ports, "inside": inside, "example": _NARROWED[decision]}
            yield note_about("preset-wide", preset=preset, **values).of(view.file, place)


def _narrow_ranges(view: SiteTopology, tokens: set[str]) -> Iterator[Message]:
    """DCOM ranges of your own that are smaller or lower than Microsoft advises."""
    made, place = view.site.decisions, f"sites.{view.name}.decisions.dcom"
    halves = {".server": made.dcom_server, ".client": made.dcom_client}
    if made.dcom_server == made.dcom_client:
        halves = {"": made.dcom_server}
    for half, ports in () if made.dcom_preset else halves.items():
        used = {key for key in tokens & DCOM if key.endswith(half[1:])}
        if ports is None or not used:
            continue
        count = ports.last - ports.first + 1
        problems = [f"{count} port{'s' * (count > 1)}"] if count < _FEWEST_DCOM else []
        problems += [f"below {_LOWEST_DCOM}"] if ports.first < _LOWEST_DCOM else []
        if problems:
            yield Message.about("dcom-narrow", f"{place}{half}", ports=ports, problem=problems)


@lru_cache(maxsize=64)
def _find_inside(catalogue: Catalogue, ports: PortRange) -> tuple[str, ...]:
    """What else the catalogue knows inside a range: listeners, then services of administration."""
    listeners = (one for role in catalogue.roles.values() for one in role.listeners.values())
    known = [(one.role, part) for one in listeners for part in one.ports]
    known += catalogue.administration_ports.items()
    return tuple(dict.fromkeys(f"{name} {own}" for name, own in known if ports.overlaps(own)))


def _defaults(view: SiteTopology, tokens: set[str]) -> Iterator[Message]:
    """Notes on defaults in effect; the plan never decides silently."""
    place, site, decisions = f"sites.{view.name}", view.site, view.site.decisions
    if not decisions.cornet_pinned and "cornet" in tokens:
        note = note_about("cornet-both", ports=decisions.cornet)
        yield note.of(view.file, f"{place}.decisions.cornet")
    if decisions.dcom_transports == (Transport.TCP,) and not tokens.isdisjoint(DCOM):
        yield note_about("dcom-tcp-only").of(view.file, f"{place}.decisions.dcom_transport")
    settled = [f".control_path.{role}" for role, _ in site.control_path]
    settled += [".decisions.fax_transport"] * decisions.fax_stated
    for role in {role for end in view.endpoints for role in end.kind.roles}:
        for setting, note in _notes_about(view.catalogue, role):
            if setting not in settled:
                yield note.of(view.file, place + setting)
    if services := _unanswered(view):
        id = "uncovered-egress" if site.egress is Egress.CLOSED else "egress-open"
        yield note_about(id, services=services).of(view.file, f"{place}.egress")


@lru_cache(maxsize=1024)
def _notes_about(catalogue: Catalogue, role: str) -> Sequence[tuple[str, Message]]:
    """The notes at every site with the role, without the site, each after the setting that spares it."""
    own, notes = catalogue.roles[role], []
    # A LinkManager has media over TCP too, for fax machines: where there are none, it carries none.
    if own.media.get(Transport.TCP) and not own.serves_links:
        notes.append((".decisions.fax_transport", Message.about("fax-udp-default", "")))
    for path in own.control_paths[:1]:
        note = Message.about("control-path-default", "", role=role, path=path)
        notes.append((f".control_path.{role}", note))
    for ports in [each.ports for each in own.listeners.values() if each.never_a_rule]:
        notes.append(("", Message.about("multicast-not-routed", "", role=role, ports=ports)))
    return notes


def _unanswered(view: SiteTopology) -> tuple[str, ...]:
    """The uncovered services, but those for which an extra rule of the site answers, in the planned way."""
    way, catalogue = "out" if view.site.egress is Egress.CLOSED else "in", view.catalogue
    opened = [part for own in view.site.extra_rules if own.direction == way for part in own.ports]
    if not opened:
        return catalogue.uncovered
    ports = {service: [own] for service, own in catalogue.uncovered_ports.items()}
    ports |= {"administration": list(catalogue.administration_ports.values())}
    return tuple(
        service
        for service in catalogue.uncovered
        if not any(part.overlaps(own) for own in ports.get(service, ()) for part in opened)
    )


# Footnotes 1 and 2 of kb2308, and whose standard ports they give way to on one machine.
_FOOTNOTES, _STANDARD = {76, 77}, {"ras": "ras", "h225": "h225", "remote": "h225", "sip": "sip"}


def _check_machines(view: SiteTopology) -> Iterator[Message]:
    """LinkManagers that serve nothing; ports meant for a machine with the server, at a role without it."""
    for machine in view.site.machines:
        changed = view.endpoint_of[machine.name].kind.changed
        for role in machine.roles:
            both, kept, note = _footnoted(view.catalogue, role)
            if kept and not both.issubset(machine.roles) and changed.isdisjoint(kept):
                # Written for the site it would hold for the machine with the server too.
                beside = any(both.issubset(own.roles) for own in view.site.machines)
                at = f"sites.{view.name}" + f".machines.{machine.name}" * beside
                yield note.of(view.file, f"{at}.ports.{role}")
            if view.catalogue.roles[role].serves_links and machine.name not in view.serving:
                place = f"sites.{view.name}.machines.{machine.name}"
                yield Message.about("serves-nothing", place, role=role)


@lru_cache(maxsize=1024)
def _footnoted(catalogue: Catalogue, role: str) -> tuple[set[str], set[ListenerKey], Message]:
    """A role and the server; its listeners in the footnotes and those that give way; what is told."""
    server = next((own.name for own in catalogue.roles.values() if own.once_per_site), "")
    listeners, given = catalogue.roles[role].listeners, catalogue.roles[server or role].listeners
    told = {key for key, own in listeners.items() if _FOOTNOTES.intersection(own.lines)}
    has_any = server and told and catalogue.source == "kb2308"
    kept = [key for key in listeners if has_any and (key in told or key in _STANDARD)]
    standard = [f"{key}: {given[_STANDARD[key]].ports}" for key in kept if key in _STANDARD]
    union = PortSet.union_of(part for key in kept for part in listeners[key].ports)
    values = {"server": server, "example": f"ports: {{{role}: {{{', '.join(standard)}}}}}"}
    note = Message.about("footnote-alone", "", role=role, ports=union, **values)
    return {server, role}, {(role, key) for key in kept}, note
