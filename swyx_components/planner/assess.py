"""A site assessed for its cloud, or without one: its rules rendered, counted against quotas and proven."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from swyx_components.installation.model import ExtraRule, Installation, Site
from swyx_components.messages import Message, errors_of
from swyx_components.planner.describe import clean_text, spell_in_ascii
from swyx_components.planner.model import Direction, Protocol, RenderedSite, Rule, SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.platform import Platform, Usage
from swyx_components.planner.proof import Proof, prove
from swyx_components.planner.render import render_neutral, render_site
from swyx_components.sets.packets import NO_PORT, PacketSet
from swyx_components.sets.ports import ALL_PORTS
from swyx_components.sets.prefixes import WIDTH, Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """One site's plan, and the result on its cloud.

    `cloud` is empty where the site is bound to none: rules and proof are then the plan's own, and `messages`
    are the plan's and a warning for all that a cloud would refuse. Where the plan has errors, it is not
    rendered for a cloud, and `proof` is None.
    """

    rendered: RenderedSite
    cloud: str
    messages: tuple[Message, ...]
    usages: tuple[Usage, ...] = ()
    proof: Proof | None = None

    @property
    def plan(self) -> SitePlan:
        """The plan with the groups that are rendered."""
        return self.rendered.plan

    @property
    def has_errors(self) -> bool:
        """Whether errors prevent the deployment of the site."""
        return bool(errors_of(self.messages))


def assess_site(
    plan: SitePlan,
    installation: Installation,
    platform: Platform | None = None,
    candidates: Iterable[Platform] = (),
) -> SiteResult:
    """Render, count and prove a site for its cloud; without one, prove the plan's own rules.

    `candidates` are clouds that such a site may move to: what each would refuse is a warning.
    """
    name = platform.name if platform else ""
    if errors_of(plan.messages):
        messages = _placed(plan, (), installation)
        return SiteResult(rendered=render_neutral(plan), cloud=name, messages=messages)
    rendered = render_site(plan, installation, platform)
    usages = tuple(platform.count_quotas(rendered)) if platform else ()
    proof = prove(rendered)
    clouds = [platform] if platform else [*candidates]
    counted = [(platform, usages)] if platform else _count_for(clouds, plan, installation)
    found = (
        *_find_public(rendered),
        *chain(*[_check_quotas(plan.site, installation, *own, bool(platform)) for own in counted]),
        *_unproved(name or "the plan", proof),
        *_wider_than_known(rendered),
        *_respelled(plan, installation, clouds),
    )
    return SiteResult(
        rendered=rendered,
        cloud=name,
        messages=_placed(plan, found, installation),
        usages=usages,
        proof=proof,
    )


def _find_public(rendered: RenderedSite) -> tuple[Message, ...]:
    """An error for each rule that reaches every address of an IP version without being acknowledged.

    Extra rules may be harmless one by one and make it together. Of the plan's own rules first, so that every
    cloud is told the same, then of what its cloud makes of them. Without extra rules there is none, since
    the CIDRs of a file are checked together when it is read.
    """
    if not rendered.plan.extra_rules:
        return ()
    return tuple(_refuse_public(render_neutral(rendered.plan))) or tuple(_refuse_public(rendered))


def _refuse_public(rendered: RenderedSite) -> Iterator[Message]:
    plan = rendered.plan
    for entry in rendered.groups:
        machine = entry.group.members[0].name  # the others have the same extra rules
        own = [extra for extra in plan.extra_rules if extra.machine == machine]
        for rule in entry.rules:
            for prefix in rule.prefixes:
                if prefix.length == 0 and not _is_acknowledged(rule, prefix, own):
                    place = f"sites.{plan.site}.extra_rules"
                    values = {"flows": rule.flows, "cidr": prefix, "version": prefix.version}
                    yield Message.about("rules-public", place, machine=machine, **values)


def _is_acknowledged(rule: Rule, prefix: Prefix, extra_rules: Iterable[ExtraRule]) -> bool:
    """Whether it is a deny, the unmanaged egress, or acknowledged for each of its ports."""
    if not rule.allow or rule.protocol is Protocol.ANY:
        return True
    kind = rule.direction.value, rule.protocol.value.removesuffix("v6")
    acknowledged = PacketSet(
        (extra.peers, ALL_PORTS, extra.ports or NO_PORT)
        for extra in extra_rules
        if extra.acknowledge_public and (extra.direction, extra.protocol) == kind
    )
    return not PacketSet([([prefix], ALL_PORTS, rule.ports or NO_PORT)]) - acknowledged


# ---- quotas


def _count_for(
    clouds: Iterable[Platform], plan: SitePlan, installation: Installation
) -> Iterator[tuple[Platform, Sequence[Usage]]]:
    """What a site would use of the quotas of clouds that it may move to."""
    for cloud in clouds:
        if cloud.name in installation.quotas or not is_small(plan):
            yield cloud, tuple(cloud.count_quotas(render_site(plan, installation, cloud)))


_FEW_RULES, _FEW_GROUPS, _FEW_ADDRESSES = 60, 50, 1000


def is_small(plan: SitePlan) -> bool:
    """Whether no default quota of a cloud can be exceeded by so few (port range, peer) pairs, groups and
    addresses, so that the site need not be rendered to know it. A test compares.
    """
    return (
        len(plan.groups) <= _FEW_GROUPS
        and sum(len(group.addresses) for group in plan.groups) <= _FEW_ADDRESSES
        and all(
            sum(len(rule.prefixes) or 1 for rule in group.rules if rule.direction is direction)
            <= _FEW_RULES
            for group in plan.groups
            for direction in Direction
        )
    )


def _check_quotas(
    name: str,
    installation: Installation,
    platform: Platform,
    usages: Sequence[Usage],
    binding: bool,
) -> Iterator[Message]:
    """A message for every quota that a site would exceed on a cloud.

    `binding`: the site is bound to this cloud, so the message is an error; otherwise a warning
    that names the cloud which would refuse the plan. What every site would say is about the file's quotas.
    """
    relieved: tuple[int, Sequence[Usage]] = 0, ()
    if any(usage.used > usage.limit and usage.where for usage in usages):
        widened, sites = _with_summaries(installation, name)
        if sites:
            rendered = render_site(plan_site(widened, name), widened, platform)
            relieved = sites, tuple(platform.count_quotas(rendered))
    for usage in usages:
        values: dict[str, object] = {"cloud": platform.name, "quota": usage.quota}
        values |= {"used": usage.used, "limit": usage.limit}
        if usage.used > usage.limit and usage.by_quotas:
            id = "quotas-exceed" if binding else "quotas-would-exceed"
            yield Message.about(id, f"quotas.{platform.name}", note=usage.note, **values)
        elif usage.used > usage.limit:
            id = "quota-exceeded" if binding else "quota-would-exceed"
            place = f"sites.{name}" + (f".groups.{usage.where}" if usage.where else "")
            values |= {"note": usage.note, "summary": _tell_relief(usage, *relieved)}
            values |= {"also": usage.remedy} if binding else {}
            yield Message.about(id, place, **values)
        elif usage.tight and binding:
            yield Message.about("quota-tight", f"sites.{name}.groups.{usage.where}", **values)


# ---- what a summary of the peers would save


def _tell_relief(usage: Usage, sites: int, relieved: Iterable[Usage]) -> str:
    """The remedy for one quota, as part of a sentence, where `sites` linked sites with a `summary` would use
    less of it; else empty.
    """
    group = usage.where.partition("+")[0]
    same = (own for own in relieved if own.quota == usage.quota)
    used = max((own.used for own in same if own.where.partition("+")[0] == group), default=0)
    if not (usage.where and sites and used < usage.used):
        return ""
    return (
        f", or declare a `summary` for its {sites} linked site{'s' * (sites > 1)} ({used} with "
        "the smallest CIDR around each, fewer if those of neighbours adjoin)"
    )


def _with_summaries(installation: Installation, name: str) -> tuple[Installation, int]:
    """Each site linked with this one as the smallest CIDR around its machines and networks; how many are.

    Left as it is where it has a summary already, or where that CIDR would hold addresses of others.
    """
    links, sites = [(own.near, own.far) for own in installation.links], installation.sites
    linked = {end for ends in links if name in ends for end in ends} - {name}
    owned = [
        (prefix, own.name)
        for own in sites.values()
        for prefix in (*_addresses_of(own), *own.sip_devices, *own.summary)
    ]
    owned += [(prefix, "") for own in installation.providers for prefix in own.addresses]
    owned.sort()
    widened = {}
    for site in (sites[other] for other in linked if not sites[other].summary):
        summary = []
        for cidr in _cidrs_around(_addresses_of(site)):
            # Nothing of another holds the CIDR, since that would hold the site's own addresses.
            ends = ((Prefix(cidr.version, end, 0), "") for end in (cidr.first, cidr.last + 1))
            first, last = (bisect_left(owned, end) for end in ends)
            if {owner for _, owner in owned[first:last]} == {site.name}:
                summary.append(cidr)
        if summary:
            widened[site.name] = replace(site, summary=tuple(summary))
    return replace(installation, sites={**sites, **widened}), len(widened)


def _addresses_of(site: Site) -> list[Prefix]:
    return [prefix for own in site.owners for prefix in own.addresses]


def _cidrs_around(prefixes: Sequence[Prefix]) -> Iterator[Prefix]:
    """The smallest CIDR of each IP version that holds the prefixes; never everything."""
    for version, width in WIDTH.items():
        ends = [end for p in prefixes if p.version == version for end in (p.first, p.last)]
        bits = (min(ends) ^ max(ends)).bit_length() if ends else width
        if bits < width:
            yield Prefix(version, min(ends) >> bits << bits, width - bits)


# ---- what else is told


def _wider_than_known(rendered: RenderedSite) -> Iterator[Message]:
    """The source ports of flows, which the cloud can't match."""
    cloud = rendered.capabilities
    groups = [] if cloud.matches_source_ports else [entry.group for entry in rendered.groups]
    opened = chain(*(access for group in groups for _, access in group.requirements))
    if flows := sorted({flow for *_, source, flow in opened if source is not None}):
        place = f"sites.{rendered.plan.site}"
        yield Message.about("source-ports-unmatched", place, cloud=cloud.name, flows=flows)


