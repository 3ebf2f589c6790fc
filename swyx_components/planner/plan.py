"""The passes in order: from one site of an installation to its minimised rules."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from swyx_components.installation.model import Installation
from swyx_components.messages import Message
from swyx_components.planner.checks.decisions import check_decisions
from swyx_components.planner.checks.openings import check_openings
from swyx_components.planner.checks.port_conflicts import find_port_conflicts
from swyx_components.planner.flows import derive_flows
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import SitePlan
from swyx_components.planner.requirements import derive_requirements
from swyx_components.planner.topology import Topology


def plan_site(source: Installation | Topology, name: str) -> SitePlan:
    """The plan of one site; its messages tell whether it may be used.

    Raises:
        KeyError: the installation has no such site.
    """
    topology = source if isinstance(source, Topology) else Topology(source)
    catalogue = topology.catalogue
    view = topology.view(name)
    expansion = derive_flows(topology, name)
    groups = derive_requirements(view, expansion.flows)
    minimised = tuple(
        replace(group, rules=minimise(group.needs, NEUTRAL, catalogue)) for group in groups
    )
    messages = (
        *check_decisions(view, expansion, catalogue),
        *find_port_conflicts(view, catalogue),
        *check_openings(view, groups, expansion.flows, catalogue),
    )
    return SitePlan(
        site=name,
        egress=view.site.egress,
        groups=minimised,
        flows=expansion.flows,
        extra_rules=view.site.extra_rules,
        messages=_in_order(messages, topology.installation.file),
    )


def plan_sites(
    installation: Installation, names: Iterable[str] | None = None
) -> Iterator[SitePlan]:
    """The plans of some sites, or of all, one by one in order of name."""
    topology = Topology(installation)
    for name in sorted(installation.sites if names is None else names):
        yield plan_site(topology, name)


def _in_order(messages: Iterable[Message], file: str) -> tuple[Message, ...]:
    return tuple(sorted({message.of(file) for message in messages}))
