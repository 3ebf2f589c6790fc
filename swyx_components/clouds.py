"""The only place that knows both clouds by name: what each room is asked for, loaded when it is asked.

Nothing here imports Pulumi or a cloud's SDK; `read_deployed` loads the SDK of the cloud it reads.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity
from swyx_components.planner import judge_quotas, plan_site, prove, render_neutral
from swyx_components.planner.deployed.compare import Deployed
from swyx_components.planner.deployed.exported import Exported
from swyx_components.planner.deployed.held import Held, Orphan
from swyx_components.planner.deployed.standing import Firewall
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import Direction, HostGroup, RenderedSite, SitePlan, Usage
from swyx_components.planner.prove import Gap, Proof
from swyx_components.planner.public import find_public
from swyx_components.planner.quota import Relief
from swyx_components.planner.revision.resource_changes import Action, ResourceChange
from swyx_components.planner.widen import suppose_summaries

CLOUDS = ("aws", "azure")


def render_site(cloud: str, plan: SitePlan, installation: Installation) -> RenderedSite:
    """The site as the cloud would hold it."""
    quotas = installation.quotas.get(cloud)
    rendered: RenderedSite = _room(cloud, "render").render_site(
        plan, installation.catalogue, quotas
    )
    return rendered


def count_quotas(cloud: str, rendered: RenderedSite) -> tuple[Usage, ...]:
    """What the site uses of the cloud's quotas."""
    usages: tuple[Usage, ...] = _room(cloud, "count").count_quotas(rendered)
    return usages


def foresee_quotas(cloud: str, plan: SitePlan, installation: Installation) -> tuple[Usage, ...]:
    """What the site would use of the cloud's quotas; the same as is counted once it is rendered."""
    quotas = installation.quotas.get(cloud)
    usages: tuple[Usage, ...] = _room(cloud, "foresee").foresee_quotas(
        plan, installation.catalogue, quotas
    )
    return usages


def read_deployed(cloud: str, rendered: RenderedSite) -> Deployed:
    """What the cloud holds for the site now.

    Raises:
        CloudError: the cloud can't be reached, refuses to answer, or its SDK is not installed.
    """
    read: Callable[[RenderedSite], Deployed] = _room(cloud, "read").read_deployed
    return read(rendered)


def recognise(content: Any) -> tuple[str, str]:
    """The cloud and the command whose output has this shape; empty where none has."""
    for cloud in CLOUDS:
        command: str = _room(cloud, "saved").recognise(content)
        if command:
            return cloud, command
    return "", ""


def list_commands() -> tuple[str, ...]:
    """The commands whose saved output is understood."""
    return tuple(command for cloud in CLOUDS for command in _room(cloud, "saved").COMMANDS.values())


def sites_in(cloud: str, contents: Sequence[Any]) -> frozenset[str]:
    """The sites whose groups the files have, by their tags."""
    sites: frozenset[str] = _room(cloud, "saved").sites_in(contents)
    return sites


def read_saved(cloud: str, rendered: RenderedSite, contents: Sequence[Any]) -> Deployed:
    """What files that the cloud's own command wrote hold for the site.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    deployed: Deployed = _room(cloud, "read").read_saved(rendered, contents)
    return deployed


def read_firewall(
    cloud: str, plan: SitePlan, contents: Sequence[Any], bindings: Mapping[str, tuple[str, ...]]
) -> Firewall:
    """The firewall, whoever made it, that files of the cloud show before a site's machines.

    Raises:
        UnknownGroup: a binding names a group that the files don't have.
        ValueError: a record in them is not what it should be.
    """
    firewall: Firewall = _room(cloud, "firewall").read_firewall(plan, contents, bindings)
    return firewall


def cloud_of_state(state: Exported) -> str:
    """The cloud whose resources a stack has; empty where it has none of ours."""
    types = [resource.type for resource in state.resources]
    found = [cloud for cloud in CLOUDS if any(map(_room(cloud, "saved").is_resource, types))]
    return found[0] if len(found) == 1 else ""


def read_state(cloud: str, rendered: RenderedSite, state: Exported) -> Deployed:
    """What a stack's state holds for the site.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    deployed: Deployed = _room(cloud, "read").read_state(rendered, state)
    return deployed


