"""The report's first part: every site in a line, and once what applies to many of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.analysis.diff.changes import Changes
from swyx_components.catalogue.model import FlowRow
from swyx_components.installation.check import find_public_peers
from swyx_components.installation.model import Egress, Installation
from swyx_components.messages import Message, Severity, group_repeated
from swyx_components.planner.model import Protocol, Rule, SitePlan
from swyx_components.planner.platform import Usage
from swyx_components.report.html.chapter import name_peers, sort_names
from swyx_components.report.html.picture import draw_sites
from swyx_components.report.tables import find_fullest
from swyx_components.report.templates import render_lines

TOPICS = ("collisions", "decisions", "uncovered", "quotas", "other")  # of messages, in order
_ORDER = list(Severity)


class SiteLine(NamedTuple):
    """One site in figures. `flows` has how many it needs of each of the article's.

    `public` has the public addresses among the peers of its rules, each with its direction and whose it is.
    An open egress is none.
    """

    name: str
    cloud: str
    groups: int
    flows: Mapping[str, int]
    rules: int
    proof: str
    usages: tuple[Usage, ...]
    public: Collection[tuple[str, str]] = ()


def find_public(plan: SitePlan, rules: Iterable[Rule]) -> set[tuple[str, str]]:
    """The directions and peers of rules that have an address neither private nor the site's own, with whose
    it is: of a provider, a network, another site's machine, an extra rule.
    """
    told = {
        (rule.direction.value, prefix)
        for rule in rules
        if rule.allow and not (rule.protocol is Protocol.ANY and plan.egress is Egress.OPEN)
        for prefix in rule.prefixes
    }
    found = {*find_public_peers({peer for _, peer in told})}  # of most sites none
    ends = {end for flow in plan.flows for end in (flow.initiator, flow.responder)} if found else ()
    own = [address for group in plan.groups for address in group.addresses]
    own += [p for end in ends if end.site == plan.site and not end.group for p in end.prefixes]
    owners = [(peer.name, peer.prefixes) for end in ends for peer in name_peers(plan.site, end)]
    owners += ((f"extra rule: {rule.reason}", rule.peers) for rule in plan.extra_rules)
    public, theirs = set[tuple[str, str]](), {*find_public_peers(found, own)}
    for way, peer in told:
        if peer in theirs:
            whose = sort_names(name for name, has in owners if any(map(peer.overlaps, has)))
            public.add((way, f"{peer} ({', '.join(whose)})"))
    return public


class Setting(NamedTuple):
    """One decision or switch of a site.

    `opens` is a sentence on ports and to whom, empty where no flow of the site uses it; `flows` are the
    article's flows that follow from it. In a list, `sites` are all that have it.
    """

    key: str
    value: str
    opens: str
    flows: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


class Differences(NamedTuple):
    """What one of two sides has and the other has not; `other` says in words what that side is.

    `changes` from another file to this one, or the `drift` of a cloud from a plan.
    """

    other: str
    changes: Changes | None = None
    drift: Comparison | None = None

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many there are of each kind, by a noun and what is said of it."""
        counts = Counter[tuple[str, str]]()
        if self.changes:
            for passing in self.changes.passings:
                counts["flow", "newly allowed" if passing.opened else "no longer allowed"] += 1
            counts["edit", "of the file"] = len(self.changes.edits)
            for site in self.changes.sites:
                counts["group", "changed"] += len(site.groups)
                counts["rule", "added"] += sum(rule.new is not None for rule in site.rules)
                counts["rule", "removed"] += sum(rule.old is not None for rule in site.rules)
        if self.drift:
            counts["fault", "of groups and interfaces"] = len(self.drift.faults)
            for change in self.drift.changes:
                counts["planned rule", "missing in the cloud"] += change.planned is not None
                counts["rule", "in the cloud only"] += bool(change.found or change.unreadable)
        return +counts


class Overview:
    """The content of a report without its chapters, of the sites that these lines are about; with a picture
    of them if `drawn`.

    `made` says when (`date`), by which version of the program and of which file (`sha256`), where known.
    """

    def __init__(
        self,
        installation: Installation,
        lines: Sequence[SiteLine],
        messages: Collection[Message],
        differences: Iterable[Differences] = (),
        made: Mapping[str, str] = {},
        drawn: bool = True,
    ) -> None:
        self.installation, self.made = installation, made
        self.sites, self.differences = tuple(lines), tuple(differences)
        self.public = sorted({found for line in lines for found in line.public})
        self.placed = [installation.sites[line.name] for line in lines]  # as the file has them
        clouds = {line.name: line.cloud for line in lines}
        self.picture = draw_sites(installation, clouds) if drawn else None
        self.settings = list_settings(installation, {own.name: own.flows.keys() for own in lines})
        self.findings = sort_findings(messages)
        usages = ((line.cloud, line.name, usage) for line in lines for usage in line.usages)
        self.usages = sorted(find_fullest(usages), key=lambda row: -row[2].share)
        ids = {id for line in lines for id in line.flows}
        self.catalogue = [row for row in installation.catalogue.flows.values() if row.id in ids]
        cited = (line for row in self.catalogue for line in row.lines)
        self.cited = installation.catalogue.explain_lines(cited)

    @property
    def figures(self) -> Mapping[str, int]:
        """The figures beside the title."""
        found = [same[0].severity for rows in self.findings.values() for same in rows]
        return {
            "site": len(self.sites),
            "machine": sum(len(site.machines) for site in self.placed),
            "flow": sum(sum(site.flows.values()) for site in self.sites),
            "rule": sum(site.rules for site in self.sites),
            "warning": found.count(Severity.WARNING),
        }


def sort_findings(messages: Collection[Message]) -> dict[str, list[list[Message]]]:
    """The messages by topic, each topic's gravest first, those that say the same joined."""
    topics: dict[str, list[list[Message]]] = {topic: [] for topic in TOPICS}
    for same in group_repeated(sorted(messages, key=lambda m: (_ORDER.index(m.severity), m))):
        topics[same[0].topic].append(same)
    return topics


# ---- what the article does not specify, as each site decided it, and what that opens


def list_settings(
    installation: Installation, flows: Mapping[str, Collection[str]]
) -> tuple[Setting, ...]:
    """Every setting of some sites, said once for the sites that agree; `flows` are each site's ids."""
    catalogue = installation.catalogue
    known: dict[str, dict[str, list[str]]] = {}
    for name in sorted(flows):
        rows = [row for row in catalogue.flows.values() if row.id in flows[name]]
        values = {"site": installation.sites[name], "catalogue": catalogue, "rows": rows}
        for line in render_lines("settings.txt.j2", {"users": _find_users}, **values):
            key, _, words = line.partition("\t")
            known.setdefault(key, {}).setdefault(words, []).append(name)
    settings = []
    for key, alike in known.items():
        for words, sites in sorted(alike.items(), key=lambda own: -len(own[1])):
            value, opens, used = words.split("\t")
            settings.append(Setting(key, value, opens, tuple(used.split()), tuple(sites)))
    return tuple(settings)


def _find_users(rows: Iterable[FlowRow], token: str) -> tuple[str, str]:
    """The flows that have ports by a decision, and the roles at which these are open."""
    used = [
        (row, leg)
        for row in rows
        for leg in row.legs
        if (leg.fax_tcp_at if token == "fax" else token in leg.ports)
    ]
    roles = (
        role
        for _, leg in used
        for role in (*leg.responders, *leg.among, *(leg.initiators if leg.both_ways else ()))
    )
    return " ".join(dict.fromkeys(row.id for row, _ in used)), ", ".join(dict.fromkeys(roles))
