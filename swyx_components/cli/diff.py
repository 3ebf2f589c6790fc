"""`swyx diff`: what a new version of the installation file changes, for whom, and in which stacks."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from swyx_components.analysis.diff.changes import Changes, SiteChange, Store, compare_sites
from swyx_components.analysis.diff.edits import find_affected, find_edits
from swyx_components.analysis.diff.effects import find_effects
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.sites import bind_clouds, choose_sites
from swyx_components.cli.terminal import ANSWER_NO, DONE, print_answer, refuse, report_progress
from swyx_components.clouds import PLATFORMS, Cloud
from swyx_components.installation import Installation, load_installation
from swyx_components.messages import Message, SwyxError, raise_errors
from swyx_components.planner.assess import assess_site
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.report.diff import changes_record, write_changes


@command(
    "diff deployed.yaml installation.yaml",
    "diff deployed.yaml installation.yaml --cloud aws --exit-code",
    "diff - installation.yaml",
    old=written("OLD", "The installation file before the edit."),
    new=written("NEW", "The installation file after the edit."),
    exit_code=written("--exit-code", "Exit with 1 if anything differs."),
)
def diff(old: str, new: str, sites: Words, clouds: Words, exit_code: bool, as_json: bool) -> int:
    """Show what an edit changes, and for whom.

    Packets newly allowed and no longer allowed, rules added and removed, with their flows and
    edits. With --cloud also the resources that the update changes.
    """
    if old == new == "-":
        raise refuse("stdin-twice", "")
    before, after = load_installation(old), load_installation(new)
    either = replace(after, sites={**before.sites, **after.sites})
    names = choose_sites(either, sites)
    changes = find_changes(before, after, names, bind_clouds(either, clouds))
    # Of some sites only, the other ends are not known.
    effects = () if sites else find_effects(changes.compared)
    print_answer(changes_record(changes, effects) if as_json else write_changes(changes, effects))
    return ANSWER_NO if exit_code and not changes.none else DONE


def find_changes(
    old: Installation,
    new: Installation,
    names: Iterable[str],
    clouds: Mapping[str, str] = {},
    store: Store | None = None,
) -> Changes:
    """What the edits change at the named sites, rules as planned or stored; for those of `clouds` also what
    the update does to their resources.

    Raises:
        SwyxError: a site can't be planned, or all that the clouds would refuse.
    """
    edits, known = find_edits(old, new), {"", *names}
    affected = find_affected(old, new) & known
    compared = compare_sites(old, new, edits, affected, store)
    found: list[SiteChange] = []
    errors: list[Message] = []
    for site in report_progress(compared, "sites compared", len(affected)):
        cloud = clouds.get(site.site)
        try:
            found.append(_preview(PLATFORMS[cloud], site, old, new) if cloud else site)
        except SwyxError as problem:
            errors += problem.messages
    raise_errors(errors)
    return Changes(tuple(edit for edit in edits if edit.site in known), tuple(found))


def _preview(cloud: Cloud, site: SiteChange, old: Installation, new: Installation) -> SiteChange:
    """The same with what `pulumi up` does to its resources: how it proceeds, what comes last.

    Raises:
        SwyxError: the cloud would refuse the site, before or after, or the update.
    """
    before = _render(cloud, site.old, old) if site.old else None
    after = _render(cloud, site.new, new) if site.new else None
    groups = [one.groups if one else () for one in (before, after)]
    peak = cloud.check_transient_quotas(groups[0], after) if after else ()
    raise_errors(message.of(new.file) for message in peak)
    touched = tuple(cloud.preview_update(site.site, *groups))
    if site.is_none and not touched:
        return site
    ids = [f"update-{cloud.name}"] if touched else []
    if any(t.action == "delete" and t.kind.endswith("security group") for t in touched):
        ids.append("update-group-deleted")
    if after is None:
        ids.append(f"site-removed-{cloud.name}")
    told = tuple(Message.about(id, f"sites.{site.site}").of(new.file) for id in ids)
    return site._replace(cloud=cloud.name, touched=touched, messages=told)


def _render(cloud: Cloud, plan: SitePlan, installation: Installation) -> RenderedSite:
    """The site as the cloud would store it, counted and proven."""
    result = assess_site(plan, installation, cloud)
    raise_errors(result.messages)
    return result.rendered
