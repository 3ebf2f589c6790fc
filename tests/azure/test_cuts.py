"""What needs no hold cuts nothing without one: judged by the oracle on every state between two Azure plans.

The calls are the engine's own: every NSG, then every interface, in any order; then what goes.
`tests/engine/test_hitless.py` shows with the real engine that this is the order.
"""

from __future__ import annotations

import random
from copy import deepcopy
from itertools import islice
from typing import Any

import pytest

from swyx_components import clouds
from swyx_components.azure.cuts import find_cuts
from swyx_components.azure.landing import land_site
from swyx_components.clouds import render_site, tell_cuts
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.model import RenderedSite
from tests.engine.replay import Regions, common, enforced
from tests.oracle.clouds import Azure
from tests.oracle.regions import Region
from tests.oracle.rendered import azure_documents
from tests.pairs import SITE, Plain, pairs

Documents = dict[str, Any]


def render(plain: Plain) -> RenderedSite:
    installation = load_installation(plain)
    return render_site("azure", plan_site(installation, SITE), installation)


def states(before: RenderedSite, after: RenderedSite, dice: random.Random) -> list[Regions]:
    """What is enforced after each call of an update, the calls of each kind in random order."""
    (groups, nics), (new_groups, new_nics) = azure_documents(before), azure_documents(after)
    found = [regions(groups, nics)]
    for kind, new in ((groups, new_groups), (nics, new_nics)):
        for id in dice.sample(sorted(new), len(new)):
            kind[id] = new[id]
            found.append(regions(groups, nics))
    return [*found, regions(new_groups, new_nics)]


def regions(groups: Documents, nics: Documents) -> Regions:
    return enforced(Azure(groups.values(), nics.values(), ["10.0.0.0/8"]))


def lost(steps: list[Regions]) -> list[str]:
    """Packets that the first and the last state allow and one between them does not."""
    first, last = steps[0], steps[-1]
    kept = {key: common(first[key], last[key]) for key in first.keys() & last.keys()}
    return [
        f"{key} {line}"
        for step in steps
        for key, packets in kept.items()
        for line in packets.minus(step.get(key, Region())).lines(1)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_an_update_that_is_not_flagged_cuts_nothing_and_one_that_is_cuts_nothing_in_two(
    seed: int,
) -> None:
    dice = random.Random(seed)
    for plain in islice(pairs(seed), 6):
        before, after = map(render, plain)
        if not find_cuts(before, after):
            assert lost(states(before, after, dice)) == []
            continue
        landed = land_site(before, after)
        assert find_cuts(before, landed) == () == find_cuts(landed, after)
        there = states(before, landed, dice)
        on = states(landed, after, dice)
        assert lost([*there, *on]) == []


GATES = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "tunnelled"},
    "sites": {
        SITE: {
            "machines": {
                "server": {"addresses": ["10.4.0.10"], "roles": ["SwyxServer"]},
                "gate-1": {"addresses": ["10.4.0.11"], "roles": ["SwyxGate"]},
                "gate-2": {"addresses": ["10.4.0.12"], "roles": ["SwyxGate"]},
            }
        }
    },
}


def test_a_gate_that_becomes_like_another_is_flagged_with_what_is_done_about_it() -> None:
    before = deepcopy(GATES)
    before["sites"][SITE]["machines"]["gate-2"]["ports"] = {"SwyxGate": {"media": "52000-52999"}}
    cuts = find_cuts(render(before), render(GATES))
    # What both plans allow between the server and gate-2, at either end; the ranges of media differ.
    assert sorted(map(str, cuts)) == [
        "server in tcp 1720 from 10.4.0.12",
        "server in udp 1719 from 10.4.0.12",
        "server out tcp 2000 to 10.4.0.12",
        "server out udp 2001 to 10.4.0.12",
    ]
    (message,) = tell_cuts(SITE, cuts)
    assert str(message) == (
        "sites.essen: between the calls of this update peers' rules and interfaces disagree at server, about "
        "server in tcp 1720 from 10.4.0.12 and the like; `pulumi up` keeps these interfaces in what both "
        "plans give them until the rules are written, so nothing is cut."
    )
    assert not list(tell_cuts(SITE, ()))


def test_an_update_on_aws_is_never_flagged() -> None:
    before = deepcopy(GATES)
    before["sites"][SITE]["machines"]["gate-2"]["ports"] = {"SwyxGate": {"media": "52000-52999"}}
    assert clouds.find_cuts("aws", render(before), render(GATES)) == ()


def test_landed_machines_have_what_both_plans_give_them_and_no_one_elses() -> None:
    """gate-1 and gate-2 come to one group from two: for the time between they are in two."""
    before = deepcopy(GATES)
    before["sites"][SITE]["machines"]["gate-2"]["roles"] = ["SwyxGate", "ConferenceManager"]
    landed = land_site(render(before), render(GATES))
    held = {
        entry.group.name: (
            [machine.name for machine in entry.group.machines],
            sorted(identity.name for identity in entry.group.identities),
        )
        for entry in landed.groups
    }
    assert held == {
        "swyxserver": (["server"], ["swyxserver"]),
        "swyxgate": (["gate-1"], ["swyxgate"]),
        "swyxgate.was-swyxgate-conferencemanager": (["gate-2"], ["conferencemanager", "swyxgate"]),
    }


def test_a_peer_that_changes_its_own_group_in_the_same_edit_is_flagged_too() -> None:
    before, after = deepcopy(GATES), deepcopy(GATES)
    before["sites"][SITE]["machines"]["gate-2"]["ports"] = {"SwyxGate": {"media": "52000-52999"}}
    after["sites"][SITE]["machines"]["server"]["roles"] = ["SwyxServer", "ITSPManager"]
    cuts = find_cuts(render(before), render(after))
    assert {cut.group for cut in cuts} == {"server"}
    landed = land_site(render(before), render(after))
    assert find_cuts(render(before), landed) == () == find_cuts(landed, render(after))


@pytest.mark.parametrize(("before", "after"), [("open", "closed"), ("closed", "open")])
def test_a_landed_site_is_open_outwards_while_either_plan_is(before: str, after: str) -> None:
    old, new = deepcopy(GATES), deepcopy(GATES)
    old["sites"][SITE]["egress"] = before
    new["sites"][SITE]["egress"] = after
    landed = land_site(render(old), render(new))
    closed = {
        spec.direction.value for entry in landed.groups for spec in entry.specs if not spec.allow
    }
    assert closed == {"in"}
