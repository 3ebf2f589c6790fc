"""The report's first part: every site in a line, and once what applies to many of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Self

from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.analysis.diff.changes import Changes
from swyx_components.catalogue import FlowRow
from swyx_components.installation.check import find_public_part
from swyx_components.installation.model import Egress, ExtraRule, Installation
from swyx_components.messages import Message, Severity
from swyx_components.messages.render import join_alike
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.model import Protocol, Rule, SitePlan, shard_label
from swyx_components.planner.quota import Usage
from swyx_components.report.diff import describe_reasons, passing_row
from swyx_components.report.html.decisions import Settled, list_settings
from swyx_components.report.html.picture import Picture, draw_sites
from swyx_components.report.tables import UsageRow, find_fullest, rule_row, write_proof, write_rule
from swyx_components.sets.prefixes import Prefix

# What a reviewer asks for, with the ids of the messages about it.
TOPICS = {
    "collisions": (
        *("port-overlap", "opened-beside", "administration-inside", "fixed-port-ephemeral"),
    ),
    "decisions": (
        *("preset-wide", "cornet-both", "fax-udp-default"),
        *("dcom-tcp-only", "control-path-default", "setting-unnamed"),
    ),
    "uncovered": (
        *("uncovered-egress", "egress-open", "multicast-not-routed"),
        *("no-common-ip-version", "serves-nothing"),
    ),
    "quotas": ("quota-would-exceed", "quotas-would-exceed", "quota-tight"),
}
OTHER = "other"
_TOPIC = {id: topic for topic, ids in TOPICS.items() for id in ids}
_ORDER = {severity: place for place, severity in enumerate(Severity)}


class SiteLine(NamedTuple):
    """One site in figures. `ids` are the article's flows that it needs.

    `public` has the public addresses among the peers of its rules, by direction. An open egress is none.
    """

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
    proven: bool | None = None
    public: Mapping[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, result: SiteResult, flows: Mapping[str, int], rules: Sequence[Rule]) -> Self:
        """The line of a finished site whose chapter shows so many flows of each id and these rules."""
        plan, proof = result.plan, result.proof
        return cls(
            name=plan.site,
            cloud=result.cloud,
            egress=plan.egress.value,
            machines=sum(len(group.machines) for group in plan.groups),
            groups=len(plan.groups),
            flows=sum(flows.values()),
            rules=len(rules),
            proof="none" if proof is None else "holds" if proof.holds else write_proof(proof),
            ids=tuple(sorted(flows)),
            usages=result.usages,
            proven=proof.holds if proof else None,
            public=find_public(plan, rules),
        )

    @property
    def figures(self) -> Mapping[str, int]:
        """The figures beside the title of the site's own page."""
        return {"machine": self.machines, "flow": self.flows, "rule": self.rules}


@lru_cache(maxsize=65536)
def _is_public(prefix: Prefix) -> bool:
    return find_public_part((prefix,), ()) is not None


