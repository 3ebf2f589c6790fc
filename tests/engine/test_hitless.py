"""No update denies, even for a moment, a packet that is allowed before and after it."""

from __future__ import annotations

from copy import deepcopy
from itertools import islice
from typing import Any

import pytest

from tests.engine.conftest import Trials
from tests.tools.engine.hitless import Watched, watch
from tests.tools.engine.replay import find_faults, find_needless_writes
from tests.tools.engine.trial import Trial
from tests.tools.pairs import ADDRESSES, SITE, Plain, pairs


def installation(roles: dict[str, list[str]], **site: Any) -> Plain:
    """A site with these machines and an office; the rest goes into the site, or a machine (`m1`)."""
    machines: Plain = {
        name: {"addresses": ADDRESSES[name], "roles": carried, **site.pop(name, {})}
        for name, carried in roles.items()
    }
    office = {"cidrs": ["10.4.20.0/24"], "roles": ["SwyxIt"]}
    body = {"machines": machines, "networks": {"office": office}, **site}
    decisions = {"dcom": "restricted", "h245": "tunnelled"}
    return {"swyxware": "6.01", "decisions": decisions, "sites": {SITE: body}}


BASE = {"m0": ["SwyxServer"], "m1": ["SwyxGate", "ConferenceManager"], "m2": ["SwyxFaxServer"]}
MOVED = {**BASE, "m1": ["SwyxGate"], "m2": ["SwyxFaxServer", "ConferenceManager"]}
GAINED = {**MOVED, "m2": ["SwyxFaxServer", "ConferenceManager", "PhoneManager"]}
LOST = {**MOVED, "m2": ["SwyxFaxServer"]}
WIDE = {"ports": {"SwyxIt": {"media": "50000-50199"}}}
SHIFTED = {"m1": {"ports": {"SwyxGate": {"media": "51750-52249"}}}}
JOINED = {**LOST, "m3": ["SwyxGate"]}

L400 = installation({**LOST, "m3": ["SwyxPhoneL400"]}, control_path={"SwyxPhoneL400": "h323"})
L440 = installation({**LOST, "m3": ["SwyxPhoneL440"]}, control_path={"SwyxPhoneL440": "h323"})

# Each begins where the one before it ended, so that nothing is deployed twice.
NAMED = {
    "a role is moved to another machine": (installation(BASE), installation(MOVED)),
    "a machine gains a role": (installation(MOVED), installation(GAINED)),
    "a machine loses roles": (installation(GAINED), installation(LOST)),
    "a media range is widened": (installation(LOST), installation(LOST, **WIDE)),
    "a media range is moved by half": (
        installation(LOST, **WIDE),
        installation(LOST, **WIDE, **SHIFTED),
    ),
    "a machine is added": (
        installation(LOST, **WIDE, **SHIFTED),
        installation(JOINED, **WIDE, **SHIFTED),
    ),
    "two gates become alike": (
        installation(JOINED, **WIDE, **SHIFTED),
        installation(JOINED, **WIDE),
    ),
    "a gate becomes a phone of one kind": (installation(JOINED, **WIDE), L400),
    "a phone is exchanged for one of another kind": (L400, L440),
}


@pytest.fixture(scope="module")
def trial(trials: Trials) -> Trial:
    return trials.open(SITE, ADDRESSES)


@pytest.mark.parametrize("title", NAMED)
def test_one_update_cuts_nothing_when(trial: Trial, title: str) -> None:
    before, after = NAMED[title]
    trial.deploy(before)
    watched = watch(trial, after)
    assert watched.faults == {"aws": [], "azure": []}
    if title == "a role is moved to another machine":
        assert noticed_in_another_order(watched)
        assert noticed_without_its_rules(watched)
        assert noticed_at_an_interface(watched)


def noticed_in_another_order(watched: Watched) -> list[str]:
    """The same calls to EC2, deletions first: the check must see it."""
    made = ("Authorize", "Create")
    calls = sorted(watched.calls["aws"], key=lambda call: call["action"].startswith(made))
    return find_faults(deepcopy(watched.models["aws"]), calls, watched.kept["aws"])


def noticed_without_its_rules(watched: Watched) -> list[str]:
    """The same calls to ARM, one security group emptied before it is written."""
    first = next(call for call in watched.calls["azure"] if call["method"] == "PUT")
    empty = deepcopy(first)
    denied = [rule for rule in empty["body"]["properties"]["securityRules"] if denies(rule)]
    empty["body"]["properties"]["securityRules"] = denied
    calls = [empty, *watched.calls["azure"]]
    return find_faults(deepcopy(watched.models["azure"]), calls, watched.kept["azure"])


def denies(rule: Plain) -> bool:
    return bool(rule["properties"]["access"] == "Deny")


def noticed_at_an_interface(watched: Watched) -> list[str]:
    """The same calls to ARM, and a PUT of an interface whose security group is only written."""
    model = watched.models["azure"]
    path = next(each.id for each in model.cloud().interfaces if each.nsg)
    put = {"method": "PUT", "path": path, "body": {}, "status": 200}
    return find_needless_writes(model, model, [*watched.calls["azure"], put])


def test_a_changed_role_writes_groups_on_azure_and_touches_no_interface(trial: Trial) -> None:
    trial.deploy(installation(BASE))
    calls = watch(trial, installation(GAINED)).calls["azure"]
    assert {(call["method"], call["path"].rpartition("-")[2]) for call in calls} == {("PUT", "nsg")}


def test_every_call_to_arm_is_a_step_of_the_preview(trial: Trial) -> None:
    before, after = NAMED["a role is moved to another machine"]
    trial.deploy(before)
    trial.plan(after)
    steps = [step for step in trial.preview() if step.type.startswith("azure")]
    writes = trial.up()["azure"]
    assert len(writes) == len(steps) > 0


def test_random_edits_cut_nothing(trial: Trial) -> None:
    for before, after in islice(pairs(7), 2):
        trial.deploy(before)
        assert watch(trial, after).faults == {"aws": [], "azure": []}, after
