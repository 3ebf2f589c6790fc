"""One update of interfaces that move cuts nothing: every write is judged by the oracle, in any order.

The writes are those of `azure/hold.py` around the engine's own: every network security group, then every
interface. `tests/engine/test_hitless.py` shows with the real engine that they come in this order.
"""

from __future__ import annotations

import random
from copy import deepcopy
from itertools import islice
from typing import Any

import pytest

from swyx_components.azure.cuts import find_cuts
from swyx_components.azure.hold import Hold, Planned, copy_group
from swyx_components.planner.model import RenderedSite
from tests.azure.test_cuts import GATES, Documents, lost, regions, render
from tests.engine.replay import Regions
from tests.oracle.rendered import azure_documents
from tests.pairs import SITE, pairs

PLACE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network"


def arm(rendered: RenderedSite) -> tuple[Documents, Documents]:
    """The documents of the oracle with names and ids as ARM has them."""
    groups, interfaces = azure_documents(rendered)
    kinds = {"/nsg/": "networkSecurityGroups", "/asg/": "applicationSecurityGroups"}

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(each) for key, each in value.items()}
        if isinstance(value, list):
            return [named(each) for each in value]
        for start, kind in kinds.items():
            if isinstance(value, str) and value.startswith(start):
                return f"{PLACE}/{kind}/{value.removeprefix(start).replace('/', '-')}"
        return value

    for each in interfaces.values():
        each["name"] = each["id"]
    for each in groups.values():
        each["location"] = "westeurope"
        for number, rule in enumerate(each["properties"]["securityRules"]):
            rule["name"] = str(number)
    return (
        {made["id"]: made for made in map(named, groups.values())},
        {made["name"]: made for made in map(named, interfaces.values())},
    )


def planned(interfaces: Documents) -> dict[str, Planned]:
    """What the interfaces will be in, read off what the oracle makes of the new plan."""
    return {
        name: Planned(
            machine=name,
            group=each["properties"]["networkSecurityGroup"]["id"].rpartition("/")[2],
            asgs=tuple(
                asg["id"].rpartition("/")[2]
                for asg in each["properties"]["ipConfigurations"][0]["properties"][
                    "applicationSecurityGroups"
                ]
            ),
        )
        for name, each in interfaces.items()
    }


def steps(
    before: RenderedSite, after: RenderedSite, dice: random.Random
) -> tuple[Hold, list[Regions]]:
    """What is enforced after each write of one update, the writes of each kind in random order."""
    (groups, nics), (new_groups, new_nics) = arm(before), arm(after)
    hold = Hold(planned(new_nics), PLACE, list(nics.values()))
    found = [regions(groups, nics)]

    def write(kind: Documents, key: str, document: Any) -> None:
        kind[key] = document
        found.append(regions(groups, nics))

    for copy, original in hold.copies.items():
        rules = copy_group(groups[original])["properties"]
        defaults = groups[original]["properties"]["defaultSecurityRules"]
        groups[copy] = {"id": copy, "properties": {**rules, "defaultSecurityRules": defaults}}
    begun = list(hold.begin())
    for each in dice.sample(begun, len(begun)):
        write(nics, each["name"], each)
    for id in dice.sample(sorted(new_groups), len(new_groups)):
        write(groups, id, new_groups[id])
    placed = list(hold.proceed(begun))
    for each in dice.sample(placed, len(placed)):
        write(nics, each["name"], each)
    for id in hold.asides:
        assert id not in {
            each["properties"]["networkSecurityGroup"]["id"] for each in nics.values()
        }
        del groups[id]
    for name in dice.sample(sorted(new_nics), len(new_nics)):
        write(nics, name, new_nics[name])
    return hold, [*found, regions(new_groups, new_nics)]


@pytest.mark.parametrize("seed", range(6))
def test_no_write_of_an_update_cuts_anything(seed: int) -> None:
    dice = random.Random(seed)
    flagged = 0
    for plain in islice(pairs(seed), 6):
        before, after = map(render, plain)
        flagged += bool(find_cuts(before, after))
        assert lost(steps(before, after, dice)[1]) == [], plain
    assert flagged or seed, "no update that needs to be held"


def with_range(own: str | None) -> RenderedSite:
    """Two gates, the second with a range of its own or without."""
    made = deepcopy(GATES)
    if own:
        made["sites"][SITE]["machines"]["gate-2"]["ports"] = {"SwyxGate": {"media": own}}
    return render(made)


def names(ids: Any) -> set[str]:
    return {id.rpartition("/")[2] for id in ids}


