"""`swyx diff`: what a new version of the installation file changes, for whom, and in which stacks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import click

from swyx_components.analysis.diff.changes import Changes, SiteChange, Store, compare_sites
from swyx_components.analysis.diff.edits import find_affected, find_edits
from swyx_components.analysis.diff.effects import find_effects
from swyx_components.cli.failures import ANSWER_NO, DONE, refuse
from swyx_components.cli.options import CLOUDS, JSON, SITES, argument, examples
from swyx_components.cli.sites import bind_clouds, choose_sites, open_installation
from swyx_components.cli.terminal import print_json, print_lines, report_progress
from swyx_components.clouds import PLATFORMS
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, SwyxError, raise_errors
from swyx_components.planner.assess import assess_site
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.planner.resource_changes import Action, ResourceChange, UpdatePreview
from swyx_components.report.diff import CloudChange, changes_record, write_changes


@click.command(
    epilog=examples(
        "diff deployed.yaml installation.yaml",
        "diff deployed.yaml installation.yaml --cloud aws --exit-code",
        "diff - installation.yaml",
    )
)
@argument("old", "OLD", "The installation file before the edit.")
@argument("new", "NEW", "The installation file after the edit.")
@SITES
@CLOUDS
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything differs.")
@JSON
def diff(
    old: str, new: str, sites: Sequence[str], clouds: Sequence[str], exit_code: bool, as_json: bool
) -> int:
    """Show what an edit changes, and for whom.

    Packets newly allowed and no longer allowed, rules added and removed, with their flows and
    edits. With --cloud also the resources that the update changes.
    """
    if old == new == "-":
        raise refuse("stdin-twice", "")
    before, _ = open_installation(old)
    after, _ = open_installation(new)
    either = replace(after, sites={**before.sites, **after.sites})
    names = choose_sites(either, sites)
    bound = bind_clouds(either, clouds)
    changes = find_changes(before, after, names)
    resources = preview_all(bound, changes.compared, before, after)
    # Of some sites only, the other ends are not known.
    effects = () if sites else find_effects(changes.compared)
    if as_json:
        print_json(changes_record(changes, resources, effects))
    else:
        print_lines(write_changes(changes, resources, effects))
    return ANSWER_NO if exit_code and not changes.none else DONE


def find_changes(
    old: Installation, new: Installation, names: Sequence[str], store: Store | None = None
) -> Changes:
    """What the edits change at the named sites; rules as planned or stored."""
    edits = find_edits(old, new)
    affected = find_affected(old, new, edits).intersection(names)
    compared = compare_sites(old, new, edits, names, store)
    found = tuple(report_progress(compared, "sites compared", len(affected)))
    known = {"", *names}
    return Changes(tuple(edit for edit in edits if edit.site in known), found)


def preview_all(
    bound: Mapping[str, str], sites: Iterable[SiteChange], old: Installation, new: Installation
) -> dict[str, CloudChange]:
    """What updates do to each site with a cloud, or all that the clouds would refuse."""
    resources: dict[str, CloudChange] = {}
    errors: list[Message] = []
    for site in sites:
        if site.site not in bound:
            continue
        try:
            preview = _preview(PLATFORMS[bound[site.site]], site, old, new)
        except SwyxError as problem:
            errors += problem.messages
            continue
        if preview.touched or not site.is_none:
            resources[site.site] = preview
    raise_errors(errors)
    return resources


def _preview(
    cloud: UpdatePreview, site: SiteChange, old: Installation, new: Installation
) -> CloudChange:
    before, after = _render(cloud, site.old, old), _render(cloud, site.new, new)
    groups = (one.groups if one else () for one in (before, after))
    touched = tuple(cloud.preview_update(site.site, *groups))
    peak = cloud.check_transient_quotas(before, after)
    raise_errors(message.of(new.file) for message in peak)
    told = _describe_update(cloud.name, site.site, touched, is_removed=after is None)
    return CloudChange(cloud.name, touched, tuple(message.of(new.file) for message in told))


def _describe_update(
    cloud: str, site: str, touched: Sequence[ResourceChange], *, is_removed: bool
) -> Iterator[Message]:
    """How `pulumi up` proceeds: what stays in effect meanwhile, and what comes last."""
    if touched:
        yield Message.about(f"update-{cloud}", f"sites.{site}")
    deleted = [change.kind for change in touched if change.action is Action.DELETE]
    if any(kind.endswith("security group") for kind in deleted):
        yield Message.about("update-group-deleted", f"sites.{site}")
    if is_removed:
        yield Message.about(f"site-removed-{cloud}", f"sites.{site}")


def _render(
    cloud: UpdatePreview, plan: SitePlan | None, installation: Installation
) -> RenderedSite | None:
    """The site as the cloud would store it, counted and proven."""
    if plan is None:
        return None
    result = assess_site(plan, installation, cloud)
    raise_errors(result.messages)
    return result.rendered
