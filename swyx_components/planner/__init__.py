"""From an installation to proven rules: pure functions over frozen values, one module per pass."""

from swyx_components.planner.plan import plan_site, plan_sites

__all__ = ["plan_site", "plan_sites"]
