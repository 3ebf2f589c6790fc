"""`swyx rollout`: the steps that bring another version of the installation file onto the stacks."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from swyx_components.cli.sites import bind_clouds, open_installation
from swyx_components.cli.stacks import Stacks
from swyx_components.cli.talk import report_progress
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_site
from swyx_components.planner.revision.changes import compare_sites
from swyx_components.planner.revision.edits import find_affected, find_edits
from swyx_components.planner.revision.order import Deadlock
from swyx_components.planner.revision.rollout import plan_rollout
from swyx_components.planner.revision.steps import Pair, Rollout, SiteUpdate
from swyx_components.planner.view import Survey
from swyx_components.report.rollout import RolloutPage, rollout_record, write_rollout
from swyx_components.report.stack_commands import Files


def roll_out(old_file: str, new_file: str, clouds: Sequence[str], as_json: bool) -> int:
    """Print the steps, or all that stands in their way."""
    old, new = _open_both(old_file, new_file)
    bound = bind_clouds(replace(new, sites={**old.sites, **new.sites}), clouds)
    stacks = Stacks(old, new, bound)
    edits = find_edits(old, new)
    affected = sorted(find_affected(old, new, edits))
    _refuse_unplannable(old, new, affected)
    compared = compare_sites(old, new, edits)
    changes = report_progress(compared, "sites compared", len(affected))
    updates = [update for change in changes for update in stacks.foresee(change)]
    _refuse(stacks.errors)
    updates = stacks.bridge(updates)
    rollout = _order(updates, stacks)
    _need_lasting_file(old_file, updates)
    unnamed = [update.site for update in updates if not update.cloud]
    page = RolloutPage(
        rollout=rollout,
        files=Files(old_file, new_file),
        clouds=bound,
        messages=tuple(_ask_for_clouds(unnamed)),
    )
    if as_json:
        print(json.dumps(rollout_record(page), indent=1))
    else:
        sys.stdout.writelines(write_rollout(page))
    return 0


def _open_both(old_file: str, new_file: str) -> tuple[Installation, Installation]:
    """Both files, or what is wrong with either."""
    opened: list[Installation] = []
    errors: list[Message] = []
    for file in (old_file, new_file):
        try:
            opened.append(open_installation(file)[0])
        except SwyxError as problem:
            errors += problem.messages
    _refuse(errors)
    old, new = opened
    return old, new


def _refuse(errors: Sequence[Message]) -> None:
    if errors:
        raise SwyxError(errors)


def _refuse_unplannable(old: Installation, new: Installation, names: Sequence[str]) -> None:
    """Every error of every plan, so that they are told at once."""
    _refuse(
        [
            message
            for installation in (old, new)
            for survey in (Survey(installation),)
            for name in names
            if name in installation.sites
            for message in plan_site(survey, name).messages
            if message.severity is Severity.ERROR
        ]
    )


def _order(updates: Sequence[SiteUpdate], stacks: Stacks) -> Rollout:
    touched = {update.site for update in updates}
    unchanged = stacks.old.sites.keys() & stacks.new.sites.keys() - touched
    links = _linked(stacks.old), _linked(stacks.new)
    try:
        return plan_rollout(updates, unchanged, links, stacks.moves)
    except Deadlock as problem:
        place = ", ".join(f"sites.{site}" for site in problem.sites)
        wrong = Message.about("rollout-deadlock", place)
        raise SwyxError([wrong.of(stacks.new.file)]) from None


def _linked(installation: Installation) -> frozenset[Pair]:
    return frozenset(
        (min(link.near, link.far), max(link.near, link.far)) for link in installation.links
    )


def _need_lasting_file(file: str, updates: Sequence[SiteUpdate]) -> None:
    """A pipe of the shell (`<(git show ...)`) is gone when a stack reads it."""
    sites = [update.site for update in updates if update.lands]
    if sites and not Path(file).is_file():
        raise SwyxError([Message.about("rollout-old-fleeting", file, sites=sites)])


def _ask_for_clouds(sites: Sequence[str]) -> Iterator[Message]:
    if sites:
        shown = [*sites[:5], f"{len(sites) - 5} more"] if len(sites) > 6 else list(sites)
        yield Message.about("rollout-clouds-unnamed", "--cloud", sites=shown)
