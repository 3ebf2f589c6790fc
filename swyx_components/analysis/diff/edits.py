"""What two installations say differently, as places of the file with the words before and after."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from swyx_components.analysis.explain.places import owners_of, short
from swyx_components.installation.model import (
    Decisions,
    ExtraRule,
    Installation,
    Machine,
    Network,
    PortOverrides,
    Site,
)
from swyx_components.sets.prefixes import Prefix

_Facts: TypeAlias = dict[str, str]  # key -> what is written, "" where nothing is


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """One difference. `place` as in messages; `old` or `new` is empty where nothing stands.

    `site` is empty for what belongs to no site; `name` is the machine, network, link or provider,
    `kind` the part of the file, `key` what differs of it (empty: all of it came or went).
    """

    place: str
    old: str
    new: str
    site: str = ""
    kind: str = ""
    name: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, order=True)
class _Subject:
    """What has facts of its own: a machine, a site's decisions, a link."""

    site: str
    kind: str
    name: str

    @property
    def place(self) -> str:
        parts = ("sites", self.site) if self.site else ()
        return ".".join(part for part in (*parts, self.kind, self.name) if part)


def find_edits(old: Installation, new: Installation) -> tuple[Edit, ...]:
    """Every difference between two installations, by place. A site that came or went is one."""
    before, after = dict(_subjects(old)), dict(_subjects(new))
    lone = set(old.sites) ^ set(new.sites)
    found: list[Edit] = []
    for subject in sorted({*before, *after}):
        if subject.site in lone and subject.kind:
            continue
        one, other = before.get(subject), after.get(subject)
        if one is None or other is None:
            found.append(_edit(subject, "", _told(one), _told(other)))
        elif one != other:
            found += (
                _edit(subject, key, one.get(key, ""), other.get(key, ""))
                for key in sorted({*one, *other})
                if one.get(key, "") != other.get(key, "")
            )
    return tuple(found)


def find_affected(old: Installation, new: Installation, edits: Sequence[Edit]) -> frozenset[str]:
    """The sites whose plans may differ: those edited, those linked to them, those of links and providers."""
    if old.catalogue != new.catalogue:
        return frozenset({*old.sites, *new.sites})
    if any(edit.kind == "quotas" for edit in edits):  # rules may be spread otherwise
        return frozenset({*old.sites, *new.sites})
    touched = {name for name in old.sites if old.sites[name] != new.sites.get(name)}
    named: set[tuple[str, str]] = set()
    for edit in edits:
        touched |= {edit.site} - {""}
        named.add((edit.kind, edit.name))
    affected = set(touched)
    for installation in (old, new):
        for link in installation.links:
            ends = {link.near, link.far}
            if ends & touched or ("links", link.name) in named:
                affected |= ends
        for provider in installation.providers:
            if ("sip_providers", provider.name) in named:
                affected.add(provider.site)
    return frozenset(affected)


def _edit(subject: _Subject, key: str, old: str, new: str) -> Edit:
    place = f"{subject.place}.{key}" if key and subject.place else subject.place or key
    return Edit(
        place=place,
        old=old,
        new=new,
        site=subject.site,
        kind=subject.kind,
        name=subject.name,
        key=key,
    )


def _told(facts: _Facts | None) -> str:
    return "; ".join(f"{key} {value}" for key, value in (facts or {}).items() if value)


def _subjects(installation: Installation) -> Iterator[tuple[_Subject, _Facts]]:
    yield _Subject("", "", ""), {"swyxware": installation.catalogue.version}
    for cloud, limits in installation.quotas.items():
        yield _Subject("", "quotas", cloud), {key: str(value) for key, value in limits.items()}
    for site in installation.sites.values():
        yield from _site_subjects(site)
    for link in installation.links:
        yield (
            _Subject("", "links", link.name),
            {
                "mode": link.mode.value,
                "sites": f"{link.near}, {link.far}",
                "link_managers": ", ".join(filter(None, (link.near_manager, link.far_manager))),
            },
        )
    for provider in installation.providers:
        yield (
            _Subject("", "sip_providers", provider.name),
            {
                "cidrs": _listed(provider.cidrs),
                "link_manager": provider.link_manager,
                "media_ports": str(provider.media_ports),
                "sip_port": str(provider.sip_port),
            },
        )


def _site_subjects(site: Site) -> Iterator[tuple[_Subject, _Facts]]:
    yield (
        _Subject(site.name, "", ""),
        {
            "egress": site.egress.value,
            "sip_devices": _listed(site.sip_devices),
            "flows.enable": ", ".join(sorted(site.enabled)),
            "flows.disable": ", ".join(sorted(site.disabled)),
        },
    )
    yield _Subject(site.name, "decisions", ""), _decisions(site.decisions)
    yield _Subject(site.name, "ports", ""), _overrides(site.ports)
    yield _Subject(site.name, "control_path", ""), dict(site.control_path)
    for owner in owners_of(site):
        yield _owner(site.name, owner)
    for rule in sorted(site.extra_rules, key=lambda rule: rule.index):
        yield _Subject(site.name, "extra_rules", _extra_rule(rule)), {"reason": rule.reason}


def _owner(site: str, owner: Machine | Network) -> tuple[_Subject, _Facts]:
    if isinstance(owner, Network):
        facts = {"cidrs": _listed(owner.cidrs), "roles": ", ".join(owner.roles)}
        return _Subject(site, "networks", owner.name), facts
    facts = {"addresses": _listed(owner.addresses), "roles": ", ".join(owner.roles)}
    ports = {f"ports.{key}": value for key, value in _overrides(owner.ports).items()}
    return _Subject(site, "machines", owner.name), facts | ports


def _decisions(decisions: Decisions) -> _Facts:
    h245 = decisions.h245
    return {
        "dcom": ", ".join(
            f"{end} {ports}"
            for end, ports in (("server", decisions.dcom_server), ("client", decisions.dcom_client))
            if ports is not None
        ),
        "dcom_transport": ", ".join(t.value for t in decisions.dcom_transports),
        "h245": "" if h245 is None else str(h245) if h245 else "tunnelled",
        "fax_transport": ", ".join(t.value for t in decisions.fax_transports),
        "cornet": str(decisions.cornet),
    }


def _overrides(ports: PortOverrides) -> _Facts:
    return {f"{role}.{key}": str(range_) for (role, key), range_ in ports}


def _extra_rule(rule: ExtraRule) -> str:
    """What the rule says, as its name: its place in the list says nothing."""
    towards = "from" if rule.direction == "in" else "to"
    ports = f" {rule.ports}" if rule.ports else ""
    words = (
        f"{rule.machine} {rule.direction} {rule.protocol}{ports} {towards} {_listed(rule.peers)}"
    )
    return f"({words})"


def _listed(prefixes: Iterable[Prefix]) -> str:
    return ", ".join(short(prefix) for prefix in prefixes)
