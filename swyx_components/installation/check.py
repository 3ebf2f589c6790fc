"""Check what no single place of the file shows: owners of addresses, rules across sites, and size."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.installation.context import Claim, Kind, Node, ReadContext
from swyx_components.installation.model import Decisions, ExtraRule, Link, Provider, Site
from swyx_components.installation.settings import covered_multicast
from swyx_components.messages import TOP, Diagnostics, shorten
from swyx_components.sets.ports import PortRange, PortSet
from swyx_components.sets.prefixes import EVERYWHERE, WIDTH, Prefix, collapse_prefixes

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_SHARED_OR_LINK_LOCAL = ("100.64.0.0/10", "169.254.0.0/16", "fe80::/10")
NEVER_PUBLIC = tuple(map(Prefix.parse, (*_PRIVATE, *_SHARED_OR_LINK_LOCAL)))
_MULTICAST = tuple(map(Prefix.parse, ("224.0.0.0/4", "ff00::/8")))

_MACHINE, _SUMMARY = Kind.MACHINE, Kind.SUMMARY  # compared with every claim
_SHARED = (Kind.SIP_DEVICES, Kind.PROVIDER)  # each may overlap others of its kind
_OVERLAPPING = {
    Kind.NETWORK: "networks",
    Kind.SIP_DEVICES: "sip-devices",
    Kind.PROVIDER: "provider",
    Kind.SUMMARY: "summary",
}


def check_claims(context: ReadContext) -> None:
    """Every address has one owner: report overlaps, and CIDRs that together are a whole family."""
    told: set[tuple[str, str]] = set()
    for one, other in _contradictions(context.claims):
        _report(one, other, context, told)
    cidrs = [cidr for cidr, kind, _, _, _ in context.claims if kind is not _MACHINE]
    if sum([0.5**cidr.length for cidr in cidrs]) > 0.99:  # of both families, so one may be whole
        for whole in {*collapse_prefixes(cidrs)} & {*EVERYWHERE}:
            context.log.add("cidrs-everything", TOP, version=whole.version)


def _contradictions(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of claims that overlap and must not; each claim at most once with each kind above it.

    CIDRs overlap only when one holds the other, so a sweep by first address, wide before narrow (the order
    of claims), has all that hold a claim on its stack. `open_claims` counts them by kind and site.
    """
    stack: list[tuple[int, int, Claim]] = []  # version, last address
    open_claims: dict[Kind, dict[str, list[Claim]]] = {kind: {} for kind in Kind}
    for claim in _overlapping(claims):
        version, first, length = claim.prefix
        while stack and (stack[-1][0] != version or stack[-1][1] < first):
            done = stack.pop()[2]
            same = open_claims[done.kind]
            same[done.site].pop()
            if not same[done.site]:
                del same[done.site]
        for kind, by_site in open_claims.items() if stack else ():
            may_overlap = kind is claim.kind and kind in _SHARED
            if by_site and not may_overlap and (holder := _other_holder(claim, kind, by_site)):
                yield claim, holder
        stack.append((version, first | (1 << WIDTH[version] - length) - 1, claim))
        open_claims[claim.kind].setdefault(claim.site, []).append(claim)


def _overlapping(claims: Iterable[Claim]) -> Iterator[Claim]:
    """The claims that hold another or are held by one, sorted."""
    outer: list[Claim] = []
    family = end = 0  # of the last claim that no other holds
    for claim in sorted(claims):
        version, first, length = claim[0]
        if version == family and first <= end:
            yield from (*outer, claim)
            outer = []
        else:
            outer, family, end = [claim], version, first | (1 << WIDTH[version] - length) - 1


def _other_holder(claim: Claim, kind: Kind, by_site: dict[str, list[Claim]]) -> Claim | None:
    """One open claim of a kind that may not hold this one: of another site, or a machine's."""
    if kind is claim.kind is Kind.MACHINE and claim.site in by_site:
        return by_site[claim.site][-1]
    return next((held[-1] for site, held in by_site.items() if site != claim.site), None)


