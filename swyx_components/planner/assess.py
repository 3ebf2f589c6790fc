"""A site assessed for its cloud, or without one: its rules rendered, counted against quotas and proven."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from swyx_components.installation.model import ExtraRule, Installation
from swyx_components.messages import Message, errors_of
from swyx_components.planner.describe import clean_text, spell_in_ascii
from swyx_components.planner.model import Direction, Protocol, RenderedSite, Rule, SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.platform import Platform
from swyx_components.planner.proof import Proof, prove
from swyx_components.planner.quota import Relief, Usage, check_quotas, with_summaries
from swyx_components.planner.render import render_neutral
from swyx_components.sets.packets import NO_PORT, PacketSet
from swyx_components.sets.ports import ALL_PORTS
from swyx_components.sets.prefixes import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """One site's plan, and the result on its cloud.

    `cloud` is empty and `rendered` None where the site is bound to no cloud: the proof is then of the plan's
    own rules, and `messages` are the plan's and a warning for all that a cloud would refuse. `proof` is None
    only where the plan has errors.
    """

    plan: SitePlan
    cloud: str
    messages: tuple[Message, ...]
    usages: tuple[Usage, ...] = ()
    rendered: RenderedSite | None = None
    proof: Proof | None = None

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
        return SiteResult(plan=plan, cloud=name, messages=_placed(plan, (), installation))
    rendered = platform.render_site(plan, installation) if platform else render_neutral(plan)
    usages = tuple(platform.count_quotas(rendered)) if platform else ()
    proof = prove(rendered)
    clouds = [platform] if platform else [*candidates]
    found = (
        *_find_public(rendered),
        *(_check_quotas(plan, installation, platform, usages) if platform else ()),
        *(() if platform else _check_candidates(plan, installation, clouds)),
        *_unproved(name or "the plan", proof),
        *_wider_than_known(rendered),
        *_respelled(plan, installation, clouds),
    )
    return SiteResult(
        plan=rendered.plan,
        cloud=name,
        messages=_placed(plan, found, installation),
        usages=usages,
        rendered=rendered if platform else None,
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


def _check_quotas(
    plan: SitePlan,
    installation: Installation,
    platform: Platform,
    usages: Iterable[Usage],
    binding: bool = True,
) -> Iterator[Message]:
    """The exceeded quotas, each with what it would be if every linked site had a summary."""
    relief = Relief()
    if any(usage.used > usage.limit and usage.by_peers for usage in usages):
        widened, sites = with_summaries(installation, plan.site)
        if sites:
            rendered = platform.render_site(plan_site(widened, plan.site), widened)
            relief = Relief(sites, tuple(platform.count_quotas(rendered)))
    return check_quotas(plan.site, platform.name, usages, binding=binding, relief=relief)


def _check_candidates(
    plan: SitePlan, installation: Installation, clouds: Iterable[Platform]
) -> Iterator[Message]:
    """Warnings for the quotas of clouds that the site may move to."""
    for platform in clouds:
        if platform.name in installation.quotas or not is_small(plan):
            usages = tuple(platform.count_quotas(platform.render_site(plan, installation)))
            yield from _check_quotas(plan, installation, platform, usages, binding=False)


_FEW_RULES, _FEW_GROUPS, _FEW_ADDRESSES = 60, 50, 1000


def is_small(plan: SitePlan) -> bool:
    """Whether no default quota of a cloud can be exceeded by so few (port range, peer) pairs, groups and
    addresses, so that the site need not be rendered to know it. A test compares.
    """
    machines = [machine for group in plan.groups for machine in group.machines]
    return (
        len(plan.groups) <= _FEW_GROUPS
        and sum(len(machine.addresses) for machine in machines) <= _FEW_ADDRESSES
        and all(
            sum(len(rule.prefixes) or 1 for rule in group.rules if rule.direction is direction)
            <= _FEW_RULES
            for group in plan.groups
            for direction in Direction
        )
    )


def _wider_than_known(rendered: RenderedSite) -> Iterator[Message]:
    """The source ports of flows, which the cloud can't match."""
    needs = (need for entry in rendered.groups for need in entry.group.requirements)
    flows = sorted({need.flow for need in needs if need.source_ports is not None})
    cloud, place = rendered.capabilities, f"sites.{rendered.plan.site}"
    if flows and not cloud.matches_source_ports:
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
