"""When a preview tells of an interface: it leaves an ASG and joins another, and only then."""

from typing import Any

import pytest
from pulumi.output import Unknown

from swyx_components.azure.hold import Planned
from swyx_components.azure.moves import find_moves
from tests.components.estate import EXAMPLE, bochum
from tests.components.recorder import record

NIC = "azure-native:network:NetworkInterface"
NSG = "azure-native:network:NetworkSecurityGroup"
PLACE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/applicationSecurityGroups/"


def planned(*asgs: str) -> dict[str, Planned]:
    return {"acme-desk-nic": Planned(machine="desk", group="acme-desk-nsg", asgs=asgs)}


def inputs(*asgs: str, unknown: int = 0, addresses: int = 1) -> dict[str, Any]:
    """An interface in these ASGs, and in some that are still to be made."""
    ids: list[Any] = [*(PLACE + asg for asg in asgs), *(Unknown() for _ in range(unknown))]
    configuration = {"applicationSecurityGroups": [{"id": id} for id in ids]}
    return {
        "ipConfigurations": [configuration] * addresses,
        "networkInterfaceName": "acme-desk-nic",
    }


def test_one_that_leaves_and_joins_is_told_with_machine_and_asgs() -> None:
    old = inputs("acme-swyxphonel400-asg", addresses=2)
    new = inputs("acme-swyxphonel440-asg", addresses=2)
    assert [*map(str, find_moves(planned("acme-swyxphonel440-asg"), old, new))] == [
        "machines.desk: desk leaves acme-swyxphonel400-asg and joins acme-swyxphonel440-asg; the update "
        "keeps its interface in all of them until the rules are written, so nothing is cut."
    ]


def test_a_preview_names_what_is_still_to_be_made() -> None:
    old, new = (
        inputs("acme-swyxgate-asg", "acme-swyxfaxserver-asg"),
        inputs("acme-swyxgate-asg", unknown=1),
    )
    plan = planned("acme-swyxgate-asg", "acme-linkmanager-asg")
    (message,) = find_moves(plan, old, new)
    values = dict(message.values)
    assert (values["left"], values["joined"]) == ("acme-swyxfaxserver-asg", "acme-linkmanager-asg")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (inputs("a"), inputs("a")),
        (inputs("a"), inputs("A")),  # ids of ARM have no case
        (inputs("a", "b"), inputs("b", "a")),
        (inputs("a"), inputs("a", "b")),
        (inputs("a", "b"), inputs("b")),
        (inputs("acme-swyxgate-asg"), inputs("acme-swyxgate-asg", unknown=1)),
        (inputs(), inputs("a")),  # made without any, such as by an import
        (None, inputs("a")),
        (inputs("a"), None),
    ],
)
def test_any_other_update_is_none_of_its_business(old: Any, new: Any) -> None:
    plan = planned("acme-swyxgate-asg", "acme-linkmanager-asg")
    assert [*find_moves(plan, old, new)] == []


def test_every_group_and_interface_is_held_and_previews_are_told_of_interfaces() -> None:
    made = record(bochum, EXAMPLE)
    watched = {each.name: each.before_update for each in made.resources if each.before_update}
    assert sorted(watched) == sorted(each.name for kind in (NSG, NIC) for each in made.of(kind))
    before = {kind: {watched[each.name] for each in made.of(kind)} for kind in (NSG, NIC)}
    assert before == {
        NSG: {("bochum-bochum-hold",)},
        NIC: {("bochum-bochum-moves", "bochum-bochum-release")},
    }
    assert made.hooks == {
        "bochum-bochum-hold": False,
        "bochum-bochum-moves": True,
        "bochum-bochum-release": False,
    }


def test_nothing_is_watched_where_nothing_is_attached() -> None:
    made = record(lambda: bochum(attach=False), EXAMPLE)
    assert made.hooks == {}
    assert not any(each.before_update for each in made.resources)