def _report(one: Claim, other: Claim, context: ReadContext, told: set[tuple[str, str]]) -> None:
    """Tell the claim of the higher kind; of two networks or machines the later place.

    A CIDR of a summary is reported once per other site or provider that it overlaps: `told` has both.
    """
    claims = sorted((one, other), key=lambda claim: (claim.kind, claim.place), reverse=True)
    (accused, holder), log = claims, context.log
    place, cidr, address = accused.place, accused.prefix, accused.prefix.address
    if accused.kind is Kind.SUMMARY:
        pair = (place, holder.site or holder.holder)
        if pair in told:
            return
        told.add(pair)
    if accused.kind is not Kind.MACHINE:
        held = holder.prefix.address if holder.kind is Kind.MACHINE else holder.prefix
        id = f"{_OVERLAPPING[accused.kind]}-overlap"
        log.add(id, place, cidr=cidr, held=held, other=holder.holder)
    elif holder.kind is not Kind.MACHINE:
        values = {"network": holder.prefix, "other": holder.holder, "site": holder.site}
        log.add("address-in-other-site", place, address=address, **values)
    elif accused.owner == holder.owner:
        log.add("list-repeated", place, value=address)
    else:
        log.add("address-taken", place, address=address, other=holder.holder)


def check_decisions(context: ReadContext, sites: Mapping[str, Site], nodes: Iterable[Node]) -> None:
    """DCOM over UDP must leave the multicast port alone. `nodes`: the sites as they are written."""
    for node in nodes:
        decisions = sites[node.key].decisions if node.key in sites else Decisions()
        over_udp = Transport.UDP in decisions.dcom_transports
        for ports in {*_dcom_ranges(decisions)} if over_udp else ():
            if multicast := covered_multicast(context.catalogue, ports):
                own = node.value.get("decisions", {}).keys() & {"dcom", "dcom_transport"}
                place = f"sites.{node.key}.decisions.dcom" if own else "decisions.dcom"
                context.log.add("dcom-covers-multicast", place, ports=ports, multicast=multicast)


def check_extra_rules(context: ReadContext, sites: Mapping[str, Site]) -> None:
    """No rule of a site's own opens DCOM to another site or to the public, nor asks for multicast."""
    anywhere = {ports for site in sites.values() for ports in _dcom_ranges(site.decisions)}
    possible = context.catalogue.endpoint_mapper | anywhere
    index: _Claims | None = None
    for site in sites.values():
        for rule in site.extra_rules:
            _check_multicast(context, site, rule)
            if rule.ports & possible:
                index = index or _Claims(context.claims)
                _check_rule(context, sites, site, rule, index)


def _check_multicast(context: ReadContext, site: Site, rule: ExtraRule) -> None:
    """The gatekeeper's multicast port never becomes a rule towards multicast addresses."""
    groups = [peer for peer in rule.peers if any(own.contains(peer) for own in _MULTICAST)]
    if rule.protocol != Transport.UDP.value or not groups:
        return
    found = (covered_multicast(context.catalogue, ports) for ports in rule.ports)
    if multicast := next(filter(None, found), None):
        place = f"sites.{site.name}.extra_rules[{rule.index}]"
        context.log.add("extra-multicast", place, ports=multicast, cidr=groups[0])


def _dcom_ranges(decisions: Decisions) -> Iterator[PortRange]:
    return filter(None, (decisions.dcom_server, decisions.dcom_client))


def _check_rule(
    context: ReadContext, sites: Mapping[str, Site], site: Site, rule: ExtraRule, index: "_Claims"
) -> None:
    place = f"sites.{site.name}.extra_rules[{rule.index}].ports"
    own = rule.ports & find_dcom_ports(site.decisions, rule.protocol, context.catalogue)
    for claim in index.touching(rule.peers):
        if claim.site in ("", site.name):
            continue
        shared = own
        if rule.direction == "out" and claim.site in sites:  # the ports are the other site's
            theirs = sites[claim.site].decisions
            shared = rule.ports & find_dcom_ports(theirs, rule.protocol, context.catalogue) | own
        if shared:
            context.log.add(
                "extra-dcom-across", place, ports=shared, other=claim.site, owner=claim.holder
            )
            return
    inside = index.by_site.get(site.name, ())
    if own and (public := next(find_public_peers(rule.peers, inside), None)):
        context.log.add("extra-dcom-public", place, ports=own, cidr=public)


def find_dcom_ports(decisions: Decisions, protocol: str, catalogue: Catalogue) -> PortSet:
    """What DCOM uses of a protocol where these decisions hold: its mapper and the dynamic ranges."""
    if protocol not in {transport.value for transport in decisions.dcom_transports}:
        return PortSet()
    return catalogue.endpoint_mapper | _dcom_ranges(decisions)


def find_public_peers(peers: Iterable[Prefix], own: Sequence[Prefix] = ()) -> Iterator[Prefix]:
    """The peers with an address that is neither private, shared or link-local nor the site's own."""
    known = collapse_prefixes((*NEVER_PUBLIC, *own)) if own else NEVER_PUBLIC
    return (peer for peer in peers if not any(prefix.contains(peer) for prefix in known))


