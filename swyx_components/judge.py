"""A site judged for its cloud, or for none: its rules rendered, counted against quotas and proven."""

from collections.abc import Iterable, Iterator, Sequence

from swyx_components.clouds import (
    CLOUDS,
    count_quotas,
    find_fitting,
    foresee_quotas,
    render_site,
)
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity
from swyx_components.planner import check_quotas, plan_site, prove, render_neutral
from swyx_components.planner.checks.public import find_public
from swyx_components.planner.model import RenderedSite, SitePlan, Usage
from swyx_components.planner.proof import Proof
from swyx_components.planner.quota import Relief
from swyx_components.planner.site_result import SiteResult
from swyx_components.planner.widen import with_summaries


def assess_site(plan: SitePlan, installation: Installation, cloud: str = "") -> SiteResult:
    """Render, count and prove a site for its cloud; or prove it as it is, and ask what each would refuse."""
    found = plan.messages
    if any(message.severity is Severity.ERROR for message in found):
        return SiteResult(plan=plan, cloud=cloud, messages=found)
    if not cloud:
        neutral = render_neutral(plan)
        proof = prove(neutral)
        refused = (*find_public(neutral), *_unproved("the plan", proof))
        foreseen = _foresee(plan, installation)
        messages = tuple(sorted({*found, *_placed(refused, installation.file), *foreseen}))
        return SiteResult(plan=plan, cloud="", messages=messages, proof=proof)
    rendered = render_site(cloud, plan, installation)
    usages = count_quotas(cloud, rendered)
    proof = prove(rendered)
    refused = [
        *find_public(rendered),
        *check_quotas(
            plan.site,
            cloud,
            usages,
            binding=True,
            relief=_relieve(plan, installation, cloud, usages),
        ),
        *_unproved(cloud, proof),
        *_wider_than_known(rendered),
    ]
    return SiteResult(
        plan=rendered.plan,
        cloud=cloud,
        messages=tuple(sorted({*found, *_placed(refused, installation.file)})),
        usages=usages,
        rendered=rendered,
        proof=proof,
    )


def _relieve(
    plan: SitePlan, installation: Installation, cloud: str, usages: Sequence[Usage]
) -> Relief:
    """What a summary of each linked site would make of quotas that are exceeded."""
    if any(usage.used > usage.limit and usage.by_peers for usage in usages):
        widened = with_summaries(installation, plan.site)
        if widened is not None:
            supposed = plan_site(widened.installation, plan.site)
            return Relief(widened.sites, foresee_quotas(cloud, supposed, widened.installation))
    return Relief()


def _foresee(plan: SitePlan, installation: Installation) -> Iterator[Message]:
    """Warnings for the quotas of clouds that the site may move to."""
    fitting = find_fitting(plan)
    for cloud in CLOUDS:
        if cloud in installation.quotas or cloud not in fitting:
            usages = foresee_quotas(cloud, plan, installation)
            found = check_quotas(plan.site, cloud, usages, binding=False)
            yield from _placed(found, installation.file)


def _wider_than_known(rendered: RenderedSite) -> Iterator[Message]:
    """What the flows know and the cloud can't be told: their source ports."""
    needs = (need for entry in rendered.groups for need in entry.group.needs)
    flows = sorted({need.flow for need in needs if need.source_ports is not None})
    if flows and not rendered.capabilities.matches_source_ports:
        yield Message.about(
            "source-ports-unmatched",
            f"sites.{rendered.plan.site}",
            cloud=rendered.capabilities.name,
            flows=flows,
        )


def _unproved(owner: str, proof: Proof) -> Iterator[Message]:
    if not proof.holds:
        yield Message.about(
            "proof-failed",
            f"sites.{proof.site}",
            owner=owner,
            missing=len(proof.missing),
            excess=len(proof.excess),
            first=(*proof.missing, *proof.excess)[0],
        )


def _placed(messages: Iterable[Message], file: str) -> Iterator[Message]:
    for message in messages:
        yield message.of(file)