def find_public(plan: SitePlan, rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """By direction, the peers of rules that have an address neither private nor the site's own."""
    found: dict[str, set[Prefix]] = {}
    for rule in rules:
        if not rule.allow or (rule.protocol is Protocol.ANY and plan.egress is Egress.OPEN):
            continue
        for prefix in filter(_is_public, rule.prefixes):
            found.setdefault(rule.direction.value, set()).add(prefix)
    if not found:
        return {}
    own = [address for group in plan.groups for address in group.addresses]
    own += [
        prefix
        for flow in plan.flows
        for end in (flow.initiator, flow.responder)
        if end.site == plan.site and not end.group
        for prefix in end.prefixes
    ]
    return {
        way: tuple(str(each) for each in sorted(peers) if find_public_part((each,), own))
        for way, peers in found.items()
    }


def is_tight(usage: Usage) -> bool:
    """Whether a reader needs to know of a quota: half of it is used."""
    return 2 * usage.used >= usage.limit


class Source(NamedTuple):
    """The source of a report: the file, its SHA-256, the date, and the version of the program.

    Empty what the command does not know.
    """

    sha256: str = ""
    date: str = ""
    program: str = ""


_UNKNOWN = Source()


class Overview(NamedTuple):
    """The content of a report without its chapters."""

    file: str
    title: str
    source: str
    sites: tuple[SiteLine, ...]
    picture: Picture
    settings: tuple[Settled, ...]
    extra_rules: tuple[tuple[str, ExtraRule], ...]
    findings: Mapping[str, tuple[tuple[Message, ...], ...]]
    usages: tuple[UsageRow, ...]
    catalogue: tuple[FlowRow, ...]
    uncovered: tuple[str, ...]
    differences: tuple["Differences", ...]
    cited: tuple[tuple[int, str], ...] = ()
    made: Source = _UNKNOWN

    @property
    def figures(self) -> Mapping[str, int]:
        """The figures beside the title."""
        return {
            "site": len(self.sites),
            "machine": sum(site.machines for site in self.sites),
            "flow": sum(site.flows for site in self.sites),
            "rule": sum(site.rules for site in self.sites),
            "warning": len(self.warnings),
        }

    @property
    def heading(self) -> str:
        """What the report is about, in a line."""
        names = [site.name for site in self.sites]
        about = (
            " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
            if len(names) < 5
            else f"{len(names):,} sites"
        )
        return f"Firewall rules for {self.title}: {about}"

    @property
    def warnings(self) -> tuple[tuple[str, Message, int], ...]:
        """Each warning once: the anchor of its finding, a message, the number of its places."""
        return tuple(
            (f"finding-{topic}-{place}", same[0], len(same))
            for topic, rows in self.findings.items()
            for place, same in enumerate(rows, 1)
            if same[0].severity is Severity.WARNING
        )

    def public(self, way: str) -> tuple[str, ...]:
        """The public peers of rules in this direction, `in` or `out`, of all sites."""
        return tuple(sorted({peer for site in self.sites for peer in site.public.get(way, ())}))

    @property
    def unbound(self) -> int:
        """How many of the sites are bound to no cloud, so that their quotas are not counted."""
        return sum(not site.cloud for site in self.sites)


def make_overview(
    installation: Installation,
    lines: Sequence[SiteLine],
    messages: Collection[Message],
    differences: Iterable["Differences"] = (),
    made: Source = _UNKNOWN,
) -> Overview:
    """The overview of the sites that these lines are about."""
    catalogue = installation.catalogue
    ids = {id for line in lines for id in line.ids}
    names = [line.name for line in lines]
    rows = tuple(row for row in catalogue.flows.values() if row.id in ids)
    usages = (UsageRow(line.cloud, line.name, usage) for line in lines for usage in line.usages)
    return Overview(
        file=installation.file,
        title=catalogue.title,
        source=catalogue.source,
        sites=tuple(lines),
        picture=draw_sites(installation, names, {line.name: line.cloud for line in lines}),
        settings=list_settings(installation, {line.name: line.ids for line in lines}),
        extra_rules=tuple(
            (name, rule) for name in names for rule in installation.sites[name].extra_rules
        ),
        findings=sort_findings(messages),
        usages=tuple(
            sorted(
                find_fullest(usages),
                key=lambda row: row.usage.used / max(row.usage.limit, 1),
                reverse=True,
            )
        ),
        catalogue=rows,
        uncovered=catalogue.uncovered,
        differences=tuple(differences),
        cited=catalogue.explain_lines(line for row in rows for line in row.lines),
        made=made,
    )


def sort_findings(messages: Collection[Message]) -> dict[str, tuple[tuple[Message, ...], ...]]:
    """The messages by topic, each topic's gravest first, those that say the same joined."""
    topics: dict[str, list[tuple[Message, ...]]] = {topic: [] for topic in (*TOPICS, OTHER)}
    for same in join_alike(sorted(messages, key=lambda m: (_ORDER[m.severity], m))):
        topics[_TOPIC.get(same[0].id, OTHER)].append(tuple(same))
    return {topic: tuple(rows) for topic, rows in topics.items()}


# ---- what one of two sides has and the other has not: two installations, or a plan and a cloud


PASSES = "packets pass"


class Difference(NamedTuple):
    """One thing that only one of two sides has; `kind` says what: an edit, packets, a group, a rule.

    `because` says which flows and which edits are behind it, where that is known.
    """

    side: str  # "plan": only this plan has it; "other": only the other side; "fault": the two do not fit
    kind: str
    place: str
    words: tuple[str, ...]
    because: str = ""


class Differences(NamedTuple):
    """All differences from one other side; `other` says in words what that is."""

    other: str
    rows: tuple[Difference, ...]
    remarks: tuple[str, ...] = ()

    def number(self, side: str) -> int:
        """How many rows are of this `side`: "plan", "other" or "fault"."""
        return sum(row.side == side for row in self.rows)

    @property
    def parts(self) -> tuple[tuple[str, tuple[Difference, ...]], ...]:
        """The rows apart: what is newly allowed, what is not any longer, then edits, groups and rules."""
        known: dict[str, list[Difference]] = {title: [] for title in _PARTS.values()}
        for row in self.rows:
            known[_PARTS.get((row.kind, row.side)) or _PARTS[row.kind, ""]].append(row)
        return tuple((title, tuple(rows)) for title, rows in known.items() if rows)


_PARTS = {
    (PASSES, "plan"): "Newly allowed",
    (PASSES, "other"): "No longer allowed",
    ("in the file", ""): "Edits of the file",
    ("group or interface", ""): "Groups and interfaces",
    ("group", ""): "Groups",
    ("rule", ""): "Rules",
}


def describe_changes(changes: Changes, other: str) -> Differences:
    """What `swyx diff` finds from another file to this one, in its order."""
    return Differences(other, tuple(_differences(changes)))


def _differences(changes: Changes) -> Iterator[Difference]:
    for edit in changes.edits:
        yield from _sides("in the file", edit.place, edit.new, edit.old)
    for passing in changes.passings:
        place, packets, because = passing_row(passing)
        side = "plan" if passing.opened else "other"
        yield Difference(side, PASSES, place, (packets,), because)
    for group in (group for site in changes.sites for group in site.groups):
        new, old = ", ".join(group.new), ", ".join(group.old)
        yield from _sides("group", f"{group.site}/{group.label}", new, old)
    for rule in changes.rules:
        new, old = (write_rule(each) if each else "" for each in (rule.new, rule.old))
        yield from _sides("rule", f"{rule.site}/{rule.group}", new, old, describe_reasons(rule))


def _sides(kind: str, place: str, new: str, old: str, because: str = "") -> Iterator[Difference]:
    for side, words in (("plan", new), ("other", old)):
        if words:
            yield Difference(side, kind, place, (words,), because)


def describe_deployed(comparison: Comparison, cloud: str) -> Differences:
    """What a cloud holds for a site, against the plan."""
    site = comparison.site
    rows = [
        Difference(
            side,
            "rule",
            f"{site}/{shard_label(change.group, 0 if isinstance(rule, str) else rule.shard)}",
            (rule,) if isinstance(rule, str) else tuple(filter(None, rule_row(rule))),
        )
        for change in comparison.changes
        for side, rule in (("plan", change.planned), ("other", change.found or change.unreadable))
        if rule
    ]
    rows += (Difference("fault", "group or interface", site, (each,)) for each in comparison.faults)
    proof = f"Proof of the deployed rules: {write_proof(comparison.proof)}"
    return Differences(f"{site} as deployed on {cloud}", tuple(rows), (proof, *comparison.remarks))