def find_orphans(cloud: str, rendered: RenderedSite, held: Held) -> tuple[Orphan, ...]:
    """What the cloud holds with the tags of a stack and its state does not.

    Raises:
        CloudError: the cloud can't be reached, refuses to answer, or its SDK is not installed.
    """
    found: tuple[Orphan, ...] = _room(cloud, "recover").find_orphans(rendered, held)
    return found


def find_cuts(cloud: str, before: RenderedSite, after: RenderedSite) -> tuple[Gap, ...]:
    """What both plans of a site allow and one update between them denies for a moment."""
    found: tuple[Gap, ...] = _room(cloud, "cuts").find_cuts(before, after)
    return found


def tell_cuts(site: str, cuts: Sequence[Gap]) -> Iterator[Message]:
    """The warning about an update that cuts, which says how to make it in two that don't."""
    if cuts:
        machines = sorted({cut.group for cut in cuts})
        yield Message.about("update-cuts", f"sites.{site}", machines=machines, first=cuts[0])


def land_site(judged: Judged, old: Installation) -> Judged:
    """The site as it is while it still has all that it had in another installation.

    The quotas are judged anew; the proof stays that of the plan that is landed on.
    """
    assert judged.rendered is not None, "judged without a cloud"
    cloud, site = judged.cloud, judged.plan.site
    if site not in old.sites:
        return judged
    before = render_site(cloud, plan_site(old, site), old)
    landed: RenderedSite = _room(cloud, "landing").land_site(before, judged.rendered)
    if landed is judged.rendered:
        return judged
    usages = count_quotas(cloud, landed)
    refused = [
        *judge_quotas(site, cloud, usages, binding=True),
        Message.about("site-landed", f"sites.{site}"),
    ]
    return replace(
        judged,
        plan=landed.plan,
        rendered=landed,
        usages=usages,
        messages=tuple(sorted({*judged.messages, *refused})),
    )


