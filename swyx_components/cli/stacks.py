"""What the update of each stack is: asked of its cloud, before anything is begun."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from swyx_components.clouds import (
    CLOUDS,
    foresee_peak,
    foresee_update,
    holds_two_plans,
    owns_interfaces,
    render_site,
    settings_of_stack,
)
from swyx_components.installation.model import Installation
from swyx_components.judge import judge_site, land_site
from swyx_components.messages import Message, Severity
from swyx_components.planner import plan_site
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.planner.revision.changes import SiteChange
from swyx_components.planner.revision.moments import find_replaced, split_by_sites
from swyx_components.planner.revision.moves import Move, find_moves, find_new_names, find_taken
from swyx_components.planner.revision.steps import SiteUpdate

# Of what is said about a plan.
_WORTH_KNOWING = ("quota-would-exceed", "quotas-would-exceed", "quota-tight")


class Stacks:
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

    def bridge(self, updates: Sequence[SiteUpdate]) -> list[SiteUpdate]:
        """The same, with two updates for one of two sites between which something is replaced.

        Where its cloud can hold both plans, the other site goes from the old to the new meanwhile.
        """
        by_site = {update.site: update for update in updates}
        pairs = find_replaced(split_by_sites(update.change for update in updates))
        reach = Counter(site for keepers in pairs.values() for site in keepers)
        able = {site: number for site, number in reach.items() if self._can_land(by_site[site])}
        for keepers in pairs.values():
            found = [(able[site], site) for site in keepers if site in able]
            if found and not any(by_site[site].lands for site in keepers):
                chosen = max(found)[1]
                by_site[chosen] = replace(by_site[chosen], lands=True)
        return list(by_site.values())

    def _can_land(self, update: SiteUpdate) -> bool:
        """Whether its cloud can hold both of its plans, without refusing them."""
        plan = update.change.new
        if not update.cloud or update.change.old is None or plan is None:
            return False
        if not holds_two_plans(update.cloud):
            return False
        landed = land_site(judge_site(plan, self.new, update.cloud), self.old)
        return not _errors(landed.messages)

    def _on_any(self, change: SiteChange) -> SiteUpdate | None:
        """A site whose cloud is not named: what each would make of it."""
        plans = self._plans(change)
        if not any(foresee_update(c, *(_render(c, *each) for each in plans)) for c in CLOUDS):
            return None
        messages = self._judge(change.new, "").messages if change.new else ()
        return SiteUpdate(change=change, messages=_worth_knowing(messages))

    def _on_cloud(self, cloud: str, change: SiteChange) -> SiteUpdate | None:
        before = _render(cloud, *self._plans(change)[0])
        judged = self._judge(change.new, cloud) if change.new else None
        after = judged.rendered if judged else None
        if not foresee_update(cloud, before, after):
            return None
        messages: list[Message] = []
        if judged and after:
            messages += judged.messages
            refused = foresee_peak(cloud, before, after, self._lenders(cloud, change))
            self.errors += (message.of(self.new.file) for message in refused)
        else:
            messages.append(Message.about(f"site-removed-{cloud}", f"sites.{change.site}"))
        owns = owns_interfaces(cloud)
        messages += self._judge_moves(cloud, change.site) if owns else ()
        return SiteUpdate(
            change=change,
            cloud=cloud,
            owns_interfaces=owns,
            new_names=find_new_names(self.moves, change.site) if owns else {},
            settings=settings_of_stack(cloud),
            messages=_worth_knowing(messages),
        )

    def _judge(self, plan: SitePlan, cloud: str) -> Judged:
        judged = judge_site(plan, self.new, cloud)
        self.errors += _errors(judged.messages)
        return judged

    def _plans(
        self, change: SiteChange
    ) -> tuple[tuple[SitePlan | None, Installation], tuple[SitePlan | None, Installation]]:
        return (change.old, self.old), (change.new, self.new)

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


def _render(cloud: str, plan: SitePlan | None, installation: Installation) -> RenderedSite | None:
    """The site as the cloud would hold it, whether its quotas allow it or not."""
    return render_site(cloud, plan, installation) if plan else None


def _errors(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.severity is Severity.ERROR]


def _worth_knowing(messages: Sequence[Message]) -> tuple[Message, ...]:
    """What belongs to the step: what a plan has to say otherwise, `swyx check` says."""
    own = ("rollout-", "site-removed-")
    return tuple(each for each in messages if each.id.startswith(own) or each.id in _WORTH_KNOWING)
