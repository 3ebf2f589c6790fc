"""The report's first part: every site in a line, and once what applies to many of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from swyx_components.catalogue import FlowRow
from swyx_components.installation.check import find_public_part
from swyx_components.installation.model import Egress, Installation, Site
from swyx_components.messages import Message, Severity
from swyx_components.messages.render import join_alike
from swyx_components.planner.model import Protocol, Rule, SitePlan
from swyx_components.planner.quota import Usage
from swyx_components.report.html.chapter import name_peers, sort_names
from swyx_components.report.html.decisions import Setting, list_settings
from swyx_components.report.html.differences import Differences
from swyx_components.report.html.picture import Picture, draw_sites
from swyx_components.report.tables import UsageRow, find_fullest
from swyx_components.sets.ports import NO_PORTS
from swyx_components.sets.prefixes import Prefix

# What a reviewer asks for, with the ids of the messages about it.
TOPICS = {
    "collisions": "port-overlap opened-beside administration-inside fixed-port-ephemeral",
    "decisions": "preset-wide cornet-both fax-udp-default dcom-tcp-only control-path-default "
    "setting-unnamed",
    "uncovered": "uncovered-egress egress-open multicast-not-routed no-common-ip-version "
    "serves-nothing",
    "quotas": "quota-would-exceed quotas-would-exceed quota-tight",
}
OTHER = "other"
_TOPIC = {id: topic for topic, ids in TOPICS.items() for id in ids.split()}
_ORDER = list(Severity)


class SiteLine(NamedTuple):
    """One site in figures. `flows` has how many it needs of each of the article's.

    `public` has the public addresses among the peers of its rules, each with whose it is, by direction.
    An open egress is none.
    """

    name: str
    cloud: str
    groups: int
    flows: Mapping[str, int]
    rules: int
    proof: str
    usages: tuple[Usage, ...]
    public: Mapping[str, tuple[str, ...]] = {}


@lru_cache(maxsize=65536)
def _is_public(prefix: Prefix) -> bool:
    return find_public_part((prefix,), ()) is not None


def find_public(plan: SitePlan, rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """By direction, the peers of rules that have an address neither private nor the site's own, and whose."""
    found: dict[str, set[Prefix]] = {}
    for rule in rules:
        if not rule.allow or (rule.protocol is Protocol.ANY and plan.egress is Egress.OPEN):
            continue
        for prefix in filter(_is_public, rule.prefixes):
            found.setdefault(rule.direction.value, set()).add(prefix)
    if not found:
        return {}
    ends = {end for flow in plan.flows for end in (flow.initiator, flow.responder)}
    own = [address for group in plan.groups for address in group.addresses]
    own += [
        prefix for end in ends if end.site == plan.site and not end.group for prefix in end.prefixes
    ]
    owners = [
        (peer.name, peer.prefixes) for end in ends for peer in name_peers(plan.site, end, NO_PORTS)
    ]
    owners += ((f"extra rule: {rule.reason}", rule.peers) for rule in plan.extra_rules)
    return {
        way: tuple(
            f"{each} ({', '.join(_owners_of(each, owners))})"
            for each in sorted(peers)
            if find_public_part((each,), own)
        )
        for way, peers in found.items()
    }


def _owners_of(peer: Prefix, owners: Iterable[tuple[str, Iterable[Prefix]]]) -> tuple[str, ...]:
    """Who has addresses of it: a provider, a network, another site's machine, an extra rule."""
    return sort_names(name for name, prefixes in owners if any(map(peer.overlaps, prefixes)))


class Overview(NamedTuple):
    """The content of a report without its chapters.

    `made` says when (`date`), by which version of the program and of which file (`sha256`), where known.
    """

    installation: Installation
    sites: tuple[SiteLine, ...]
    picture: Picture | None
    settings: tuple[Setting, ...]
    findings: Mapping[str, tuple[tuple[Message, ...], ...]]
    usages: tuple[UsageRow, ...]
    catalogue: tuple[FlowRow, ...]
    differences: tuple[Differences, ...]
    cited: tuple[tuple[int, str], ...] = ()
    made: Mapping[str, str] = {}

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

    @property
    def placed(self) -> tuple[Site, ...]:
        """The same sites as the file has them."""
        return tuple(self.installation.sites[site.name] for site in self.sites)

    def public(self, way: str) -> tuple[str, ...]:
        """The public peers of rules in this direction, `in` or `out`, of all sites."""
        return tuple(sorted({peer for site in self.sites for peer in site.public.get(way, ())}))


def make_overview(
    installation: Installation,
    lines: Sequence[SiteLine],
    messages: Collection[Message],
    differences: Iterable[Differences] = (),
    made: Mapping[str, str] = {},
    drawn: bool = True,
) -> Overview:
    """The overview of the sites that these lines are about, with a picture of them or without."""
    catalogue = installation.catalogue
    ids = {id for line in lines for id in line.flows}
    names, clouds = [line.name for line in lines], {line.name: line.cloud for line in lines}
    rows = tuple(row for row in catalogue.flows.values() if row.id in ids)
    usages = (UsageRow(line.cloud, line.name, usage) for line in lines for usage in line.usages)
    return Overview(
        installation=installation,
        sites=tuple(lines),
        picture=draw_sites(installation, names, clouds) if drawn else None,
        settings=list_settings(installation, {line.name: line.flows.keys() for line in lines}),
        findings=sort_findings(messages),
        usages=tuple(sorted(find_fullest(usages), key=lambda row: -row.usage.share)),
        catalogue=rows,
        differences=tuple(differences),
        cited=catalogue.explain_lines(line for row in rows for line in row.lines),
        made=made,
    )


def sort_findings(messages: Collection[Message]) -> dict[str, tuple[tuple[Message, ...], ...]]:
    """The messages by topic, each topic's gravest first, those that say the same joined."""
    topics: dict[str, list[tuple[Message, ...]]] = {topic: [] for topic in (*TOPICS, OTHER)}
    for same in join_alike(sorted(messages, key=lambda m: (_ORDER.index(m.severity), m))):
        topics[_TOPIC.get(same[0].id, OTHER)].append(tuple(same))
    return {topic: tuple(rows) for topic, rows in topics.items()}
