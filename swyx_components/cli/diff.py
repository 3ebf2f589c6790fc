"""`swyx diff`: what another version of the installation file changes, for whom, and in which stacks."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from swyx_components.analysis.diff.changes import SiteChange, compare_sites, join_changes
from swyx_components.analysis.diff.edits import find_affected, find_edits
from swyx_components.analysis.diff.effects import find_effects
from swyx_components.cli.sites import bind_clouds, choose_sites, open_installation
from swyx_components.cli.talk import report_progress
from swyx_components.clouds import check_transient_quotas, describe_update, preview_update
from swyx_components.installation.model import Installation
from swyx_components.judge import assess_site
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.report.diff import CloudChange, changes_record, write_changes

SAME, DIFFERENT = 0, 1


def compare_files(
    old_file: str,
    new_file: str,
    sites: Sequence[str],
    clouds: Sequence[str],
    exit_code: bool,
    as_json: bool,
) -> int:
    """Print the changes; with `exit_code` 1 if there are any, else 0."""
    old, _ = open_installation(old_file)
    new, _ = open_installation(new_file)
    either = replace(new, sites={**old.sites, **new.sites})
    names = choose_sites(either, sites)
    bound = bind_clouds(either, clouds)
    edits = find_edits(old, new)
    affected = find_affected(old, new, edits).intersection(names)
    compared = compare_sites(old, new, edits, names)
    found = tuple(report_progress(compared, "sites compared", len(affected)))
    shown = [edit for edit in edits if not sites or edit.site in ("", *names)]
    changes = join_changes(shown, found)
    resources = _foresee_all(bound, found, old, new)
    # Of some sites only, the other ends are not known.
    effects = () if sites else find_effects(found)
    if as_json:
        print(json.dumps(changes_record(changes, resources, effects), indent=1))
    else:
        sys.stdout.writelines(write_changes(changes, resources, effects))
    return DIFFERENT if exit_code and not changes.none else SAME


def _foresee_all(
    bound: Mapping[str, str], sites: Iterable[SiteChange], old: Installation, new: Installation
) -> dict[str, CloudChange]:
    """What updates do to each site whose cloud is named, or all that the clouds refuse."""
    resources: dict[str, CloudChange] = {}
    errors: list[Message] = []
    for site in sites:
        if site.site not in bound:
            continue
        try:
            foreseen = _foresee(bound[site.site], site, old, new)
        except SwyxError as problem:
            errors += problem.messages
            continue
        if foreseen.touched or not site.is_none:
            resources[site.site] = foreseen
    if errors:
        raise SwyxError(errors)
    return resources


def _foresee(cloud: str, site: SiteChange, old: Installation, new: Installation) -> CloudChange:
    before, after = _render(cloud, site.old, old), _render(cloud, site.new, new)
    touched = preview_update(cloud, before, after)
    refused = [message.of(new.file) for message in check_transient_quotas(cloud, before, after)]
    if refused:
        raise SwyxError(refused)
    told = describe_update(cloud, site.site, touched, is_removed=after is None)
    return CloudChange(cloud, touched, tuple(message.of(new.file) for message in told))


def _render(cloud: str, plan: SitePlan | None, installation: Installation) -> RenderedSite | None:
    """The site as the cloud would hold it, counted and proved."""
    if plan is None:
        return None
    result = assess_site(plan, installation, cloud)
    errors = [message for message in result.messages if message.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    return result.rendered
