"""The passes in order: from one site of an installation to its minimised rules."""

from collections.abc import Callable, Iterable, Iterator
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


def plan_site(source: Installation | Topology, name: str) -> SitePlan:
    """The plan of one site; usable if its messages have no errors.

    Raises:
        KeyError: the installation has no such site.
    """
    topology = source if isinstance(source, Topology) else Topology(source)
    flows_of, requirements_of, rules_of, plan_of = PASSES
    return plan_of(rules_of(requirements_of(flows_of(topology, name))))


def plan_sites(
    installation: Installation, names: Iterable[str] | None = None
) -> Iterator[SitePlan]:
    """The plans of some sites, or of all, one by one in order of name."""
    topology = Topology(installation)
    for name in sorted(installation.sites if names is None else names):
        yield plan_site(topology, name)
