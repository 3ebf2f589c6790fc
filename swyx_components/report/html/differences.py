"""Two installations, rule by rule: what one opens and the other does not.

Each site's rules are lines of text, so that sites of one shape are written once and two large
installations are compared as sets.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from swyx_components.installation.model import Installation
from swyx_components.planner.deployed.compare import Change, Comparison
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import Spec
from swyx_components.planner.neutral import render_neutral
from swyx_components.report.tables import spec_row

_BETWEEN = "\t"  # in no name and no address


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that only one of two sides has; `kind` says what: a site, a machine, a rule, ..."""

    side: str  # "plan": only this plan has it; "other": only the other side; "fault": the two do not fit
    kind: str
    place: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All differences from one other side; `other` says in words what that is."""

    other: str
    rows: tuple[Difference, ...]
    remarks: tuple[str, ...] = ()

    def count(self, side: str) -> int:
        return sum(row.side == side for row in self.rows)


def write_rules(judged: Judged) -> str:
    """A site's rules as lines of group, direction, ports, source ports, peer and flows."""
    rendered = render_neutral(judged.plan)
    return "\n".join(
        _BETWEEN.join((entry.group.name, *spec_row(spec)))
        for entry in rendered.groups
        for spec in entry.specs
    )


def compare_installations(
    ours: tuple[Installation, Mapping[str, str]], others: tuple[Installation, Mapping[str, str]]
) -> Differences:
    """Differences of two installations, each with the rule lines of its sites."""
    (own, own_lines), (other, other_lines) = ours, others
    rows = [*_things("plan", own, other), *_things("other", other, own)]
    for site in sorted({*own_lines, *other_lines}):
        sides = (own_lines.get(site, ""), other_lines.get(site, ""))
        new, old = (dict.fromkeys(text.splitlines()) for text in sides)
        rows += _rules("plan", site, new.keys() - old.keys())
        rows += _rules("other", site, old.keys() - new.keys())
    return Differences(other=other.file, rows=tuple(rows))


def _rules(side: str, site: str, lines: Iterable[str]) -> Iterator[Difference]:
    for line in sorted(lines):
        group, *cells = line.split(_BETWEEN)
        words = tuple(filter(None, cells))
        yield Difference(side=side, kind="rule", place=f"{site}/{group}", words=words)


def _things(side: str, own: Installation, other: Installation) -> Iterator[Difference]:
    """Sites, machines, networks and links that only one has, or has otherwise."""
    theirs = set(_inventory(other))
    for kind, place, words in _inventory(own):
        if (kind, place, words) not in theirs:
            yield Difference(side=side, kind=kind, place=place, words=words)


def _inventory(installation: Installation) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for site in installation.sites.values():
        yield "site", site.name, ()
        for machine in site.machines:
            addresses = ", ".join(address.address for address in machine.addresses)
            yield "machine", f"{site.name}/{machine.name}", (addresses, ", ".join(machine.roles))
        for network in site.networks:
            cidrs = ", ".join(map(str, network.cidrs))
            yield "network", f"{site.name}/{network.name}", (cidrs, ", ".join(network.roles))
    for link in installation.links:
        managers = " and ".join(filter(None, (link.near_manager, link.far_manager)))
        yield "link", link.name, (f"{link.near} to {link.far}", link.mode.value, managers)
    for provider in installation.providers:
        cidrs = ", ".join(map(str, provider.cidrs))
        yield "provider", provider.name, (cidrs, provider.link_manager)


def tell_deployed(comparison: Comparison, cloud: str) -> Differences:
    """What a cloud holds for a site, against the plan."""
    rows = [row for change in comparison.changes for row in _change(comparison.site, change)]
    rows += (
        Difference(side="fault", kind="group or interface", place=comparison.site, words=(fault,))
        for fault in comparison.faults
    )
    proof = comparison.proof
    remarks = (
        f"Proof on what the cloud holds: {len(proof.missing)} missing, {len(proof.excess)} excess",
        *comparison.remarks,
    )
    other = f"{comparison.site} as {cloud} has it"
    return Differences(other=other, rows=tuple(rows), remarks=remarks)


def _change(site: str, change: Change) -> Iterator[Difference]:
    for side, spec in (("plan", change.planned), ("other", change.found)):
        if spec is not None:
            yield _spec(side, f"{site}/{change.group}", spec)


def _spec(side: str, place: str, spec: Spec) -> Difference:
    words = tuple(filter(None, spec_row(spec)))
    return Difference(side=side, kind="rule", place=place, words=words)
