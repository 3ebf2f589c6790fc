"""The passes in order: from one site of an installation to its minimised rules."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from swyx_components.installation.model import Installation
from swyx_components.messages import Message
from swyx_components.planner.collide import find_collisions
from swyx_components.planner.decide import judge_decisions
from swyx_components.planner.expand import expand_site
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import SitePlan
from swyx_components.planner.notice import notice
from swyx_components.planner.rules import attach_needs
from swyx_components.planner.view import Survey


def plan_site(source: Installation | Survey, name: str) -> SitePlan:
    """The plan of one site; its messages tell whether it may be used.

    Raises:
        KeyError: the installation has no such site.
    """
    survey = source if isinstance(source, Survey) else Survey(source)
    catalogue = survey.catalogue
    view = survey.view(name)
    expansion = expand_site(survey, name)
    groups = attach_needs(view, expansion.flows)
    minimised = tuple(
        replace(group, rules=minimise(group.needs, NEUTRAL, catalogue)) for group in groups
    )
    messages = (
        *judge_decisions(view, expansion, catalogue),
        *find_collisions(view, catalogue),
        *notice(view, groups, expansion.flows, catalogue),
    )
    return SitePlan(
        site=name,
        egress=view.site.egress,
        groups=minimised,
        flows=expansion.flows,
        extra_rules=view.site.extra_rules,
        messages=_in_order(messages, survey.installation.file),
    )


def plan_sites(
    installation: Installation, names: Iterable[str] | None = None
) -> Iterator[SitePlan]:
    """The plans of some sites, or of all, one by one in order of name."""
    survey = Survey(installation)
    for name in sorted(installation.sites if names is None else names):
        yield plan_site(survey, name)


def _in_order(messages: Iterable[Message], file: str) -> tuple[Message, ...]:
    return tuple(sorted({message.of(file) for message in messages}))
