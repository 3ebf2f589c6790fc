"""Read what is set: decisions of the file and of a site, ports, flows on and off, control paths."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from swyx_components.catalogue.model import Catalogue, Listener, Phase, Role, Transport
from swyx_components.installation.context import Node, as_text
from swyx_components.installation.model import Decisions, PortOverrides
from swyx_components.installation.values import (
    distinct,
    note_unpaired,
    read_list,
    read_port,
    read_range,
    read_word,
)
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet

TCP, UDP = Transport.TCP, Transport.UDP
_TUNNELLED = "tunnelled"
_DCOM_ONLY = "restricted"  # a range kept clear for DCOM on the hosts, so no preset of H.245
_ALL_MEDIA = "media"  # of a role whose listeners are media_udp and media_tcp, it means both

Fields = dict[str, Any]


def read_decisions(node: Node, inherited: Decisions) -> Decisions:
    """The decisions written at a place, over those it inherits."""
    written = node.open("decisions")
    fields: Fields = {}
    for key in [key for key in _DECISIONS if key in written]:
        fields |= _DECISIONS[key](node.child(key))
    return replace(inherited, **fields) if fields else inherited


def _read_dcom(node: Node) -> Fields:
    if type(node.value) is dict:
        node.open("dcom_ranges")
        server, client = (
            _without_mapper(node.child(key), node.read(key, read_range, None))
            for key in ("server", "client")
        )
        return {"dcom_server": server, "dcom_client": client, "dcom_preset": ""}
    presets = node.context.catalogue.presets
    preset, ports = _preset_or_range(node, presets, _DCOM_ONLY, "dcom: 40000-40199")
    ports = _without_mapper(node, ports)
    return {"dcom_server": ports, "dcom_client": ports, "dcom_preset": preset} if ports else {}


def _without_mapper(node: Node, ports: PortRange | None) -> PortRange | None:
    """A range of DCOM, unless it holds the endpoint mapper's port, which is reported."""
    mapper = node.context.catalogue.endpoint_mapper
    if ports is None or not mapper & PortSet((ports,)):
        return ports
    node.add("dcom-holds-mapper", ports=ports, mapper=mapper)
    return None


def _read_h245(node: Node) -> Fields:
    if node.value == _TUNNELLED:
        return {"h245": NO_PORTS, "h245_preset": ""}
    presets: dict[str, PortRange | None] = {_TUNNELLED: None, **node.context.catalogue.presets}
    presets.pop(_DCOM_ONLY, None)
    preset, ports = _preset_or_range(node, presets, _TUNNELLED, "h245: 41000-41099")
    return {"h245": PortSet((ports,)), "h245_preset": preset} if ports else {}


def _preset_or_range(
    node: Node, presets: Mapping[str, PortRange | None], usual: str, example: str
) -> tuple[str, PortRange | None]:
    """The name of a preset, if it is one, and the ports."""
    text = as_text(node.value)
    if text is None:
        node.wrong_type("a preset or ports", f"{node.key}: {usual}")
    elif text in presets:
        return text, presets[text]
    elif text[:1].isdigit():
        node.example = example
        return "", read_range(node)
    else:
        node.unknown("preset", text, tuple(presets), example.partition(": ")[2])
    return "", None


def _read_dcom_transport(node: Node) -> Fields:
    word = read_word(node, ("tcp", "both"))
    return {"dcom_transports": (TCP,) if word == "tcp" else (TCP, UDP)} if word else {}


def _read_fax_transport(node: Node) -> Fields:
    word = read_word(node, ("udp", "tcp", "both"))  # with TCP always both
    transports = (UDP,) if word == "udp" else (TCP, UDP)
    return {"fax_transports": transports, "fax_stated": True} if word else {}


def _read_cornet(node: Node) -> Fields:
    """One of the article's CorNet ports, or a list of them."""
    listed = node.context.catalogue.cornet
    known = {str(port): port for first, last in listed for port in range(first, last + 1)}
    nodes = [node]
    if type(node.value) is list:
        nodes = [node.item(index) for _, index in distinct(node, read_list(node))]
    words = filter(None, [read_word(each, known) for each in nodes])
    ports = PortSet.of(*((known[word], known[word]) for word in words))
    return {"cornet": ports, "cornet_pinned": True} if ports else {}


_DECISIONS: dict[str, Callable[[Node], Fields]] = {
    "dcom": _read_dcom,
    "dcom_transport": _read_dcom_transport,
    "h245": _read_h245,
    "fax_transport": _read_fax_transport,
    "cornet": _read_cornet,
}


def read_overrides(node: Node, carried: Collection[str] | None) -> PortOverrides:
    """The ports changed at a place that carries these roles (None: not known, so all may be there)."""
    overrides: dict[tuple[str, str], PortRange] = {}
    catalogue = node.context.catalogue
    for name in sorted(node.mapping()):
        child = node.child(name)
        if name not in catalogue.roles:
            child.unknown("role", name, catalogue.roles)
            continue
        if carried is not None and name not in carried:
            child.add("override-absent", role=name, carried=catalogue.in_order(carried))
        overrides |= _read_role(child, catalogue.roles[name])
    return tuple(sorted(overrides.items()))


