"""The only place that knows both clouds by name: what each room is asked for, loaded when it is asked.

Nothing here imports Pulumi or a cloud's SDK; `read_deployed` loads the SDK of the cloud it reads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from swyx_components.analysis.deployed.held import Orphan, StackRecord
from swyx_components.analysis.deployed.ruleset import Firewall
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed
from swyx_components.installation.model import Installation
from swyx_components.messages import Message
from swyx_components.planner.model import RenderedSite, SitePlan, Usage
from swyx_components.planner.quota import most_rules
from swyx_components.planner.resource_changes import Action, ResourceChange

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
    usages: tuple[Usage, ...] = _room(cloud, "quotas").count_quotas(rendered)
    return usages


def foresee_quotas(cloud: str, plan: SitePlan, installation: Installation) -> tuple[Usage, ...]:
    """What the site would use of the cloud's quotas; the same as is counted once it is rendered."""
    quotas = installation.quotas.get(cloud)
    usages: tuple[Usage, ...] = _room(cloud, "foresee").foresee_quotas(
        plan, installation.catalogue, quotas
    )
    return usages


def tag_limits(cloud: str) -> Mapping[str, Any]:
    """What the cloud takes as tags: the rows of its `limits.yaml` about texts."""
    rows: Mapping[str, Any] = _room(cloud, "limits").limits()["texts"]
    return rows


def read_deployed(cloud: str, rendered: RenderedSite) -> Deployed:
    """What the cloud holds for the site now.

    Raises:
        CloudError: the cloud can't be reached, refuses to answer, or its SDK is not installed.
    """
    read: Callable[[RenderedSite], Deployed] = _room(cloud, "inventory").read_deployed
    return read(rendered)


def recognise(content: Any) -> tuple[str, str]:
    """The cloud and the command whose output has this shape; empty where none has."""
    for cloud in CLOUDS:
        command: str = _room(cloud, "records").recognise(content)
        if command:
            return cloud, command
    return "", ""


def list_commands() -> tuple[str, ...]:
    """The commands whose saved output is understood."""
    return tuple(
        command for cloud in CLOUDS for command in _room(cloud, "records").COMMANDS.values()
    )


def sites_in(cloud: str, contents: Sequence[Any]) -> frozenset[str]:
    """The sites whose groups the files have, by their tags."""
    sites: frozenset[str] = _room(cloud, "records").sites_in(contents)
    return sites


def read_saved(cloud: str, rendered: RenderedSite, contents: Sequence[Any]) -> Deployed:
    """What files that the cloud's own command wrote hold for the site.

    Raises:
        ValueError: a record in them is not what it should be.
    """
    deployed: Deployed = _room(cloud, "inventory").read_saved(rendered, contents)
    return deployed


def read_firewall(
    cloud: str, plan: SitePlan, contents: Sequence[Any], bindings: Mapping[str, tuple[str, ...]]
) -> Firewall:
    """The firewall, whoever made it, that files of the cloud show before a site's machines.

    Raises:
        UnknownGroup: a binding names a group that the files don't have.
        ValueError: a record in them is not what it should be.
    """
    firewall: Firewall = _room(cloud, "inventory").read_firewall(plan, contents, bindings)
    return firewall


def cloud_of_state(state: StackState) -> str:
    """The cloud whose resources a stack has; empty where it has none of ours."""
    types = [resource.type for resource in state.resources]
    found = [cloud for cloud in CLOUDS if any(map(_room(cloud, "records").is_resource, types))]
    return found[0] if len(found) == 1 else ""


def read_state(cloud: str, rendered: RenderedSite, state: StackState) -> Deployed:
    """What a stack's state holds for the site.

    Raises:
        ValueError: a resource in it is not what it should be.
    """
    deployed: Deployed = _room(cloud, "inventory").read_state(rendered, state)
    return deployed


def find_orphans(cloud: str, rendered: RenderedSite, held: StackRecord) -> tuple[Orphan, ...]:
    """What the cloud holds with the tags of a stack and its state does not.

    Raises:
        CloudError: the cloud can't be reached, refuses to answer, or its SDK is not installed.
    """
    found: tuple[Orphan, ...] = _room(cloud, "prune").find_orphans(rendered, held)
    return found


def remove_orphans(cloud: str, orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove them, each given back when it is gone.

    Raises:
        CloudError: the cloud refuses.
    """
    removed: Iterator[Orphan] = _room(cloud, "prune").remove_orphans(orphans)
    return removed


def preview_update(
    cloud: str, old: RenderedSite | None, new: RenderedSite | None
) -> tuple[ResourceChange, ...]:
    """What an update from one rendered site to another does to the cloud's resources."""
    touched: tuple[ResourceChange, ...] = _room(cloud, "preview").preview_update(old, new)
    return touched


def describe_update(
    cloud: str, site: str, touched: Sequence[ResourceChange], *, is_removed: bool
) -> Iterator[Message]:
    """How `pulumi up` goes about it: what is never absent meanwhile, and what comes last."""
    if touched:
        yield Message.about(f"update-{cloud}", f"sites.{site}")
    if any(change.action is Action.DELETE and change.kind in _GROUPS for change in touched):
        yield Message.about("update-group-deleted", f"sites.{site}")
    if is_removed:
        yield Message.about(f"site-removed-{cloud}", f"sites.{site}")


_GROUPS = ("security group", "network security group", "application security group")


def check_transient_quotas(
    cloud: str, before: RenderedSite | None, after: RenderedSite | None
) -> Iterator[Message]:
    """An error for every quota that the update alone would exceed, while old and new are there together."""
    if after is not None:
        found: Iterator[Message] = _room(cloud, "peak").check_transient_quotas(before, after)
        yield from found


# What no site can exceed a default quota with, so that it need not be rendered to be counted: (port range,
# peer) pairs of a group in one direction, groups, addresses. On AWS the minimum is at most as many
# rules; what Azure makes of them is an order of magnitude below its limits. A test compares.
_FEW_RULES: Mapping[str, int] = {"aws": 60, "azure": 100}
_FEW_GROUPS, _FEW_ADDRESSES = 50, 1000


def find_fitting(plan: SitePlan) -> Sequence[str]:
    """Clouds where the site is too small to exceed a default quota; loads nothing of them."""
    addresses = sum(len(machine.addresses) for group in plan.groups for machine in group.machines)
    peers = max((len(rule.cidrs) for group in plan.groups for rule in group.rules), default=0)
    if (
        len(plan.groups) > _FEW_GROUPS
        or addresses > _FEW_ADDRESSES
        or peers > max(_FEW_RULES.values())  # as at a hub, whose pairs are slow to count
    ):
        return ()
    most = most_rules(plan)
    return [cloud for cloud, few in _FEW_RULES.items() if most <= few]


def _room(cloud: str, module: str) -> Any:
    if cloud not in CLOUDS:
        raise ValueError(f"{cloud!r} is none of {', '.join(CLOUDS)}")
    return import_module(f"swyx_components.clouds.{cloud}.{module}")