def _unproved(owner: str, proof: Proof) -> Iterator[Message]:
    if not proof.holds:
        first = (*proof.missing, *proof.excess)[0]
        values = {"missing": len(proof.missing), "excess": len(proof.excess), "first": first}
        yield Message.about("proof-failed", f"sites.{proof.site}", owner=owner, **values)


def _placed(
    plan: SitePlan, found: Iterable[Message], installation: Installation
) -> tuple[Message, ...]:
    """The plan's messages and what was found about it, in the file's order, but for what is settled."""
    told = {*plan.messages, *(each.of(installation.file) for each in found)}
    return tuple(sorted(each for each in told if each.id not in installation.acknowledged))


def _respelled(
    plan: SitePlan, installation: Installation, clouds: Sequence[Platform]
) -> Iterator[Message]:
    """Reasons, and purposes of an own catalogue, that descriptions can't hold as they are written."""
    place = f"sites.{plan.site}.extra_rules"
    texts = {f"{place}[{rule.index}].reason": rule.reason for rule in plan.extra_rules}
    purposes = {flow: row.purpose for flow, row in installation.catalogue.flows.items()}
    texts |= {f"catalogue.flows.{f}.purpose": p for f, p in purposes.items() if not p.isascii()}
    for place, text in texts.items():
        spelled = spell_in_ascii(text)
        words = [word for word in spelled.split() if not word.isascii()]
        shown: dict[str, list[str]] = {}
        for cloud in clouds:
            characters = cloud.limits()["texts"]["description_characters"]
            shown.setdefault(clean_text(text, characters, len(spelled)), []).append(cloud.name)
        for other, names in shown.items():
            values = {"clouds": names, "text": text, "shown": other}
            if words:
                yield Message.about("reason-unwritable", place, words=words, **values)
            elif other != text:
                yield Message.about("reason-respelled", place, **values)
