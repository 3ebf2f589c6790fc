"""No update denies, even for a moment, a packet that is allowed before and after it."""

from __future__ import annotations

from copy import deepcopy
from itertools import islice
from typing import Any

import pytest

from tests.engine.conftest import Trials
from tests.engine.hitless import Watched, watch
<<<<<<< HEAD
from tests.engine.replay import AzureModel, find_denials
=======
from tests.engine.replay import find_faults, find_needless_writes
>>>>>>> fedcba1 (Judge each call of an update by new rules before old ones and one PUT per network security group)
from tests.engine.trial import Trial
from tests.pairs import ADDRESSES, SITE, Plain, pairs


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
    "two gates cease to be alike": (
        installation(JOINED, **WIDE),
        installation(JOINED, **WIDE, **SHIFTED),
    ),
    "a phone is exchanged for one of another kind": (
        installation({**LOST, "m3": ["SwyxPhoneL440"]}, control_path={"SwyxPhoneL440": "h323"}),
        installation({**LOST, "m3": ["SwyxPhoneL400"]}, control_path={"SwyxPhoneL400": "h323"}),
    ),
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
    """The same calls to EC2, deletions first: the judge must not be blind."""
    made = ("Authorize", "Create")
    calls = sorted(watched.calls["aws"], key=lambda call: call["action"].startswith(made))
    return find_faults(deepcopy(watched.models["aws"]), calls, watched.kept["aws"])


<<<<<<< HEAD
@pytest.mark.parametrize("title", HELD)
def test_one_update_that_holds_interfaces_cuts_nothing_when(trial: Trial, title: str) -> None:
    before, after = HELD[title]
    trial.deploy(before)
    watched = watch(trial, after)
    assert watched.denials == {"aws": [], "azure": []}
    left = AzureModel(trial.endpoints["azure"], SITE).resources.values()
    groups = {each["name"] for each in left if "securityRules" in each["properties"]}
    assert groups == planned_groups(after), "a copy is left"


def planned_groups(after: Plain) -> set[str]:
    plan = plan_site(load_installation(after), SITE)
    return {f"{SITE}-{group.name}-nsg" for group in plan.groups}


def test_without_the_hold_it_would_cut(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all this would be for nothing, or the judge blind."""
    before, after = HELD["a phone is exchanged for one of another kind"]
    trial.deploy(before)
    monkeypatch.setattr(hooks, "begin_hold", lambda *_: (Hold({}, "", ()), []))
    denials = watch(trial, after).denials
    assert denials["aws"] == []
    assert denials["azure"]


def told_by_a_preview(trial: Trial) -> list[str]:
    """What it says of interfaces that change their application security groups."""
    said: list[str] = []

    def listen(event: auto.EngineEvent) -> None:
        if event.diagnostic_event and "leaves" in event.diagnostic_event.message:
            said.append(event.diagnostic_event.message)

    trial.stack.preview(on_event=listen)
    return said


def test_a_preview_tells_of_interfaces_that_are_held_and_writes_nothing(trial: Trial) -> None:
    trial.deploy(L400)
    trial.plan(L440)
    calls = len(read_journal(trial.journal("azure")))
    (said,) = told_by_a_preview(trial)
    name = f"{SITE}-swyxphonel"
    assert f"machines.m3: m3 leaves {name}400-asg and joins {name}440-asg; the update keeps" in said
    assert len(read_journal(trial.journal("azure"))) == calls
    trial.plan(L400)  # as deployed


def test_an_update_that_changes_only_rules_makes_no_call_beside_the_engines(trial: Trial) -> None:
    trial.deploy(installation(LOST))
    calls = watch(trial, installation(LOST, **WIDE)).calls["azure"]
    assert {(call["method"], call["path"].rpartition("-")[2]) for call in calls} == {("PUT", "nsg")}
    assert len(calls) == len({call["path"] for call in calls})


@pytest.mark.timeout(240)
def test_a_hold_waits_for_nothing_that_waits_for_it(trial: Trial) -> None:
    """With one step at a time every thread that the program registers resources with waits for the hook."""
    trial.deploy(L400)
    trial.plan(L440)
    trial.stack.up(parallel=1)
    held = AzureModel(trial.endpoints["azure"], SITE).resources.values()
    groups = {each["name"] for each in held if "securityRules" in each["properties"]}
    assert groups == planned_groups(L440)
=======
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


def test_every_call_to_arm_is_a_step_of_the_preview(trial: Trial) -> None:
    before, after = NAMED["a role is moved to another machine"]
    trial.deploy(before)
    trial.plan(after)
    steps = [step for step in trial.preview() if step.type.startswith("azure")]
    writes = trial.up()["azure"]
    assert len(writes) == len(steps) > 0
>>>>>>> fedcba1 (Judge each call of an update by new rules before old ones and one PUT per network security group)


def test_random_edits_cut_nothing(trial: Trial) -> None:
    for before, after in islice(pairs(7), 2):
        trial.deploy(before)
        assert watch(trial, after).faults == {"aws": [], "azure": []}, after
