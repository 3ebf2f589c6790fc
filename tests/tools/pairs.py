"""Random pairs of installations, before and after some edits, of one small site: plain data from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from swyx_components.installation import load_installation
from swyx_components.messages import SwyxError
from swyx_components.planner import plan_site

Plain = dict[str, Any]
SITE = "essen"
MACHINES = [f"m{number}" for number in range(1, 6)]
ADDRESSES = {name: [f"10.4.0.{10 + place}"] for place, name in enumerate(["m0", *MACHINES])}
ROLES = ["SwyxGate", "ConferenceManager", "PhoneManager", "SwyxFaxServer", "LinkManager", "SwyxIt"]
PHONES = ["SwyxPhoneL400", "SwyxPhoneL440"]
MEDIA = {
    "SwyxGate": ["51500-51999", "51750-52249", "52000-52499"],
    "ConferenceManager": ["56001-57000", "57000-57499"],
    "LinkManager": ["55000-55499", "55200-55999"],
    "SwyxIt": ["50000-50199", "50050-50149"],
}


def pairs(seed: int) -> Iterator[tuple[Plain, Plain]]:
    """Endless pairs; each begins where the one before it ended."""
    dice = random.Random(seed)
    before = _beginning(dice)
    while True:
        after = deepcopy(before)
        for _ in range(dice.randint(1, 5)):
            after = _edited(dice, after)
        if after != before:
            yield before, after
            before = after


def _beginning(dice: random.Random) -> Plain:
    machines: Plain = {"m0": {"addresses": ADDRESSES["m0"], "roles": ["SwyxServer"]}}
    site: Plain = {
        "machines": machines,
        "networks": {"office": {"cidrs": ["10.4.20.0/24"], "roles": ["SwyxIt"]}},
    }
    other = {"machines": {"x0": {"addresses": ["10.5.0.10"], "roles": ["SwyxServer"]}}}
    installation = {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": {SITE: site, "unna": other},
    }
    while len(installation["sites"][SITE]["machines"]) < 5:
        installation = _edited(dice, installation)
    return installation


def _edited(dice: random.Random, installation: Plain) -> Plain:
    """A valid installation that is one edit away, or the same where that is none."""
    made = deepcopy(installation)
    dice.choice(_EDITS)(dice, made, made["sites"][SITE])
    try:
        messages = plan_site(load_installation(made), SITE).messages
    except SwyxError:
        return installation
    return installation if any(m.severity.value == "error" for m in messages) else made


def _add_machine(dice: random.Random, whole: Plain, site: Plain) -> None:
    free = [name for name in MACHINES if name not in site["machines"]]
    if free:
        roles = dice.sample([*ROLES, *PHONES], dice.choice([1, 1, 2]))
        name = dice.choice(free)
        site["machines"][name] = {"addresses": ADDRESSES[name], "roles": roles}


def _remove_machine(dice: random.Random, whole: Plain, site: Plain) -> None:
    if len(site["machines"]) > 3:
        del site["machines"][dice.choice([name for name in site["machines"] if name != "m0"])]


def _change_roles(dice: random.Random, whole: Plain, site: Plain) -> None:
    machine = site["machines"][dice.choice(list(site["machines"]))]
    role = dice.choice(ROLES)
    if role in machine["roles"]:
        machine["roles"].remove(role)
    else:
        machine["roles"].append(role)
    machine.pop("ports", None)


def _move_role(dice: random.Random, whole: Plain, site: Plain) -> None:
    machines = list(site["machines"].values())
    source, target = dice.choice(machines), dice.choice(machines)
    role = dice.choice(source["roles"])
    if role not in target["roles"]:
        source["roles"].remove(role)
        source.pop("ports", None)
        target["roles"].append(role)


def _swap_phone(dice: random.Random, whole: Plain, site: Plain) -> None:
    for machine in site["machines"].values():
        if set(machine["roles"]) <= set(PHONES):
            machine["roles"] = [dice.choice(PHONES)]


def _own_range(dice: random.Random, whole: Plain, site: Plain) -> None:
    machine = site["machines"][dice.choice(list(site["machines"]))]
    movable = [role for role in machine["roles"] if role in MEDIA]
    if machine.pop("ports", None) is None and movable:
        role = dice.choice(movable)
        machine["ports"] = {role: {"media": dice.choice(MEDIA[role])}}


def _site_range(dice: random.Random, whole: Plain, site: Plain) -> None:
    role = dice.choice(list(MEDIA))
    site["ports"] = {role: {"media": dice.choice(MEDIA[role])}} if dice.random() < 0.7 else {}


def _link(dice: random.Random, whole: Plain, site: Plain) -> None:
    managers = [n for n, machine in site["machines"].items() if "LinkManager" in machine["roles"]]
    whole.pop("links", None)
    if managers and dice.random() < 0.8:
        link = {"sites": [SITE, "unna"], "link_manager": dice.choice(managers)}
        whole["links"] = {"essen-unna": link}


def _provider(dice: random.Random, whole: Plain, site: Plain) -> None:
    managers = [n for n, machine in site["machines"].items() if "LinkManager" in machine["roles"]]
    whole.pop("sip_providers", None)
    if managers:
        carrier = {"cidrs": ["203.0.113.0/28"], "media_ports": "10000-20000"}
        whole["sip_providers"] = {"carrier": {**carrier, "link_manager": dice.choice(managers)}}


def _egress(dice: random.Random, whole: Plain, site: Plain) -> None:
    site["egress"] = dice.choice(["open", "closed", "closed"])


def _extra_rule(dice: random.Random, whole: Plain, site: Plain) -> None:
    rule = {"direction": "in", "to": dice.choice(list(site["machines"])), "from": ["10.4.99.0/28"]}
    more = {"protocol": "tcp", "ports": 3389, "reason": "administration"}
    site["extra_rules"] = [rule | more] if dice.random() < 0.7 else []


_EDITS: list[Callable[[random.Random, Plain, Plain], None]] = [
    _add_machine,
    _add_machine,
    _remove_machine,
    _change_roles,
    _change_roles,
    _move_role,
    _swap_phone,
    _own_range,
    _own_range,
    _site_range,
    _link,
    _provider,
    _egress,
    _extra_rule,
]
