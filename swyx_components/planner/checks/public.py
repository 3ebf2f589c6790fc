"""Rules that reach every address of an IP version though none of those behind them was allowed to."""

from collections.abc import Iterable, Iterator

from swyx_components.installation.model import ExtraRule
from swyx_components.messages import Message
from swyx_components.planner.model import HostGroup, Protocol, RenderedSite, Spec
from swyx_components.planner.render import render_neutral
from swyx_components.sets.packets import NO_PORT, PacketSet
from swyx_components.sets.ports import ALL_PORTS
from swyx_components.sets.prefixes import Prefix


def find_public(rendered: RenderedSite) -> tuple[Message, ...]:
    """An error for every such rule: extra rules may be harmless one by one and make it together.

    Of the plan's own rules first, so that every cloud is told the same, then of what its cloud makes of them.
    Without extra rules there is none, since the CIDRs of a file are judged together when it is read.
    """
    if not rendered.plan.extra_rules:
        return ()
    return tuple(_find(render_neutral(rendered.plan))) or tuple(_find(rendered))


def _find(rendered: RenderedSite) -> Iterator[Message]:
    plan = rendered.plan
    for group, spec, prefix in _everywhere(rendered):
        if not _is_meant(spec, prefix.version, group, plan.extra_rules):
            yield Message.about(
                "rules-public",
                f"sites.{plan.site}.extra_rules",
                machine=group.machines[0].name,
                flows=spec.flows,
                cidr=prefix,
                version=prefix.version,
            )


def _everywhere(rendered: RenderedSite) -> Iterator[tuple[HostGroup, Spec, Prefix]]:
    for entry in rendered.groups:
        for spec in entry.specs:
            for prefix in spec.prefixes:
                if prefix.length == 0:
                    yield entry.group, spec, prefix


def _is_meant(spec: Spec, version: int, group: HostGroup, rules: Iterable[ExtraRule]) -> bool:
    """Whether it is a deny, the egress left to others, or acknowledged for each of its ports."""
    if not spec.allow or spec.protocol is Protocol.ANY:
        return True
    protocol = "icmp" if spec.protocol is Protocol.ICMPV6 else spec.protocol.value
    machine = group.machines[0].name  # the others have the same extra rules
    meant = PacketSet(
        (rule.peers, ALL_PORTS, rule.ports or NO_PORT)
        for rule in rules
        if rule.acknowledge_public
        and (rule.machine, rule.direction, rule.protocol)
        == (machine, spec.direction.value, protocol)
    )
    return not PacketSet([([Prefix(version, 0, 0)], ALL_PORTS, spec.ports or NO_PORT)]) - meant
