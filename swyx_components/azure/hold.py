"""What an update writes to interfaces beside its own calls, so that nothing is cut while they move.

An update writes each network security group (NSG) once, then each interface once. In between an
interface and its peers' rules disagree about the application security groups (ASGs) that it is in. So
around these calls it is given what it had beside what it will have:

1. before the first NSG changes, it joins the ASGs that it will be in; where its NSG stays, whose rules
   may change, it goes to a copy of that, put aside;
2. after the last NSG, it goes to the one that it will have, still in all ASGs; the copies go;
3. the update's own call takes it out of the ASGs that it leaves.

The first only adds, and by the third no rule that both plans need names an ASG that anybody leaves.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from swyx_components.azure.arm import key_of
from swyx_components.azure.names import shorten

Document = dict[str, Any]  # a resource as ARM shows it

_ASIDE = "aside"
_GROUP = "swyx:group"


class Planned(NamedTuple):
    """What an interface will be in, by names in its resource group; `machine` is whose it is."""

    machine: str
    group: str
    asgs: tuple[str, ...]


class _Moving(NamedTuple):
    """An interface whose groups an update changes: its NSG first and then, its ASGs until the end."""

    machine: str
    document: Document
    first: str
    then: str
    asgs: tuple[str, ...]
    leaves: bool


class Hold:
    """The interfaces whose groups an update changes, of all that a resource group has.

    `place` is the part of their ids that all resources of the site have in common.
    """

    def __init__(
        self, planned: Mapping[str, Planned], place: str, interfaces: Iterable[Document]
    ) -> None:
        self._place = place
        self._groups = {key_of(self._group(each.group)): each.group for each in planned.values()}
        by_name = {key_of(name): each for name, each in planned.items()}
        self._moving = [
            moving
            for interface in interfaces
            if (plan := by_name.get(key_of(interface["name"]))) is not None
            for moving in self._find(plan, interface)
        ]

    @property
    def machines(self) -> tuple[str, ...]:
        """Those that the interfaces belong to, sorted."""
        return tuple(sorted({moving.machine for moving in self._moving}))

    @property
    def copies(self) -> Mapping[str, str]:
        """By id of a copy, the NSG that it is a copy of."""
        return {
            moving.first: group_of(moving.document)
            for moving in self._moving
            if key_of(moving.first) != key_of(group_of(moving.document))
        }

    @property
    def asides(self) -> frozenset[str]:
        """The copies to remove in the end, those of an update that was interrupted too."""
        known = {key_of(aside_of(self._group(name))) for name in self._groups.values()}
        used = {moving.first for moving in self._moving}
        return frozenset(id for id in used if key_of(id) in known)

    def begin(self) -> Iterator[Document]:
        """What to write before the first NSG changes."""
        for moving in self._moving:
            document = _placed(moving.document, moving.first, moving.asgs)
            if _groups_of(document) != _groups_of(moving.document):
                yield document

    def proceed(self, written: Iterable[Document]) -> Iterator[Document]:
        """What to write after the last NSG changed; `written` is what the first writes gave.

        Nothing, where the update's own call of the only interface does it at once.
        """
        if not (self.asides or (len(self._moving) > 1 and any(m.leaves for m in self._moving))):
            return
        newest = {key_of(each["name"]): each for each in written}
        for moving in self._moving:
            document = newest.get(key_of(moving.document["name"]), moving.document)
            placed = _placed(document, moving.then, moving.asgs)
            if _groups_of(placed) != _groups_of(document):
                yield placed

    def _find(self, plan: Planned, interface: Document) -> Iterator[_Moving]:
        has = {key_of(id): id for id in asgs_of(interface)}
        gets = {key_of(id): id for id in map(self._asg, plan.asgs)}
        own, then = group_of(interface), self._group(plan.group)
        stays = key_of(own) in self._groups
        moves = key_of(own) != key_of(then)
        if has.keys() != gets.keys() or (moves and stays):
            yield _Moving(
                machine=plan.machine,
                document=interface,
                first=aside_of(own) if moves and stays else own,
                then=then,
                asgs=tuple((has | gets).values()),
                leaves=bool(has.keys() - gets.keys()),
            )

    def _group(self, name: str) -> str:
        return f"{self._place}/networkSecurityGroups/{name}"

    def _asg(self, name: str) -> str:
        return f"{self._place}/applicationSecurityGroups/{name}"


def aside_of(group: str) -> str:
    """The id of a copy of an NSG."""
    before, slash, name = group.rpartition("/")
    return f"{before}{slash}{shorten(f'{name}-{_ASIDE}')}"


def copy_group(group: Document) -> Document:
    """What to write to have the rules of an NSG once more. Tags tell that it belongs to no host group."""
    tags = group.get("tags") or {}
    return {
        "location": group["location"],
        "tags": {**tags, _GROUP: f"{tags.get(_GROUP, '')}.{_ASIDE}"},
        "properties": {
            "securityRules": [
                {"name": rule["name"], "properties": _settable(rule["properties"])}
                for rule in group["properties"].get("securityRules") or ()
            ]
        },
    }


def is_copy(tags: Mapping[str, str]) -> bool:
    """Whether an NSG with these tags is a copy."""
    return tags.get(_GROUP, "").endswith(f".{_ASIDE}")


def group_of(interface: Document) -> str:
    """The id of an interface's NSG; empty without one."""
    return str((interface["properties"].get("networkSecurityGroup") or {}).get("id", ""))


def asgs_of(interface: Document) -> tuple[str, ...]:
    """The ids of the ASGs that any address of an interface is in."""
    return tuple(
        {
            key_of(asg["id"]): asg["id"]
            for configuration in interface["properties"]["ipConfigurations"]
            for asg in configuration["properties"].get("applicationSecurityGroups") or ()
        }.values()
    )


def _groups_of(interface: Document) -> tuple[str, frozenset[str]]:
    return key_of(group_of(interface)), frozenset(map(key_of, asgs_of(interface)))


def _placed(interface: Document, group: str, asgs: Iterable[str]) -> Document:
    """The interface in this NSG and these ASGs, all else as it is. Its addresses must be in the same ASGs."""
    made = deepcopy(interface)
    own = made["properties"]
    if group:
        own["networkSecurityGroup"] = {"id": group}
    for configuration in own["ipConfigurations"]:
        named = [{"id": id} for id in asgs]
        configuration["properties"]["applicationSecurityGroups"] = named
    return made


def _settable(properties: Document) -> Document:
    return {key: value for key, value in properties.items() if key != "provisioningState"}
