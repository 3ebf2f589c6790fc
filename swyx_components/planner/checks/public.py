"""Rules that reach every address of an IP version though none of those behind them was allowed to."""

from collections.abc import Iterable, Iterator

from swyx_components.installation.model import ExtraRule
from swyx_components.messages import Message
from swyx_components.planner.model import HostGroup, Protocol, RenderedSite, Spec
from swyx_components.planner.neutral import render_neutral
from swyx_components.sets.ports import PortRange
from swyx_components.sets.prefixes import Prefix, collapse_prefixes


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
    meant = [
        rule
        for rule in rules
        if rule.acknowledge_public
        and (rule.machine, rule.direction, rule.protocol)
        == (machine, spec.direction.value, protocol)
    ]
    if spec.ports is None:
        return _is_everything(meant, version)
    starts = {part.first for rule in meant for part in rule.ports}
    starts |= {part.last + 1 for rule in meant for part in rule.ports}
    return all(
        _is_everything(
            (rule for rule in meant if rule.ports.covers(PortRange(port, port))), version
        )
        for part in spec.ports
        for port in (part.first, *(start for start in starts if part.first < start <= part.last))
    )


def _is_everything(rules: Iterable[ExtraRule], version: int) -> bool:
    peers = (peer for rule in rules for peer in rule.peers if peer.version == version)
    return any(prefix.length == 0 for prefix in collapse_prefixes(peers))
