"""From an installation to proven rules: pure functions over frozen values, one module per pass."""

from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.plan import plan_site, plan_sites
from swyx_components.planner.proof import Proof, prove, prove_rules
from swyx_components.planner.render import render_neutral

__all__ = [
    "NEUTRAL",
    "Proof",
    "minimise",
    "plan_site",
    "plan_sites",
    "prove",
    "prove_rules",
    "render_neutral",
]
