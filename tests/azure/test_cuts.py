"""What is said to cut nothing cuts nothing: judged by the oracle on every state between two Azure plans.

The calls are those that the writer makes: every NSG, then every interface, in any order; then what goes.
`tests/engine/test_hitless.py` shows with the real engine that this is the order.
"""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

import pytest

from swyx_components.azure.cuts import find_cuts
from swyx_components.azure.landing import land_site
from swyx_components.clouds import render_site
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
    for plain in islice(pairs(seed), 8):
        before, after = map(render, plain)
        if not find_cuts(before, after):
            assert lost(states(before, after, dice)) == []
            continue
        landed = land_site(before, after)
        assert find_cuts(before, landed) == () == find_cuts(landed, after)
        there = states(before, landed, dice)
        on = states(landed, after, dice)
        assert lost([*there, *on]) == []
