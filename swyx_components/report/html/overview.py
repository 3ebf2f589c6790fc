"""The report's first part: every site in a line, and once what applies to many of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, FlowRow, Leg, Transport
from swyx_components.installation.check import find_public_part
from swyx_components.installation.model import Egress, Installation, Site
from swyx_components.messages import Message, Severity
from swyx_components.messages.render import join_alike
from swyx_components.planner.model import Protocol, Rule, SitePlan
from swyx_components.planner.platform import Usage
from swyx_components.report.html.chapter import name_peers, sort_names
from swyx_components.report.html.differences import Differences
from swyx_components.report.html.picture import draw_sites
from swyx_components.report.tables import UsageRow, find_fullest
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet
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
        clouds = {line.name: line.cloud for line in lines}
        self.picture = draw_sites(installation, list(clouds), clouds) if drawn else None
        self.settings = list_settings(installation, {own.name: own.flows.keys() for own in lines})
        self.findings = sort_findings(messages)
        usages = (UsageRow(line.cloud, line.name, usage) for line in lines for usage in line.usages)
        self.usages = sorted(find_fullest(usages), key=lambda row: -row.usage.share)
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

    @property
    def placed(self) -> tuple[Site, ...]:
        """The same sites as the file has them."""
        return tuple(self.installation.sites[site.name] for site in self.sites)

    def public(self, way: str) -> tuple[str, ...]:
        """The public peers of rules in this direction, `in` or `out`, of all sites."""
        return tuple(sorted({peer for site in self.sites for peer in site.public.get(way, ())}))


def sort_findings(messages: Collection[Message]) -> dict[str, tuple[tuple[Message, ...], ...]]:
    """The messages by topic, each topic's gravest first, those that say the same joined."""
    topics: dict[str, list[tuple[Message, ...]]] = {topic: [] for topic in (*TOPICS, OTHER)}
    for same in join_alike(sorted(messages, key=lambda m: (_ORDER.index(m.severity), m))):
        topics[_TOPIC.get(same[0].id, OTHER)].append(tuple(same))
    return {topic: tuple(rows) for topic, rows in topics.items()}


# ---- what the article does not specify, as each site decided it, and what that opens


def list_settings(
    installation: Installation, flows: Mapping[str, Collection[str]]
) -> tuple[Setting, ...]:
    """Every setting of some sites, said once for the sites that agree; `flows` are each site's ids."""
    catalogue = installation.catalogue
    known: dict[Setting, list[str]] = {}
    for name in sorted(flows):
        for setting in _settings(installation.sites[name], catalogue, frozenset(flows[name])):
            known.setdefault(setting, []).append(name)
    order = {key: place for place, key in enumerate(dict.fromkeys(one.key for one in known))}
    ordered = sorted(known.items(), key=lambda entry: (order[entry[0].key], -len(entry[1])))
    return tuple(setting._replace(sites=tuple(sites)) for setting, sites in ordered)


def _settings(site: Site, catalogue: Catalogue, flows: frozenset[str]) -> Iterator[Setting]:
    decisions = site.decisions
    rows = [row for row in catalogue.flows.values() if row.id in flows]
    transports = " and ".join(t.value.upper() for t in decisions.dcom_transports)
    for side, ports in (("server", decisions.dcom_server), ("client", decisions.dcom_client)):
        what = f"{transports} {catalogue.endpoint_mapper}, {ports} towards {{}}"
        used = _using(rows, f"dcom_{side}") if ports else []
        yield _opening(f"dcom ({side})", _range(ports, decisions.dcom_preset), what, used)
    if decisions.h245 or decisions.h245 is None:
        what = f"TCP {decisions.h245} towards both ends of each H.225 pair"
        used = _using(rows, "h245") if decisions.h245 else []
        yield _opening("h245", _range(decisions.h245, decisions.h245_preset), what, used)
    else:
        yield Setting("h245", "tunnelled", "nothing: H.245 runs inside H.225")
    value = " and ".join(transport.value for transport in decisions.fax_transports)
    value += "" if decisions.fax_stated else " (default)"
    used = [(row, leg) for row in rows for leg in row.legs if leg.fax_tcp_at]
    if used and Transport.TCP not in decisions.fax_transports:
        yield Setting("fax_transport", value, "no TCP media; UDP media is needed in every case")
    else:
        yield _opening("fax_transport", value, "TCP media ports between {} and their peers", used)
    value = str(decisions.cornet) + ("" if decisions.cornet_pinned else " (default)")
    what = f"TCP {decisions.cornet} towards {{}}"
    yield _opening("cornet", value, what, _using(rows, "cornet"))
    yield from _switches(site, catalogue)


def _opening(key: str, value: str, what: str, used: list[tuple[FlowRow, Leg]]) -> Setting:
    """What a decision opens to the roles of the flows that use it; nothing where none does."""
    if not used:
        return Setting(key, value, "")
    roles = (
        role
        for _, leg in used
        for role in (*leg.responders, *leg.among, *(leg.initiators if leg.both_ways else ()))
    )
    opens = what.format(", ".join(dict.fromkeys(roles)))
    return Setting(key, value, opens, tuple(dict.fromkeys(row.id for row, _ in used)))


def _switches(site: Site, catalogue: Catalogue) -> Iterator[Setting]:
    egress = {
        Egress.OPEN: "all egress (unmanaged)",
        Egress.CLOSED: "egress only for flows and extra rules",
    }
    yield Setting("egress", site.egress.value, egress[site.egress])
    for role, path in site.control_path:
        used = [
            row.id
            for row in catalogue.flows.values()
            for leg in row.legs
            if leg.control_path == path and role in leg.initiators
        ]
        yield Setting(f"control_path ({role})", path, f"call control of {role}", tuple(used))
    for id in sorted(site.enabled):
        yield Setting("flows (enable)", id, catalogue.flows[id].purpose, (id,))
    for id in sorted(site.disabled):
        yield Setting("flows (disable)", id, f"closed: {catalogue.flows[id].purpose}", (id,))
    if site.sip_devices:
        value = ", ".join(map(str, site.sip_devices))
        yield Setting("sip_devices", value, "SIP towards SwyxServer from these addresses", ("C16",))
    machines = ((machine.ports, f"{machine.name}: ") for machine in site.machines)
    for overrides, where in ((site.ports, ""), *machines):
        for (role, key), ports in overrides:
            opens = f"{where}these ports instead of the article's"
            yield Setting(f"ports ({role}.{key})", str(ports), opens)


def _using(rows: Iterable[FlowRow], token: str) -> list[tuple[FlowRow, Leg]]:
    return [(row, leg) for row in rows for leg in row.legs if token in leg.ports]


def _range(ports: PortRange | PortSet | None, preset: str) -> str:
    if ports is None:
        return "not decided"
    return f"{ports} ({preset})" if preset else str(ports)
