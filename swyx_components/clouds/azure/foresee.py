"""How much of Azure's quotas a plan would use: its rules hold lists, so that all of them are soon written."""

from collections.abc import Mapping

from swyx_components.catalogue import Catalogue
from swyx_components.clouds.azure.quotas import count_quotas
from swyx_components.clouds.azure.render import render_site
from swyx_components.planner.model import SitePlan, Usage


def foresee_quotas(
    plan: SitePlan, catalogue: Catalogue, quotas: Mapping[str, int] | None = None
) -> tuple[Usage, ...]:
    """The same as counting the rendered site."""
    return count_quotas(render_site(plan, catalogue, quotas))
