"""`swyx rollout`: the steps that bring another version of the installation file onto the stacks."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from swyx_components.cli.sites import bind_clouds, open_installation
from swyx_components.cli.talk import report_progress
from swyx_components.clouds import (
    CLOUDS,
    find_cuts,
    foresee_peak,
    foresee_update,
    judge_site,
    land_site,
    owns_interfaces,
    render_site,
    settings_of_stack,
)
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_site
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.planner.prove import Gap
from swyx_components.planner.revision.changes import SiteChange, compare_sites
from swyx_components.planner.revision.edits import find_affected, find_edits
from swyx_components.planner.revision.moves import Move, find_moves, find_new_names, find_taken
from swyx_components.planner.revision.order import Deadlock
from swyx_components.planner.revision.rollout import (
    Pair,
    Rollout,
    SiteUpdate,
    plan_rollout,
)
from swyx_components.planner.view import Survey
from swyx_components.report.rollout import RolloutPage, rollout_record, write_rollout
from swyx_components.report.stack_commands import Files

_WORTH_KNOWING = ("quota-would-exceed", "quota-tight")  # of what is said about a plan


def roll_out(old_file: str, new_file: str, clouds: Sequence[str], as_json: bool) -> int:
    """Print the steps, or all that stands in their way."""
    old, new = _open_both(old_file, new_file)
    bound = bind_clouds(replace(new, sites={**old.sites, **new.sites}), clouds)
    stacks = _Stacks(old, new, bound)
    edits = find_edits(old, new)
    affected = sorted(find_affected(old, new, edits))
    _refuse_unplannable(old, new, affected)
    compared = compare_sites(old, new, edits)
    changes = report_progress(compared, "sites compared", len(affected))
    updates = [update for change in changes for update in stacks.foresee(change)]
    _refuse(stacks.errors)
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


def _order(updates: Sequence[SiteUpdate], stacks: "_Stacks") -> Rollout:
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


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """One site on one cloud, before and after."""

    cloud: str
    before: RenderedSite | None
    after: RenderedSite | None

    @property
    def is_touched(self) -> bool:
        return bool(foresee_update(self.cloud, self.before, self.after))

    @property
    def cuts(self) -> tuple[Gap, ...]:
        if self.before is None or self.after is None:
            return ()
        return find_cuts(self.cloud, self.before, self.after)


class _Stacks:
    """Asks the clouds about each site that may change; `errors` is what they refuse."""

    def __init__(self, old: Installation, new: Installation, bound: Mapping[str, str]) -> None:
        self.old, self.new = old, new
        self.moves = find_moves(old, new)
        self.errors: list[Message] = []
        self._bound = bound

    def foresee(self, change: SiteChange) -> Iterator[SiteUpdate]:
        """What a site's update is; nothing where its stack stays as it is."""
        cloud = self._bound.get(change.site, "")
        found = self._on_cloud(cloud, change) if cloud else self._on_any(change)
        if found is not None:
            yield found

    def _on_any(self, change: SiteChange) -> SiteUpdate | None:
        """A site whose cloud is not named: what each would make of it."""
        seen = [
            _Foreseen(cloud, self._render(cloud, change.old, self.old), after)
            for cloud in CLOUDS
            for after in (self._render(cloud, change.new, self.new),)
        ]
        if not any(each.is_touched for each in seen):
            return None
        messages = [*self._judge(change.new, "").messages] if change.new else []
        for each in seen:
            messages += self._tell_cuts("rollout-may-cut", each, change.site)
        return SiteUpdate(change=change, messages=_worth_knowing(messages))

    def _on_cloud(self, cloud: str, change: SiteChange) -> SiteUpdate | None:
        before = self._render(cloud, change.old, self.old)
        judged = self._judge(change.new, cloud) if change.new else None
        seen = _Foreseen(cloud, before, judged.rendered if judged else None)
        if not seen.is_touched:
            return None
        messages = [*self._tell_cuts("rollout-two-updates", seen, change.site)]
        lands = bool(messages)
        if judged and seen.after:
            messages += judged.messages
            self.errors += foresee_peak(cloud, before, seen.after, self._lenders(cloud, change))
            if lands:
                self.errors += _errors(land_site(judged, self.old).messages)
        else:
            messages.append(Message.about(f"site-removed-{cloud}", f"sites.{change.site}"))
        owns = owns_interfaces(cloud)
        messages += self._judge_moves(cloud, change.site) if owns else ()
        return SiteUpdate(
            change=change,
            cloud=cloud,
            owns_interfaces=owns,
            lands=lands,
            new_names=find_new_names(self.moves, change.site) if owns else {},
            settings=settings_of_stack(cloud),
            messages=_worth_knowing(messages),
        )

    def _judge(self, plan: SitePlan, cloud: str) -> Judged:
        judged = judge_site(plan, self.new, cloud)
        self.errors += _errors(judged.messages)
        return judged

    def _render(
        self, cloud: str, plan: SitePlan | None, installation: Installation
    ) -> RenderedSite | None:
        return render_site(cloud, plan, installation) if plan else None

    def _lenders(self, cloud: str, change: SiteChange) -> list[RenderedSite]:
        """Other sites of the cloud as they are now, whose machines' addresses come to this one."""
        names = {
            move.source.site
            for move in self.moves
            if move.target.site == change.site and not move.stays_at_its_site
        }
        return [
            render_site(cloud, plan_site(self.old, name), self.old)
            for name in sorted(names)
            if self._bound.get(name) == cloud
        ]

    def _tell_cuts(self, id: str, seen: _Foreseen, site: str) -> Iterator[Message]:
        cuts = seen.cuts
        if cuts:
            machines = sorted({cut.group for cut in cuts})
            values = {"machines": machines, "first": cuts[0], "cloud": seen.cloud, "site": site}
            yield Message.about(id, f"sites.{site}", **values).of(self.new.file)

    def _judge_moves(self, cloud: str, site: str) -> Iterator[Message]:
        """Addresses that change hands where an interface must go before another has its address."""
        for move in find_taken(self.moves, self.new, site):
            message = self._about("rollout-address-taken", move, cloud=cloud)
            self.errors.append(message)
        for move in self.moves:
            giver = move.source.site
            if move.target.site == site != giver and self._bound.get(giver) == cloud:
                yield self._about("rollout-address-moves", move, site=giver)

    def _about(self, id: str, move: Move, **values: str) -> Message:
        place = f"sites.{move.target.site}.machines.{move.target.machine}.addresses"
        named = {
            "addresses": [address.address for address in move.addresses],
            "source": move.source.machine,
            "target": move.target.machine,
        }
        return Message.about(id, place, **named, **values).of(self.new.file)


def _errors(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.severity is Severity.ERROR]


def _worth_knowing(messages: Sequence[Message]) -> tuple[Message, ...]:
    """What belongs to the step: what a plan has to say otherwise, `swyx check` says."""
    own = ("rollout-", "site-removed-")
    return tuple(each for each in messages if each.id.startswith(own) or each.id in _WORTH_KNOWING)
