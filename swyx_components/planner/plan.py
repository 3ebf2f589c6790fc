"""The passes in order: from one site of an installation to its minimised rules."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from swyx_components.installation.model import Installation
from swyx_components.messages import Message
from swyx_components.planner.checks.decisions import check_decisions
from swyx_components.planner.checks.openings import check_openings
from swyx_components.planner.checks.port_conflicts import find_port_conflicts
from swyx_components.planner.flows import SiteFlows, derive_flows
from swyx_components.planner.minimise import SiteRules, minimise_rules
from swyx_components.planner.model import SitePlan
from swyx_components.planner.requirements import SiteRequirements, derive_requirements
from swyx_components.planner.topology import Topology

CHECKS: tuple[Callable[[SiteRules], Iterator[Message]], ...] = (
    check_decisions,
    find_port_conflicts,
    check_openings,
)


def check_rules(site: SiteRules) -> SitePlan:
    """The finished plan: the rules, and the messages of all checks."""
    own, file = site.flows.site.site, site.flows.site.file
    found = [each if each.file else each.of(file) for check in CHECKS for each in check(site)]
    return SitePlan(
        site=own.name,
        egress=own.egress,
        groups=site.groups,
        flows=site.flows.flows,
        extra_rules=own.extra_rules,
        messages=tuple([each for each, _ in groupby(sorted(found))]),
        product=site.flows.site.catalogue.name,
        decisions=own.decisions,
    )


# Topology -> flows (who may talk) -> requirements (one end each) -> rules (the fewest) -> plan (checked);
# the plan is then rendered for a cloud and proven.
PASSES: tuple[
    Callable[[Topology, str], SiteFlows],
    Callable[[SiteFlows], SiteRequirements],
    Callable[[SiteRequirements], SiteRules],
    Callable[[SiteRules], SitePlan],
] = (
    derive_flows,
    derive_requirements,
    minimise_rules,
    check_rules,
)
# Sites that a pass goes over before the next begins. A processor's caches hold the code and data of one pass,
# not of all: a tenth less time than site by site.
_AT_ONCE = 64


def plan_site(source: Installation | Topology, name: str) -> SitePlan:
    """The plan of one site; usable if its messages have no errors.

    Raises:
        KeyError: the installation has no such site.
    """
    (plan,) = plan_sites(source, [name])
    return plan


def plan_sites(
    source: Installation | Topology, names: Sequence[str] | None = None
) -> Iterator[SitePlan]:
    """The plans of some sites, or of all in order of name, some at a time.

    Raises:
        KeyError: the installation has no such site.
    """
    topology = source if isinstance(source, Topology) else Topology(source)
    chosen = sorted(topology.installation.sites) if names is None else names
    flows_of, requirements_of, rules_of, plan_of = PASSES
    for first in range(0, len(chosen), _AT_ONCE):
        flows = [flows_of(topology, name) for name in chosen[first : first + _AT_ONCE]]
        requirements = [*map(requirements_of, flows)]
        rules = [*map(rules_of, requirements)]
        yield from [*map(plan_of, rules)]
