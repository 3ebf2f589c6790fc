"""When an update of an interface is warned about: it leaves an ASG and joins another, and only then."""

from typing import Any

import pytest
from pulumi.output import Unknown

from swyx_components.azure.moves import find_moves
from swyx_components.planner.model import HostGroup, Identity
from tests.components.estate import EXAMPLE, bochum
from tests.components.recorder import record

NIC = "azure-native:network:NetworkInterface"
PLACE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/applicationSecurityGroups/"


def group(*roles: str) -> HostGroup:
    identities = tuple(Identity(role) for role in roles)
    return HostGroup(name="g", site="acme", roles=roles, identities=identities, machines=())


def inputs(*asgs: str, unknown: int = 0, addresses: int = 1) -> dict[str, Any]:
    """An interface in these ASGs, and in some that are still to be made."""
    ids: list[Any] = [*(PLACE + asg for asg in asgs), *(Unknown() for _ in range(unknown))]
    configuration = {"applicationSecurityGroups": [{"id": id} for id in ids]}
    return {"ipConfigurations": [configuration] * addresses, "tags": {"swyx:machine": "desk"}}


def test_one_that_leaves_and_joins_is_warned_about_with_machine_asgs_and_remedy() -> None:
    old = inputs("acme-swyxphonel400-asg", addresses=2)
    new = inputs("acme-swyxphonel440-asg", addresses=2)
    assert [*map(str, find_moves(group("SwyxPhoneL440"), old, new))] == [
        "machines.desk: desk leaves acme-swyxphonel400-asg and joins acme-swyxphonel440-asg in one update: "
        "between its peers' rules and its interface, what passes before and after can be denied for a "
        "moment; if it may not (`swyx diff` compares the two files), make it in two: set `swyx:replaces` "
        "of the stack to a copy of the file that is deployed now, `pulumi up`, take the setting out, "
        "`pulumi up`."
    ]


def test_a_preview_names_what_is_still_to_be_made() -> None:
    old, new = (
        inputs("acme-swyxgate-asg", "acme-swyxfaxserver-asg"),
        inputs("acme-swyxgate-asg", unknown=1),
    )
    (message,) = find_moves(group("SwyxGate", "LinkManager"), old, new)
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
    assert [*find_moves(group("SwyxGate", "LinkManager"), old, new)] == []


def test_every_interface_is_watched_in_previews_too_and_no_other_resource() -> None:
    made = record(bochum, EXAMPLE)
    watched = {each.name: each.before_update for each in made.resources if each.before_update}
    assert sorted(watched) == sorted(each.name for each in made.of(NIC))
    assert {name for names in watched.values() for name in names} == set(made.hooks)
    assert set(made.hooks.values()) == {True}


def test_nothing_is_watched_where_nothing_is_attached() -> None:
    assert record(lambda: bochum(attach=False), EXAMPLE).hooks == {}