def remove_orphans(cloud: str, orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them, each given back when it is gone.

    Raises:
        CloudError: the cloud refuses.
    """
    removed: Iterator[Orphan] = _room(cloud, "recover").remove_orphans(orphans)
    return removed


def foresee_update(
    cloud: str, old: RenderedSite | None, new: RenderedSite | None
) -> tuple[ResourceChange, ...]:
    """What an update from one rendered site to another does to the cloud's resources."""
    touched: tuple[ResourceChange, ...] = _room(cloud, "update").foresee_update(old, new)
    return touched


def describe_update(cloud: str, site: str, touched: Sequence[ResourceChange]) -> Iterator[Message]:
    """How `pulumi up` goes about it: what is never absent meanwhile, and what comes last."""
    if touched:
        yield Message.about(f"update-{cloud}", f"sites.{site}")
    if any(change.action is Action.DELETE and change.kind in _GROUPS for change in touched):
        yield Message.about("update-group-deleted", f"sites.{site}")


_GROUPS = ("security group", "network security group", "application security group")


def foresee_peak(
    cloud: str,
    before: RenderedSite | None,
    after: RenderedSite,
    lenders: Sequence[RenderedSite] = (),
) -> Iterator[Message]:
    """An error for every quota that the update alone would exceed, while old and new are there together.

    `lenders` are other sites as they are now, whose machines have addresses that come to this site.
    """
    found: Iterator[Message] = _room(cloud, "peak").foresee_peak(before, after, lenders)
    yield from found


def settings_of_stack(cloud: str) -> tuple[tuple[str, str], ...]:
    """The keys that a new stack needs beside its site and cloud; values in capitals are to be replaced."""
    settings: tuple[tuple[str, str], ...] = _room(cloud, "stack").SETTINGS
    return settings


def owns_interfaces(cloud: str) -> bool:
    """Whether a site makes its machines' interfaces there, so that no two sites can hold one address."""
    owns: bool = _room(cloud, "stack").OWNS_INTERFACES
    return owns


def holds_two_plans(cloud: str) -> bool:
    """Whether `land_site` does anything there."""
    holds: bool = _room(cloud, "stack").HOLDS_TWO_PLANS
    return holds


def judge_site(plan: SitePlan, installation: Installation, cloud: str = "") -> Judged:
    """Render, count and prove a site for its cloud; or prove it as it is, and ask what each would refuse."""
    found = plan.messages
    if any(message.severity is Severity.ERROR for message in found):
        return Judged(plan=plan, cloud=cloud, messages=found)
    if not cloud:
        neutral = render_neutral(plan)
        proof = prove(neutral)
        refused = (*find_public(neutral), *_unproved("the plan", proof))
        foreseen = _foresee(plan, installation)
        messages = tuple(sorted({*found, *_placed(refused, installation.file), *foreseen}))
        return Judged(plan=plan, cloud="", messages=messages, proof=proof)
    rendered = render_site(cloud, plan, installation)
    usages = count_quotas(cloud, rendered)
    proof = prove(rendered)
    refused = [
        *find_public(rendered),
        *judge_quotas(
            plan.site,
            cloud,
            usages,
            binding=True,
            relief=_relieve(plan, installation, cloud, usages),
        ),
        *_unproved(cloud, proof),
        *_wider_than_known(rendered),
    ]
    return Judged(
        plan=plan,
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
        widened = suppose_summaries(installation, plan.site)
        if widened is not None:
            supposed = plan_site(widened.installation, plan.site)
            return Relief(widened.sites, foresee_quotas(cloud, supposed, widened.installation))
    return Relief()


def _room(cloud: str, module: str) -> Any:
    if cloud not in CLOUDS:
        raise ValueError(f"{cloud!r} is none of {', '.join(CLOUDS)}")
    return import_module(f"swyx_components.{cloud}.{module}")


def _foresee(plan: SitePlan, installation: Installation) -> Iterator[Message]:
    """Warnings for the quotas of clouds that the site may move to."""
    for cloud in CLOUDS:
        if cloud in installation.quotas or not _surely_fits(plan, cloud):
            usages = foresee_quotas(cloud, plan, installation)
            found = judge_quotas(plan.site, cloud, usages, binding=False)
            yield from _placed(found, installation.file)


# What no site can exceed a default quota with, so that it need not be rendered to be counted: (port range,
# peer) pairs of a group in one direction, groups, addresses. On AWS the minimum is at most as many
# rules; what Azure makes of them is an order of magnitude below its limits. A test compares.
_FEW_RULES: Mapping[str, int] = {"aws": 60, "azure": 100}
_FEW_GROUPS, _FEW_ADDRESSES = 50, 1000


def _surely_fits(plan: SitePlan, cloud: str) -> bool:
    addresses = sum(len(machine.addresses) for group in plan.groups for machine in group.machines)
    return (
        len(plan.groups) <= _FEW_GROUPS
        and addresses <= _FEW_ADDRESSES
        and most_rules(plan) <= _FEW_RULES[cloud]
    )


def most_rules(plan: SitePlan) -> int:
    """The most (port range, peer) pairs that any group of the plan has in one direction."""
    most = 0
    for group in plan.groups:
        counts = dict.fromkeys(Direction, 0)
        for rule in group.rules:
            counts[rule.direction] += len(rule.cidrs) or 1
        if max(counts.values()) > most:
            most = max(most, *_without_source_ports(group).values())
    return most


def _without_source_ports(group: HostGroup) -> Mapping[Direction, int]:
    """Pairs that differ in more than their source ports, which not every cloud tells apart."""
    pairs = {
        (rule.direction, rule.protocol, rule.ports, peer)
        for rule in group.rules
        for peer in rule.cidrs or (rule.group,)
    }
    return Counter(direction for direction, *_ in pairs)


def _wider_than_known(rendered: RenderedSite) -> Iterator[Message]:
    """What the flows know and the cloud can't be told: their source ports."""
    needs = (need for entry in rendered.groups for need in entry.group.needs)
    flows = sorted({need.flow for need in needs if need.source_ports is not None})
    if flows and not rendered.abilities.matches_source_ports:
        yield Message.about(
            "source-ports-unmatched",
            f"sites.{rendered.plan.site}",
            cloud=rendered.abilities.name,
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


def _placed(messages: Any, file: str) -> Iterator[Message]:
    for message in messages:
        yield replace(message, file=file)
