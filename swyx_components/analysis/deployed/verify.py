"""The deployed state against the plan, rule by rule and interface by interface.

What a cloud holds arrives as the same `Rule` that the plan was rendered to, so that equal means equal
in what is enforced, regardless of names, descriptions and the order of rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from swyx_components.analysis.deployed.reachability import (
    AttachmentPoint,
    Packets,
    diff_reachability,
    find_requirements,
    join_packets,
)
from swyx_components.installation.model import Egress
from swyx_components.messages import SwyxError
from swyx_components.planner.model import Direction, RenderedSite, Rule, SitePlan, shard_label
from swyx_components.planner.proof import prove_rules


class CloudError(SwyxError):
    """What an operator must fix: a cloud that can't be reached, or that refuses to answer."""


_Words = tuple[str, str]  # the name of something and what is said of it


class DeployedGroup(NamedTuple):
    """What stands for one host group in the cloud.

    `ids` are the cloud's names for it, and for the further groups that its rules are spread over, by
    number; several where one stands more than once. `unreadable` are rules that no plan can have: the
    name, empty where rules have none, and the cloud's words. `narrowed` are those of them that are
    limited to some addresses, as rules, where these include the group's own: packets pass by them.
    """

    ids: Mapping[int, tuple[str, ...]]
    rules: tuple[Rule, ...]
    unreadable: tuple[_Words, ...] = ()
    narrowed: tuple[Rule, ...] = ()


class ForeignGroup(NamedTuple):
    """A group that is not the site's and applies to an interface as well.

    `adds`: what it allows passes in any case. `takes`: what it does not allow is blocked. `points`
    are the addresses of the interface with its rules alone; None where those are not known.
    """

    label: str
    adds: bool = False
    takes: bool = False
    points: tuple[AttachmentPoint, ...] | None = None


class DeployedInterface(NamedTuple):
    """One network interface and whose rules it is under.

    `machine` is empty where the interface has no address of a machine of the site. `groups` are host
    groups of this site (each shard by its label).
    """

    id: str
    machine: str
    groups: tuple[str, ...]
    others: tuple[ForeignGroup, ...] = ()


class Deployed(NamedTuple):
    """All that a cloud, or a file, holds for one site. `strays` are groups of the site that no plan has.

    `interfaces` None: the source has none, so nothing is known of them. `lacking` are sentences about
    what else it does not have.
    """

    groups: Mapping[str, DeployedGroup]
    interfaces: tuple[DeployedInterface, ...] | None
    strays: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


class Change(NamedTuple):
    """One rule that the plan and the cloud do not have in common.

    Only `planned`: missing in the cloud. Only `found`: not planned. Both: the same name with
    another content; in the cloud's words where that is `unreadable`.
    """

    group: str
    planned: Rule | None = None
    found: Rule | None = None
    unreadable: str = ""


class Effect(NamedTuple):
    """The effect of a group that is not the site's at an interface.

    `added` are packets that it allows and no flow needs, `stopped` those that flows need and it stops.
    """

    at: DeployedInterface
    other: ForeignGroup
    added: tuple[Packets, ...]
    stopped: tuple[Packets, ...]


class Comparison:
    """A rendered site against its deployed state: every difference, and the proof on the latter.

    `faults` are sentences about groups and interfaces; each of them, and each effect, makes the two unequal.
    `remarks` are worth knowing and change nothing; `lacking` says what could not be judged.
    """

    def __init__(self, rendered: RenderedSite, deployed: Deployed) -> None:
        self.plan, self.cloud = rendered.plan, rendered.capabilities.name
        self.lacking, groups = deployed.lacking, deployed.groups
        self.groups = len(groups)
        self.rules = sum(len(own.rules) + len(own.unreadable) for own in groups.values())
        self.changes: list[Change] = []
        for entry in rendered.groups:
            found = groups.get(entry.group.name) or DeployedGroup(ids={}, rules=())
            self.changes += _compare_rules(entry.group.name, entry.rules, found)
        told = {(change.group, change.unreadable) for change in self.changes}
        self.faults = [*_check_groups(rendered, deployed, told)]
        if deployed.interfaces is not None:
            self.faults += _check_interfaces(rendered, deployed.interfaces)
        effects = [
            _find_effect(rendered.plan, interface, other)
            for interface in deployed.interfaces or ()
            for other in interface.others
            if interface.machine
        ]
        self.effects = [effect for effect in effects if effect.added or effect.stopped]
        self.remarks = [*_remark_on_others(effects)]
        rules = {name: (*own.rules, *own.narrowed) for name, own in groups.items()}
        self.proof = prove_rules(rendered, rules)

    @property
    def equal(self) -> bool:
        """Whether the cloud holds what is planned and nothing else, and the proof holds."""
        return not (self.changes or self.faults or self.effects) and self.proof.holds


