"""Host groups: who is in one, what it is called, and that an edit elsewhere never renames it."""

import copy
from typing import Any

import pytest

from swyx_components.installation import load_installation
from swyx_components.planner import plan_sites

Plain = dict[str, Any]


def installation(**machines: Plain) -> Plain:
    """A site with its server and these machines (`gate_1` for `gate-1`); addresses in that order."""
    server = {"addresses": ["10.1.0.1"], "roles": ["SwyxServer"]}
    found: Plain = {"server": server}
    for name, row in machines.items():
        found[name.replace("_", "-")] = row
    return {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": {"aachen": {"machines": found}},
    }


def machine(last: int, *roles: str, **more: Any) -> Plain:
    return {"addresses": [f"10.1.0.{last}"], "roles": list(roles), **more}


def groups(plain: Plain) -> dict[str, list[str]]:
    """Group name -> names of its machines."""
    return {
        group.name: [machine.name for machine in group.machines]
        for plan in plan_sites(load_installation(plain))
        for group in plan.groups
    }


def group_of(plain: Plain) -> dict[str, str]:
    return {name: group for group, names in groups(plain).items() for name in names}


def test_a_group_is_called_after_its_roles_in_the_articles_order() -> None:
    plain = installation(
        media=machine(2, "SwyxFaxServer", "SwyxGate", "ConferenceManager"),
        desk=machine(3, "SwyxIt"),
    )
    assert groups(plain) == {
        "swyxserver": ["server"],
        "swyxgate-conferencemanager-swyxfaxserver": ["media"],
        "swyxit": ["desk"],
    }


def test_machines_alike_are_one_group_whatever_the_order_of_their_roles() -> None:
    plain = installation(
        a=machine(2, "SwyxGate", "ConferenceManager"), b=machine(3, "ConferenceManager", "SwyxGate")
    )
    assert groups(plain)["swyxgate-conferencemanager"] == ["a", "b"]


OTHER_MEDIA = {"SwyxGate": {"media": "52000-52099"}}
ADMINISTRATION = {
    "direction": "in",
    "from": ["10.1.99.0/24"],
    "protocol": "tcp",
    "ports": 3389,
    "reason": "administration",
}


def test_another_port_an_extra_rule_or_another_link_makes_another_group() -> None:
    plain = installation(
        gate_1=machine(2, "SwyxGate"),
        gate_2=machine(3, "SwyxGate", ports=OTHER_MEDIA),
        gate_3=machine(4, "SwyxGate"),
        gate_4=machine(5, "SwyxGate", ports=OTHER_MEDIA),
        link_1=machine(6, "LinkManager"),
        link_2=machine(7, "LinkManager"),
    )
    plain["sites"]["aachen"]["extra_rules"] = [ADMINISTRATION | {"to": "gate-3"}]
    plain["sip_providers"] = {
        "carrier": {
            "cidrs": ["203.0.113.0/28"],
            "link_manager": "link-2",
            "media_ports": "10000-20000",
        }
    }
    together = sorted(map(tuple, groups(plain).values()))
    assert together == [
        ("gate-1",),
        ("gate-2", "gate-4"),
        ("gate-3",),
        ("link-1",),
        ("link-2",),
        ("server",),
    ]
    assert groups(plain)["swyxgate"] == ["gate-1"]
    assert groups(plain)["linkmanager"] == ["link-2"]


def test_the_same_extra_rule_for_each_of_two_machines_keeps_them_together() -> None:
    plain = installation(gate_1=machine(2, "SwyxGate"), gate_2=machine(3, "SwyxGate"))
    plain["sites"]["aachen"]["extra_rules"] = [
        ADMINISTRATION | {"to": "gate-1"},
        ADMINISTRATION | {"to": "gate-2"},
    ]
    assert groups(plain)["swyxgate"] == ["gate-1", "gate-2"]


def edited(plain: Plain, *edits: tuple[str, Plain]) -> Plain:
    after = copy.deepcopy(plain)
    for name, row in edits:
        after["sites"]["aachen"]["machines"][name] = row
    return after


VARIANTS = installation(
    gate_1=machine(2, "SwyxGate"),
    gate_2=machine(3, "SwyxGate", ports=OTHER_MEDIA),
    gate_3=machine(4, "SwyxGate", ports={"SwyxGate": {"media": "53000-53099"}}),
    link_1=machine(6, "LinkManager"),
    link_2=machine(7, "LinkManager"),
)
VARIANTS["sip_providers"] = {
    "carrier": {"cidrs": ["203.0.113.0/28"], "link_manager": "link-1", "media_ports": "10000-20000"}
}
ONLY_VARIANTS = copy.deepcopy(VARIANTS)
del ONLY_VARIANTS["sites"]["aachen"]["machines"]["gate-1"]

