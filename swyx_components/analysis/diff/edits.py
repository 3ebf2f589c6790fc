"""What two installations say differently, as places of the file, and which of it is behind a changed rule."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from swyx_components.catalogue.model import FlowRow
from swyx_components.installation.model import ExtraRule, Installation, PortOverrides
from swyx_components.planner.endpoints import Flow
from swyx_components.planner.model import Direction, Rule, SitePlan
from swyx_components.sets.ports import PortRange
from swyx_components.sets.prefixes import Prefix

_PROVIDER = "cidrs", "signalling_cidrs", "media_cidrs", "link_manager", "media_ports", "sip_port"

_DECISION = {"dcom_server": ("dcom", "dcom_transport"), "dcom_client": ("dcom", "dcom_transport")}
_INSIDE = ("site", "devices")  # scopes that no link or provider plays a part in
_Facts = dict[str, str]  # key -> what is written, "" where nothing is
_Subject = tuple[str, str, str]  # an item with its own facts: its site, part of the file, name


class Edit(NamedTuple):
    """One difference; `old` or `new` is empty where nothing stands.

    `site` is empty for what belongs to no site; `name` is the machine, network, link or provider,
    `kind` the part of the file, `key` what differs of it (empty: all of it came or went).
    """

    site: str
    kind: str
    name: str
    key: str
    old: str
    new: str

    @property
    def place(self) -> str:
        """Where it is, as in messages."""
        return ".".join(filter(None, ("sites" if self.site else "", *self[:4])))


def find_edits(old: Installation, new: Installation) -> tuple[Edit, ...]:
    """Every difference between two installations, by place. A site that came or went is one."""
    before, after = dict(_subjects(old)), dict(_subjects(new))
    lone = set(old.sites) ^ set(new.sites)
    found: list[Edit] = []
    for subject in sorted({*before, *after}):
        site, kind, _ = subject
        if site in lone and kind:
            continue
        one, other = before.get(subject), after.get(subject)
        if one is None or other is None:
            one, other = {"": _join(one)}, {"": _join(other)}
        for key in sorted({*one, *other}):
            was, now = one.get(key, ""), other.get(key, "")
            if was != now:
                found.append(Edit(*subject, key, was, now))
    return tuple(found)


def find_affected(old: Installation, new: Installation) -> frozenset[str]:
    """The sites whose plans may differ: those edited, those linked to them, those of links and providers."""
    # With other quotas rules may be spread otherwise.
    either = {*old.sites, *new.sites}
    if (old.catalogue, old.quotas) != (new.catalogue, new.quotas):
        return frozenset(either)
    touched = {name for name in either if old.sites.get(name) != new.sites.get(name)}
    affected = touched | {own.site for own in {*old.providers} ^ {*new.providers}}
    changed = {*old.links} ^ {*new.links}
    for link in {*old.links, *new.links}:
        if link in changed or touched & {link.near, link.far}:
            affected |= {link.near, link.far}
    return frozenset(affected)


def _join(facts: _Facts | None) -> str:
    return "; ".join(f"{key} {value}" for key, value in (facts or {}).items() if value)


def _subjects(installation: Installation) -> Iterator[tuple[_Subject, _Facts]]:
    yield ("", "", ""), {"swyxware": installation.catalogue.version}
    for cloud, limits in installation.quotas.items():
        yield ("", "quotas", cloud), {key: str(value) for key, value in limits.items()}
    for name, site in installation.sites.items():
        flows = {"flows.enable": _write(site.enabled), "flows.disable": _write(site.disabled)}
        yield (name, "", ""), _facts(site, "egress", "sip_devices", "summary") | flows
        # A preset in place of the same range changes nothing.
        ranges = replace(site.decisions, dcom_preset="", h245_preset="")
        yield (name, "decisions", ""), ranges.as_words()
        yield (name, "ports", ""), _overrides(site.ports)
        yield (name, "control_path", ""), dict(site.control_path)
        for network in site.networks:
            cidrs = {"cidrs": _write(network.addresses)}
            yield (name, "networks", network.name), cidrs | _facts(network, "roles", "managed")
        for machine in site.machines:
            facts = _facts(machine, "addresses", "roles") | _overrides(machine.ports, "ports.")
            yield (name, "machines", machine.name), facts | {"outside": _write(not machine.managed)}
        for rule in site.extra_rules:
            yield (name, "extra_rules", _extra_rule(rule)), {"reason": rule.reason}
    for link in installation.links:
        sites = {"sites": ", ".join(sorted((link.near, link.far)))}
        facts = _facts(link, "mode") | sites | {"link_managers": _write(link.managers)}
        yield ("", "links", link.name), facts
    for provider in installation.providers:
        yield ("", "sip_providers", provider.name), _facts(provider, *_PROVIDER)


def _overrides(ports: PortOverrides, start: str = "") -> _Facts:
    return {f"{start}{role}.{key}": str(range_) for (role, key), range_ in ports}


def _extra_rule(rule: ExtraRule) -> str:
    """What the rule says, as its name: its place in the list says nothing."""
    towards = "from" if rule.direction == "in" else "to"
    ports = f" {rule.ports}" if rule.ports else ""
    packets = f"{rule.direction} {rule.protocol}{ports} {towards} {_write(rule.peers)}"
    return f"({rule.machine} {packets})"


def _facts(part: object, *keys: str) -> _Facts:
    return {key: _write(getattr(part, key)) for key in keys}


def _write(value: object) -> str:
    """As a file has it: what a list holds, nothing for what is not set."""
    match value:
        case Prefix():
            return value.short
        case Enum():
            return str(value.value)
        case bool():
            return "true" if value else ""
        case tuple() if not isinstance(value, PortRange):
            return ", ".join(map(_write, value))
        case frozenset():
            return ", ".join(sorted(value))
    return str(value)


# ---- causes


class Causes:
    """Finds the causes of one site's changes: the flows that only one of its plans has, and the edits."""

    def __init__(
        self,
        site: str,
        old: SitePlan | None,
        new: SitePlan | None,
        renamed: Mapping[str, str],
        edits: Iterable[Edit],
        rows: Mapping[str, FlowRow],
    ) -> None:
        names = {(site, was): now for was, now in renamed.items()}
        before = {flow.content(names): flow for flow in (old.flows if old else ())}
        after = {flow.content(): flow for flow in (new.flows if new else ())}
        changed = [flow for key, flow in before.items() if key not in after]
        changed += [flow for key, flow in after.items() if key not in before]
        sites = {site} | {end.site for flow in changed for end in (flow.initiator, flow.responder)}
        self._site = site
        self._edits = [edit for edit in edits if not edit.site or edit.site in sites]
        self._rows = rows
        self._changed: dict[str, list[tuple[int, Flow]]] = {}  # by id, each with its place
        for numbered in enumerate(changed):
            self._changed.setdefault(numbered[1].flow, []).append(numbered)

    def of(
        self, group: Collection[str], rules: Iterable[Rule | None]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of the changed flows behind a rule before and after, and the places of edits.

        `group`: what its host group, or its machine where each is a group, is called, before and after.
        """
        known = [rule for rule in rules if rule is not None]
        ids = dict.fromkeys(id for rule in known for id in rule.flows)
        numbered = (own for id in ids for own in self._changed.get(id, ()))
        behind = [
            flow
            for _, flow in sorted(numbered)
            if any(self._is_behind(flow, rule, group) for rule in known)
        ]
        extra = any(id not in self._rows for id in ids)
        places = (
            edit.place
            for edit in self._edits
            if (extra and edit.kind == "extra_rules" and edit.site == self._site)
            or any(self._touches(edit, flow) for flow in behind)
        )
        return tuple(dict.fromkeys(flow.flow for flow in behind)), tuple(dict.fromkeys(places))

    def _is_behind(self, flow: Flow, rule: Rule, group: Collection[str]) -> bool:
        """Whether the group's rule allows some of the flow's packets, on behalf of the flow."""
        own = flow.responder if rule.direction is Direction.IN else flow.initiator
        return (
            flow.flow in rule.flows
            and own.site == self._site
            and any(name in group for name in (own.label, *own.members))
            and flow.transport.value == rule.protocol.value
            and flow.source_ports in (rule.source_ports or (flow.source_ports,))
            and rule.ports is not None
            and bool(flow.ports & rule.ports)
        )

    def _touches(self, edit: Edit, flow: Flow) -> bool:
        """Whether what was edited plays a part in the flow."""
        ends = (flow.initiator, flow.responder)
        if edit.site and edit.site not in {end.site for end in ends}:
            return False
        legs = self._rows[flow.flow].legs
        match edit.kind:
            case "machines" | "networks":
                return any(edit.name in (end.label, *end.members) for end in ends)
            case "decisions":
                tokens = {token for leg in legs for token in leg.ports}
                tokens |= {"fax_transport" for leg in legs if leg.fax_tcp_at}
                return any(edit.key in _DECISION.get(token, (token,)) for token in tokens)
            case "ports" | "control_path":
                return edit.key.partition(".")[0] in (flow.initiator_role, flow.responder_role)
            case "links":
                return any(leg.scope not in _INSIDE for leg in legs)
            case "sip_providers":
                return f"provider {edit.name}" in {end.label for end in ends}
            case "" if edit.key.startswith("flows."):
                return flow.flow in f"{edit.old}, {edit.new}".split(", ")
            case "":  # a whole site, or its SIP devices
                return bool(edit.site) and edit.key != "egress"
            case _:
                return False
