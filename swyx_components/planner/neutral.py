"""The plan's own rules in the form that the proof judges, where a site is bound to no cloud."""

from swyx_components.planner.minimise import NEUTRAL
from swyx_components.planner.model import RenderedGroup, RenderedSite, Rule, SitePlan, Spec
from swyx_components.sets.ports import PortSet


def render_neutral(plan: SitePlan) -> RenderedSite:
    """The site as a platform without limits would hold it: rule for rule what `swyx plan` prints."""
    groups = tuple(
        RenderedGroup(group=group, specs=tuple(map(_spec, group.rules))) for group in plan.groups
    )
    return RenderedSite(plan=plan, capabilities=NEUTRAL, groups=groups)


def _spec(rule: Rule) -> Spec:
    return Spec(
        direction=rule.direction,
        protocol=rule.protocol,
        ports=PortSet((rule.ports,)) if rule.ports else None,
        source_ports=PortSet((rule.source_ports,)) if rule.source_ports else None,
        groups=(rule.group,) if rule.group else (),
        prefixes=rule.cidrs,
        flows=rule.flows,
        lines=rule.lines,
    )
