"""A site's plan written group by group, with the means of one cloud."""

from collections.abc import Callable

from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import Egress
from swyx_components.planner.describe import Provenance
from swyx_components.planner.model import (
    Abilities,
    HostGroup,
    RenderedGroup,
    RenderedSite,
    SitePlan,
    Spec,
)

RenderGroup = Callable[[HostGroup, Egress, Abilities, Provenance], tuple[Spec, ...]]
"""How a cloud's room writes the rules of one host group."""


def render_groups(
    plan: SitePlan, catalogue: Catalogue, abilities: Abilities, render_group: RenderGroup
) -> RenderedSite:
    """Every host group of the site as `render_group` writes it, the reasons of its rules included."""
    provenance = Provenance.of(plan, catalogue)
    groups = tuple(
        RenderedGroup(group=group, specs=render_group(group, plan.egress, abilities, provenance))
        for group in plan.groups
    )
    return RenderedSite(plan=plan, abilities=abilities, groups=groups)