def _read_role(node: Node, role: Role) -> dict[tuple[str, str], PortRange]:
    meant, node.examples = _find_keys(node.context.catalogue, role.name)
    open_keys = list(node.examples)
    example = f"{role.name}: {{{next(iter(open_keys), _ALL_MEDIA)}: 50000}}"
    overrides: dict[tuple[str, str], PortRange] = {}
    for key in sorted(node.mapping(example)):
        child = node.child(key)
        listeners = meant.get(key, [])
        if not listeners and open_keys:
            child.unknown("listener", key, open_keys)
        elif not listeners or not listeners[0].overridable:
            child.add("override-fixed", role=role.name, key=key, keys=open_keys or "none")
        elif len(listeners) > 1 and (
            both := sorted({one.key for one in listeners} & node.value.keys())
        ):
            child.add("override-twice", key=key, others=both)
        elif ports := _read_ports(child, listeners):
            overrides |= {(role.name, listener.key): ports for listener in listeners}
            if not all(listener.configurable for listener in listeners):
                child.add("setting-unnamed", role=role.name, key=key, ports=ports)
            if any(one.phase is Phase.MEDIA and UDP in one.transports for one in listeners):
                note_unpaired(child, role.name, ports)
    return overrides


@lru_cache(maxsize=64)
def _find_keys(
    catalogue: Catalogue, role: str
) -> tuple[Mapping[str, Sequence[Listener]], dict[str, str]]:
    """The listeners that each key of an override means; an example for each that may be written."""
    listeners = catalogue.roles[role].listeners
    media = [one for key, one in listeners.items() if key.startswith(f"{_ALL_MEDIA}_")]
    single = {key: [listener] for key, listener in listeners.items()}
    meant = {_ALL_MEDIA: media, **single} if media else single
    may_be_written = [(key, own[0].ports) for key, own in meant.items() if own[0].overridable]
    return meant, {key: f"{key}: {next(iter(own), 50000)}" for key, own in may_be_written}


def _read_ports(node: Node, listeners: Sequence[Listener]) -> PortRange | None:
    listener = listeners[0]
    ports = read_range(node) if listener.allocated else read_port(node)
    if ports is None:
        return None
    multicast = covered_multicast(node.context.catalogue, ports)
    if multicast and any(UDP in one.transports for one in listeners):
        node.add("multicast-covered", ports=ports, multicast=multicast)
    elif listener.narrow_only and not listener.ports.covers(ports):
        node.add("override-wider", ports=ports, limits=listener.ports)
    else:
        return ports
    return None


@lru_cache(maxsize=1024)
def covered_multicast(catalogue: Catalogue, ports: PortRange) -> PortSet | None:
    """The UDP ports inside a range that never become a rule, or None."""
    listeners = (one for role in catalogue.roles.values() for one in role.listeners.values())
    never = (one.ports for one in listeners if one.never_a_rule)
    return next((multicast for multicast in never if multicast & PortSet((ports,))), None)


def read_flows(node: Node, on_networks: set[str]) -> Fields:
    """The flows enabled and disabled. `on_networks` are the roles that the site's networks carry."""
    node.open("flows")
    context = node.context
    rows = context.catalogue.flows
    enabled, disabled = _flow_ids(node, "enable"), _flow_ids(node, "disable")
    for id_, item in sorted(enabled.items()):
        legs = [leg for leg in rows[id_].legs if leg.machines_only]
        ends = {role for leg in legs for role in (*leg.initiators, *leg.responders)} & on_networks
        if ends:
            item.add("flow-on-network", flow=id_, roles=context.catalogue.in_order(ends))
            del enabled[id_]
    return {"enabled": frozenset(enabled), "disabled": frozenset(disabled)}


def _flow_ids(node: Node, key: str) -> dict[str, Node]:
    """The allowed ids of one list, if it is written, with the place of each."""
    found: dict[str, Node] = {}
    if key not in node.value:
        return found
    list_, known = node.child(key), node.context.catalogue.flows
    enables, rows = key == "enable", known.values()
    other = node.value.get("disable" if enables else "enable")
    allowed = [row.id for row in rows if (row.may_be_enabled if enables else row.may_be_disabled)]
    for id_, index in distinct(list_, read_list(list_, may_be_empty=True)):
        item = list_.item(index)
        if id_ not in known:
            item.unknown("flow", id_, allowed)
        elif type(other) is list and id_ in other:
            if enables:
                item.add("flow-both", flow=id_)
        elif id_ not in allowed:
            evidence = known[id_].evidence.value
            item.add(f"flow-not-{key}d", flow=id_, evidence=evidence, allowed=allowed)
        else:
            found[id_] = item
    return found


def read_control_paths(node: Node) -> tuple[tuple[str, str], ...]:
    """The ways of call control that the user chose, by role."""
    roles = node.context.catalogue.roles
    chosen = []
    for name in sorted(node.mapping()):
        child = node.child(name)
        if name not in roles:
            child.unknown("role", name, roles)
        elif not roles[name].control_paths:
            free = [role.name for role in roles.values() if role.control_paths]
            child.add("control-path-fixed", role=name, free=free)
        elif path := read_word(child, roles[name].control_paths):
            chosen.append((name, path))
    return tuple(chosen)
