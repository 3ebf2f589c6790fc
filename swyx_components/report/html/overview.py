"""The report's first part: every site in a line, and what holds for many of them said once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from swyx_components.catalogue import FlowRow
from swyx_components.installation.model import ExtraRule, Installation
from swyx_components.messages import Message
from swyx_components.planner.model import Usage
from swyx_components.planner.site_result import SiteResult
from swyx_components.report.html.decisions import Settled, list_settings
from swyx_components.report.html.differences import Differences
from swyx_components.report.html.findings import Finding, sort_findings
from swyx_components.report.html.picture import Picture, draw_sites


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLine:
    """One site in figures. `ids` are the article's flows that it needs."""

    name: str
    cloud: str
    egress: str
    machines: int
    groups: int
    flows: int
    rules: int
    proof: str
    ids: tuple[str, ...]
    usages: tuple[Usage, ...]

    @classmethod
    def of(cls, result: SiteResult, flows: int, rules: int) -> Self:
        """The line of a judged site whose chapter shows so many flows and rules."""
        plan, proof = result.plan, result.proof
        told = f"{len(proof.missing)} missing, {len(proof.excess)} excess" if proof else "no cloud"
        return cls(
            name=plan.site,
            cloud=result.cloud,
            egress=plan.egress.value,
            machines=sum(len(group.machines) for group in plan.groups),
            groups=len(plan.groups),
            flows=flows,
            rules=rules,
            proof=told,
            ids=tuple(sorted({flow.flow for flow in plan.flows})),
            usages=result.usages,
        )

    @property
    def figures(self) -> tuple[tuple[int, str], ...]:
        """What stands beside the title of the site's own page."""
        counts = ((self.machines, "machine"), (self.flows, "flow"), (self.rules, "rule"))
        return _nouns(counts)


def _nouns(counts: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    return tuple((count, noun if count == 1 else f"{noun}s") for count, noun in counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """A cloud's quota at the site and group that use most of it."""

    cloud: str
    site: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that a report says apart from its chapters."""

    file: str
    swyxware: str
    sites: tuple[SiteLine, ...]
    picture: Picture
    settings: tuple[Settled, ...]
    extra_rules: tuple[tuple[str, ExtraRule], ...]
    findings: Mapping[str, tuple[Finding, ...]]
    usages: tuple[UsageRow, ...]
    catalogue: tuple[FlowRow, ...]
    uncovered: tuple[str, ...]
    differences: tuple[Differences, ...]

    @property
    def figures(self) -> tuple[tuple[int, str], ...]:
        """What stands beside the title."""
        machines, flows, rules = (
            sum(getattr(site, what) for site in self.sites)
            for what in ("machines", "flows", "rules")
        )
        warnings = sum(
            len(row.places)
            for rows in self.findings.values()
            for row in rows
            if row.severity == "warning"
        )
        counts = ((len(self.sites), "site"), (machines, "machine"), (flows, "flow"))
        return _nouns((*counts, (rules, "rule"), (warnings, "warning")))

    @property
    def unbound(self) -> int:
        """How many of the sites are bound to no cloud, so that their quotas are not counted."""
        return sum(not site.cloud for site in self.sites)


def make_overview(
    installation: Installation,
    lines: Sequence[SiteLine],
    messages: Collection[Message],
    differences: Iterable[Differences] = (),
) -> Overview:
    """The overview of the sites that these lines are about."""
    catalogue = installation.catalogue
    ids = {id for line in lines for id in line.ids}
    names = [line.name for line in lines]
    return Overview(
        file=installation.file,
        swyxware=catalogue.version,
        sites=tuple(lines),
        picture=draw_sites(installation, names),
        settings=list_settings(installation, {line.name: line.ids for line in lines}),
        extra_rules=tuple(
            (name, rule) for name in names for rule in installation.sites[name].extra_rules
        ),
        findings=sort_findings(messages),
        usages=_fullest(lines),
        catalogue=tuple(row for row in catalogue.flows.values() if row.id in ids),
        uncovered=catalogue.uncovered,
        differences=tuple(differences),
    )


def _fullest(lines: Iterable[SiteLine]) -> tuple[UsageRow, ...]:
    """Of each cloud's quotas, where most of it is used."""
    fullest: dict[tuple[str, str], UsageRow] = {}
    for line in lines:
        for usage in line.usages:
            key = line.cloud, usage.quota
            known = fullest.get(key)
            if known is None or usage.used * known.usage.limit > known.usage.used * usage.limit:
                fullest[key] = UsageRow(cloud=line.cloud, site=line.name, usage=usage)
    return tuple(row for _, row in sorted(fullest.items()))