EDITS = {
    "one like the plain group's": ("z-gate", machine(20, "SwyxGate")),
    "one like a variant's": ("z-gate", machine(20, "SwyxGate", ports=OTHER_MEDIA)),
    "one of another variant": (
        "z-gate",
        machine(20, "SwyxGate", ports={"SwyxGate": {"media": "54000-54099"}}),
    ),
    "one of another role": ("z-fax", machine(20, "SwyxFaxServer")),
    "another LinkManager": ("z-link", machine(20, "LinkManager")),
    "one with more roles": ("z-both", machine(20, "SwyxGate", "ConferenceManager")),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=[name.replace(" ", "-") for name in EDITS])
@pytest.mark.parametrize(
    "before", [VARIANTS, ONLY_VARIANTS], ids=["plain-and-variants", "variants"]
)
def test_adding_a_machine_that_comes_later_renames_no_group(
    before: Plain, edit: tuple[str, Plain]
) -> None:
    """A renamed group is another security group: its machines would lose and regain every rule.

    Names can't know what was there first, so this holds for machines that come later by name.
    """
    after = edited(before, edit)
    assert {name: group_of(after)[name] for name in group_of(before)} == group_of(before)


@pytest.mark.parametrize("name", ["gate-2", "gate-3", "link-2"])
def test_removing_a_later_machine_renames_no_other_group(name: str) -> None:
    before = copy.deepcopy(VARIANTS)
    after = copy.deepcopy(before)
    del after["sites"]["aachen"]["machines"][name]
    assert group_of(after) == {own: g for own, g in group_of(before).items() if own != name}


def test_an_extra_rule_renames_only_its_own_machines_group() -> None:
    before = installation(gate_1=machine(2, "SwyxGate"), gate_2=machine(3, "SwyxGate"))
    after = copy.deepcopy(before)
    after["sites"]["aachen"]["extra_rules"] = [ADMINISTRATION | {"to": "gate-2"}]
    assert group_of(after)["gate-1"] == group_of(before)["gate-1"] == "swyxgate"
    assert group_of(after)["server"] == group_of(before)["server"]


def test_the_only_group_of_its_roles_keeps_its_name_whatever_is_written_about_it() -> None:
    before = installation(gate=machine(2, "SwyxGate"), link=machine(3, "LinkManager"))
    after = edited(before, ("gate", machine(2, "SwyxGate", ports=OTHER_MEDIA)))
    after["sites"]["aachen"]["extra_rules"] = [
        ADMINISTRATION | {"to": "gate"},
        ADMINISTRATION | {"to": "server"},
    ]
    after["sip_providers"] = VARIANTS["sip_providers"] | {}
    after["sip_providers"]["carrier"] = VARIANTS["sip_providers"]["carrier"] | {
        "link_manager": "link"
    }
    assert group_of(after) == group_of(before)


def test_an_idle_linkmanager_never_takes_the_name_of_one_that_serves() -> None:
    before = copy.deepcopy(VARIANTS)
    del before["sites"]["aachen"]["machines"]["link-2"]
    after = edited(before, ("a-link", machine(20, "LinkManager")))
    assert group_of(after)["link-1"] == group_of(before)["link-1"] == "linkmanager"


def test_a_provider_for_one_linkmanager_renames_no_other() -> None:
    after = copy.deepcopy(VARIANTS)
    after["sip_providers"]["other"] = {
        "cidrs": ["198.51.100.0/28"],
        "link_manager": "link-2",
        "media_ports": "10000-20000",
    }
    was, now = group_of(VARIANTS), group_of(after)
    assert {name for name in was if was[name] != now[name]} <= {"link-2"}


def test_names_differ_without_regard_to_case_and_between_groups() -> None:
    plain = installation(
        Gate_A=machine(2, "SwyxGate", ports=OTHER_MEDIA),
        gate_b=machine(3, "SwyxGate", ports={"SwyxGate": {"media": "53000-53099"}}),
        gate_c=machine(4, "SwyxGate"),
        both=machine(5, "SwyxGate", "ConferenceManager"),
    )
    names = list(groups(plain))
    assert len(names) == 5
    assert names == sorted(name.lower() for name in names)