class _Claims:
    """The claims of sites by address. A CIDR meets those inside it, and those that hold it."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._sorted = sorted(each for each in claims if each.kind is not Kind.PROVIDER)
        self._firsts = [claim.prefix[:2] for claim in self._sorted]
        self._exact: dict[Prefix, list[Claim]] = {}
        self.by_site: dict[str, list[Prefix]] = {}
        for claim in self._sorted:
            self._exact.setdefault(claim.prefix, []).append(claim)
            if claim.kind is not Kind.SUMMARY:  # which doesn't make public addresses the site's own
                self.by_site.setdefault(claim.site, []).append(claim.prefix)

    def touching(self, peers: Iterable[Prefix]) -> Iterator[Claim]:
        for peer in peers:
            width = WIDTH[peer.version]
            for length in range(peer.length):
                first = peer.first >> (width - length) << (width - length)
                yield from self._exact.get(Prefix(peer.version, first, length), ())
            start = bisect_left(self._firsts, (peer.version, peer.first))
            end = bisect_right(self._firsts, (peer.version, peer.last))
            inside = self._sorted[start:end]
            yield from (claim for claim in inside if claim.prefix.length >= peer.length)


def check_summaries(context: ReadContext) -> None:
    """Report what of a site lies outside its summary, and CIDRs of a summary inside one another.

    Each IP version is judged for itself: one without a CIDR in the summary is not summarised.
    """
    summarised = [site for _, kind, site, _, _ in context.claims if kind is _SUMMARY]
    by_site: dict[str, list[Claim]] = {site: [] for site in summarised}
    for claim in context.claims:
        if claim.site in by_site:
            by_site[claim.site].append(claim)
    for claims in by_site.values():
        summary = [claim for claim in claims if claim.kind is Kind.SUMMARY]
        _check_nesting(context, summary)
        if outside := [*dict.fromkeys(_outside(summary, claims))]:
            summary[0].owner.add("summary-outside", outside=shorten(outside, 5))


def _check_nesting(context: ReadContext, summary: Sequence[Claim]) -> None:
    outer: Claim | None = None
    for claim in sorted(summary):
        if outer is None or not outer.prefix.contains(claim.prefix):
            outer = claim
        elif outer.prefix == claim.prefix:
            context.log.add("list-repeated", claim.place, value=claim.prefix)
        else:
            context.log.add("summary-nested", claim.place, inner=claim.prefix, outer=outer.prefix)


def _outside(summary: Sequence[Claim], claims: Sequence[Claim]) -> Iterator[str]:
    """The machines and networks that no CIDR of the summary of their site and version holds."""
    versions = {claim.prefix.version for claim in summary}
    for member in claims:
        is_end = member.kind in (Kind.MACHINE, Kind.NETWORK) and member.prefix.version in versions
        if is_end and not any(one.prefix.contains(member.prefix) for one in summary):
            yield f"{member.prefix.short} ({member.holder})"


def drop_too_large(
    sites: Mapping[str, Site],
    links: Iterable[Link],
    providers: Iterable[Provider],
    log: Diagnostics,
) -> dict[str, Site]:
    """The sites that a plan is not tried on for hours; of the others it is said what is too much.

    What a plan takes grows with pairs: of machines that differ, of networks, of extra rules. The limits
    lie above what the largest quotas of both clouds leave room for.
    """
    ends = Counter(end for link in links for end in (link.near, link.far))
    at_site = Counter(provider.site for provider in providers)
    kept = dict(sites)
    for name, site in sites.items():
        for what, count, limit in _counts(site, ends[name], at_site[name]):
            if count > limit:
                values = {"what": what, "count": f"{count:,}", "limit": f"{limit:,}"}
                log.add("site-large", f"sites.{name}", **values)
                kept.pop(name, None)
    return kept


def _counts(site: Site, links: int, providers: int) -> Iterator[tuple[str, int, int]]:
    """What a site has, how much of it, and the most that it may have."""
    machines, networks = site.machines, site.networks
    yield "machines", len(machines), 2_000
    most = 50  # each kind of machine is a group, or several
    kinds = {(each.roles, each.ports) for each in machines} if len(machines) > most else machines
    yield "machines unlike each other", len(kinds), most
    yield "networks", len(networks), 300
    cidrs = sum([len(network.addresses) for network in networks]) + len(site.sip_devices)
    yield "CIDRs of networks and SIP devices", cidrs, 5_000
    extra = sum([len(rule.peers) * max(1, len(rule.ports)) for rule in site.extra_rules])
    yield "pairs of ports and CIDRs in extra rules", extra, 500
    yield "links", links, 2_000
    yield "SIP providers", providers, 60  # with one LinkManager