def _compare_rules(group: str, planned: Iterable[Rule], found: DeployedGroup) -> Iterator[Change]:
    wanted = {rule.enforced: rule for rule in planned}
    unreadable = {name: words for name, words in found.unreadable if name}
    extra = [rule for rule in found.rules if wanted.pop(rule.enforced, None) is None]
    by_name = {rule.name: rule for rule in extra if rule.name}
    for rule in wanted.values():
        other = by_name.pop(rule.name, None)
        if other is not None:
            extra.remove(other)
        words = "" if other else unreadable.get(rule.name, "")
        yield Change(group=group, planned=rule, found=other, unreadable=words)
    yield from (Change(group=group, found=rule) for rule in extra)


def _check_groups(rendered: RenderedSite, deployed: Deployed, told: set[_Words]) -> Iterator[str]:
    for entry in rendered.groups:
        name = entry.group.name
        found = deployed.groups.get(name)
        if found is None:
            yield f"{name}: group missing in the cloud"
            continue
        for shard in sorted({*entry.shards, *found.ids}):
            label, ids = shard_label(name, shard), found.ids.get(shard, ())
            if not ids:
                yield f"{label}: group missing in the cloud"
            elif shard not in entry.shards:
                yield f"{label}: not in the plan of {name}, found as {', '.join(ids)}"
            elif len(ids) > 1:
                yield f"{label}: found {len(ids)} times in the cloud, as {', '.join(ids)}"
        for _, words in found.unreadable:
            if (name, words) not in told:
                yield f"{name}: unplanned rule {words}"
    for stray in deployed.strays:
        yield f"{stray}: belongs to this site but is not in the plan"


def _check_interfaces(
    rendered: RenderedSite, interfaces: Sequence[DeployedInterface]
) -> Iterator[str]:
    of_networks: set[str] = set()
    for entry in rendered.groups:
        labels = [shard_label(entry.group.name, shard) for shard in entry.shards]
        of_networks |= {*labels} if entry.group.network else set()
        names = {machine.name for machine in entry.group.machines}
        own = [interface for interface in interfaces if interface.machine in names]
        for machine in sorted(names - {interface.machine for interface in own}):
            yield f"{machine}: no interface in the cloud has its address"
        for interface in own:
            where = f"{interface.machine} ({interface.id})"
            for label in labels:
                if label not in interface.groups:
                    yield f"{where}: its interface is not in {label}"
            for other in interface.groups:
                if other not in labels:
                    yield f"{where}: its interface is also in {other}, which is not its group"
    # Rules allow every interface in a named group, even if it belongs to no machine of the plan.
    for interface in interfaces:
        if not interface.machine and not of_networks.issuperset(interface.groups):
            joined = ", ".join(interface.groups)
            yield f"{interface.id}: is in {joined} but has no address of a machine of this site"


def _find_effect(plan: SitePlan, interface: DeployedInterface, other: ForeignGroup) -> Effect:
    """What the other group adds to, or takes from, what the flows of a machine need."""
    required = find_requirements(plan, interface.machine) if other.points else ()
    own = plan.machine(interface.machine).addresses
    found = diff_reachability(other.points or (), required, own)
    added = (
        each
        for each in chain(*found.open.values())
        if each.direction is Direction.IN or plan.egress is Egress.CLOSED
    )
    stopped = chain(*found.missing.values()) if other.takes else ()
    return Effect(
        interface, other, join_packets(added if other.adds else ()), join_packets(stopped)
    )


def _remark_on_others(effects: Iterable[Effect]) -> Iterator[str]:
    """Each group whose rules are unknown, with its place; those without any effect once, all together."""
    idle: set[str] = set()
    acting: set[str] = set()
    for at, other, added, stopped in effects:
        if other.points is None:
            could = "blocks" if other.takes else "allows"
            yield (
                f"{at.machine} ({at.id}): {other.label} also applies to its interface; "
                f"its rules are unknown, so what it {could} is not part of the proof"
            )
        elif added or stopped:
            acting.add(other.label)
        elif any(layer.entries for point in other.points for layer in point.layers):
            idle.add(other.label)
    if named := ", ".join(sorted(idle - acting)):
        yield f"also applied to its interfaces, without effect on the proof: {named}"
