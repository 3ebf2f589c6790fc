"""How much of AWS's quotas a plan would use, counted before its rules are written one by one."""

from collections import Counter
from collections.abc import Mapping

from swyx_components.catalogue import Catalogue
from swyx_components.clouds.aws.limits import aws_capabilities, room_on_interface
from swyx_components.clouds.aws.quotas import Counted, count_rules, tell_usages
from swyx_components.clouds.aws.render import render_group
from swyx_components.clouds.aws.shard import Load, fill_loads, peak
from swyx_components.installation.model import Egress
from swyx_components.planner.describe import Provenance
from swyx_components.planner.minimise import draft_order, draft_rules
from swyx_components.planner.model import (
    Capabilities,
    Direction,
    HostGroup,
    RenderedGroup,
    SitePlan,
    Usage,
)
from swyx_components.planner.regions import gather_peers


def foresee_quotas(
    plan: SitePlan, catalogue: Catalogue, quotas: Mapping[str, int] | None = None
) -> tuple[Usage, ...]:
    """The same as counting the rendered site."""
    capabilities = aws_capabilities(quotas)
    provenance = Provenance.of(plan, catalogue)
    return tell_usages(
        [_foresee_group(group, plan.egress, capabilities, provenance) for group in plan.groups],
        capabilities.limits,
    )


def _foresee_group(
    group: HostGroup, egress: Egress, capabilities: Capabilities, provenance: Provenance
) -> Counted:
    """Rendered only where the shards depend on whose rules they are.

    One security group holds its rules whatever they are, and where an interface can't have as many groups as
    are needed, each is filled.
    """
    limit, most = capabilities.limits["rules_per_group"], room_on_interface(capabilities.limits)
    pinned, load = _count_rules(group, egress, capabilities)
    if peak(load) <= limit:
        return Counted(group.name, load, {0: load})
    if peak(load) > most * limit and peak(pinned) <= limit:
        return Counted(group.name, load, dict(enumerate(fill_loads(load, limit))))
    specs = render_group(group, egress, capabilities, provenance)
    return count_rules(RenderedGroup(group=group, specs=specs), capabilities.limits)


def _count_rules(group: HostGroup, egress: Egress, capabilities: Capabilities) -> tuple[Load, Load]:
    """The rules that stay with the group's identity, which name groups or open the egress, and all rules."""
    pinned: Load = Counter()
    load: Load = Counter()
    for draft in sorted(draft_rules(gather_peers(group.needs), capabilities), key=draft_order):
        direction = draft.key.direction
        if direction is Direction.OUT and egress is Egress.OPEN:
            continue
        if draft.group:
            both = {(direction, 4): 1, (direction, 6): 1}
            pinned.update(both)
            load.update(both)
        else:
            load[direction, draft.version] += len(draft.prefixes)
    if egress is Egress.OPEN:
        opened = {(Direction.OUT, version): 1 for version in sorted(group.versions)}
        pinned.update(opened)
        load.update(opened)
    return pinned, load
