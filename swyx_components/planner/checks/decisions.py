"""What the article does not specify: errors for missing decisions, messages on what each opens."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.model import Egress
from swyx_components.messages import Message, errors_of, shorten
from swyx_components.planner.endpoints import Endpoint, EndpointPair
from swyx_components.planner.minimise import SiteRules
from swyx_components.planner.port_references import DCOM
from swyx_components.planner.topology import SiteTopology
from swyx_components.sets.ports import PortRange, PortSet

_ASSUMED = ("cornet-both", "dcom-tcp-only", "fax-udp-default")
_UNDECIDED = ("decision-missing", "decision-half", *_ASSUMED)
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
    view = site.flows.site
    yield from _missing(view, site.flows.flows.pairs)
    yield from site.flows.clashes
    pairs = site.flows.flows.pairs
    tokens = {token for pair in pairs for _, _, token in pair.exchange.decided}
    yield from _wide_ranges(view)
    yield from _narrow_ranges(view, tokens)
    yield from _defaults(view, tokens)


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
    undecided = [(pair, own) for pair in joined for own in pair.exchange.undecided_ports]
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
        inside = _find_inside(view.catalogue, ports) if preset and ports is not None else ()
        if inside:
            place = f"sites.{view.name}.decisions.{decision}"
            values = {"ports": ports, "inside": inside, "example": _NARROWED[decision]}
            yield Message.about("preset-wide", place, preset=preset, **values)


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
def _find_inside(catalogue: Catalogue, ports: PortRange) -> list[str]:
    """What else the catalogue knows inside a range: listeners, then services of administration."""
    listeners = (one for role in catalogue.roles.values() for one in role.listeners.values())
    known = [(one.role, part) for one in listeners for part in one.ports]
    known += catalogue.administration_ports.items()
    return list(dict.fromkeys(f"{name} {own}" for name, own in known if ports.overlaps(own)))


def _defaults(view: SiteTopology, tokens: set[str]) -> Iterator[Message]:
    """Notes on defaults in effect; the plan never decides silently."""
    place, decisions, catalogue = f"sites.{view.name}", view.site.decisions, view.catalogue
    roles = {role for endpoint in view.endpoints for role in endpoint.kind.roles}
    if not decisions.cornet_pinned and "cornet" in tokens:
        yield Message.about("cornet-both", f"{place}.decisions.cornet", ports=decisions.cornet)
    # A LinkManager has media over TCP too, for fax machines: where there are none, it carries none.
    faxes = any(
        catalogue.roles[role].media.get(Transport.TCP) and not catalogue.roles[role].serves_links
        for role in roles
    )
    if faxes and not decisions.fax_stated:
        yield Message.about("fax-udp-default", f"{place}.decisions.fax_transport")
    if decisions.dcom_transports == (Transport.TCP,) and tokens & DCOM:
        yield Message.about("dcom-tcp-only", f"{place}.decisions.dcom_transport")
    written = dict(view.site.control_path)
    for role in sorted(roles - set(written)):
        if path := view.control_path(role):
            at = f"{place}.control_path.{role}"
            yield Message.about("control-path-default", at, role=role, path=path)
    if services := _unanswered(view):
        egress = "uncovered-egress" if view.site.egress is Egress.CLOSED else "egress-open"
        yield Message.about(egress, f"{place}.egress", services=services)
    yield from _alone(view)
    for role in sorted(roles):
        for listener in catalogue.roles[role].listeners.values():
            if listener.never_a_rule:
                yield Message.about("multicast-not-routed", place, role=role, ports=listener.ports)


# Footnotes 1 and 2 of kb2308, and whose standard ports they give way to on one machine.
_FOOTNOTES, _STANDARD = {76, 77}, {"ras": "ras", "h225": "h225", "remote": "h225", "sip": "sip"}


def _unanswered(view: SiteTopology) -> list[str]:
    """The uncovered services, but those for which an extra rule of the site answers, in the planned way."""
    way, catalogue = "out" if view.site.egress is Egress.CLOSED else "in", view.catalogue
    opened = [part for own in view.site.extra_rules if own.direction == way for part in own.ports]
    if not opened:
        return list(catalogue.uncovered)
    ports = {service: [own] for service, own in catalogue.uncovered_ports.items()}
    ports |= {"administration": list(catalogue.administration_ports.values())}
    return [
        service
        for service in catalogue.uncovered
        if not any(part.overlaps(own) for own in ports.get(service, ()) for part in opened)
    ]


def _alone(view: SiteTopology) -> Iterator[Message]:
    """Ports that the article gives for one machine with the server, at a role that stands on its own."""
    known = view.catalogue.roles
    server = next((role for role in known.values() if role.once_per_site), None)
    if server is None or view.catalogue.source != "kb2308":
        return
    beside = {role for own in view.site.machines if server.name in own.roles for role in own.roles}
    for machine in view.site.machines:
        for role in () if server.name in machine.roles else machine.roles:
            listeners, ports = known[role].listeners, view.endpoint_of[machine.name].kind.ports
            kept = _find_footnoted(view.catalogue, role)
            if not kept or any(ports[role, key] != listeners[key].ports for key in kept):
                continue
            # Written for the site it would hold for the machine with the server too.
            at = f"sites.{view.name}" + f".machines.{machine.name}" * (role in beside)
            standard = {key: server.listeners[_STANDARD[key]] for key in kept if key in _STANDARD}
            example = ", ".join(f"{key}: {own.ports}" for key, own in standard.items())
            union = PortSet.union_of(part for key in kept for part in listeners[key].ports)
            values = {"server": server.name, "example": f"ports: {{{role}: {{{example}}}}}"}
            yield Message.about(
                "footnote-alone", f"{at}.ports.{role}", role=role, ports=union, **values
            )


@lru_cache(maxsize=1024)
def _find_footnoted(catalogue: Catalogue, role: str) -> Sequence[str]:
    """The listeners of a role in the footnotes and those that give way with them; empty without footnotes."""
    listeners = catalogue.roles[role].listeners
    told = {key for key, own in listeners.items() if _FOOTNOTES.intersection(own.lines)}
    return [key for key in listeners if told and (key in told or key in _STANDARD)]