def member(interface: Any) -> tuple[str, set[str]]:
    """Names of the NSG and the ASGs of an interface."""
    (address,) = interface["properties"]["ipConfigurations"]
    asgs = {asg["id"] for asg in address["properties"]["applicationSecurityGroups"]}
    return interface["properties"]["networkSecurityGroup"]["id"].rpartition("/")[2], names(asgs)


def test_a_gate_that_gets_its_own_range_is_put_aside_then_in_its_new_group() -> None:
    nics, new = (
        arm(with_range(None))[1],
        arm(with_range("52000-52999"))[1],
    )
    hold = Hold(planned(new), PLACE, list(nics.values()))
    both = {"essen-swyxgate", "essen-swyxgate.gate-2"}
    assert hold.machines == ("gate-2",)
    (first,) = hold.begin()
    assert (first["name"], member(first)) == ("gate-2", ("swyxgate-aside", both))
    assert {names([copy]).pop(): names([own]).pop() for copy, own in hold.copies.items()} == {
        "swyxgate-aside": "swyxgate"
    }
    (then,) = hold.proceed([first])
    assert (then["name"], member(then)) == ("gate-2", ("swyxgate.gate-2", both))
    assert names(hold.asides) == {"swyxgate-aside"}


def test_a_gate_that_goes_back_needs_no_copy_as_its_group_goes() -> None:
    nics, new = arm(with_range("52000-52999"))[1], arm(with_range(None))[1]
    hold = Hold(planned(new), PLACE, list(nics.values()))
    (first,) = hold.begin()
    assert member(first) == ("swyxgate.gate-2", {"essen-swyxgate", "essen-swyxgate.gate-2"})
    # One interface alone: the engine's own write puts it in its group and out of the old ASG at once.
    assert (list(hold.proceed([first])), hold.asides, hold.copies) == ([], frozenset(), {})


def test_an_interrupted_update_is_taken_up_and_its_copy_goes() -> None:
    nics, new = arm(with_range(None))[1], arm(with_range("52000-52999"))[1]
    nics["gate-2"] = next(Hold(planned(new), PLACE, list(nics.values())).begin())
    again = Hold(planned(new), PLACE, list(nics.values()))
    assert (list(again.begin()), again.copies) == ([], {})
    (then,) = again.proceed([])
    assert member(then)[0] == "swyxgate.gate-2"
    assert names(again.asides) == {"swyxgate-aside"}


def test_what_does_not_move_is_left_alone_whatever_the_case_of_its_ids() -> None:
    nics = arm(with_range(None))[1]
    stranger = deepcopy(nics["gate-1"]) | {"name": "stranger"}
    shouted = deepcopy(nics["gate-1"])
    shouted["properties"]["networkSecurityGroup"]["id"] = f"{PLACE}/NETWORKSECURITYGROUPS/SWYXGATE"
    hold = Hold(planned(nics), PLACE, [nics["gate-2"], shouted, stranger])
    assert (hold.machines, list(hold.begin()), list(hold.proceed([])), hold.copies) == (
        (),
        [],
        [],
        {},
    )


def test_all_else_of_an_interface_stays_as_it_is() -> None:
    nics, new = arm(with_range("52000-52999"))[1], arm(with_range(None))[1]
    gate = nics["gate-2"]
    gate |= {"tags": {"swyx:machine": "gate-2", "cost": "42"}, "etag": "W/1"}
    gate["properties"]["dnsSettings"] = {"dnsServers": ["10.4.0.1"]}
    kept = deepcopy(gate)
    (first,) = Hold(planned(new), PLACE, list(nics.values())).begin()
    assert gate == kept
    for each in (first, kept):
        each["properties"]["ipConfigurations"][0]["properties"].pop("applicationSecurityGroups")
    assert first == kept


def test_a_copy_belongs_to_no_host_group_and_to_the_stack() -> None:
    rule = {"name": "in-x", "properties": {"priority": 100, "provisioningState": "Succeeded"}}
    group = {
        "id": f"{PLACE}/networkSecurityGroups/g",
        "name": "g",
        "etag": "W/1",
        "location": "westeurope",
        "tags": {"swyx:group": "g", "swyx:stack": "swyx/bochum"},
        "properties": {"securityRules": [{"etag": "W/2", **rule}], "resourceGuid": "1"},
    }
    assert copy_group(group) == {
        "location": "westeurope",
        "tags": {"swyx:group": "g.aside", "swyx:stack": "swyx/bochum"},
        "properties": {"securityRules": [{"name": "in-x", "properties": {"priority": 100}}]},
    }
