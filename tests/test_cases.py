"""The titled cases of `tests/cases`, and that they would notice what they are about."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Catalogue, FlowRow, Leg
from swyx_components.installation import Installation
from swyx_components.sets.ports import PortRange
from tests.tools.article import FLOWS
from tests.tools.case_files import (
    FOLDER,
    BadCase,
    Case,
    all_cases,
    case_paths,
    differences,
    read_cases,
    run,
)

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    found = differences(case, run(case.installation))
    assert not found, "\n".join(["", case.id, *found])


# --- the runner itself ---------------------------------------------------------------------------


def test_every_file_of_the_folder_is_a_case_or_a_base() -> None:
    everything = {path for path in FOLDER.rglob("*") if path.is_file()}
    collected = {*case_paths(), *(FOLDER / "bases").glob("*.yaml")}
    assert everything == collected
    assert {case.file for case in CASES} == {f"{p.parent.name}/{p.stem}" for p in case_paths()}


def test_every_base_is_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in case_paths())
    for path in (FOLDER / "bases").glob("*.yaml"):
        assert f"base: {path.stem}\n" in text, path.stem


GOOD = "title: Nothing is said of nothing\n  installation: {sites: {}}\n  errors: []"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"- {GOOD}\n  rulez: []", "unknown keys ['rulez']"),
        ("- {title: Nothing is expected of this, base: aachen}", "nothing is expected"),
        ("- {title: Nothing is expected of this, base: aachen, rules: ~}", "nothing is expected"),
        ("- {title: Too short, base: aachen, rules: []}", "a title is a sentence"),
        ("- {base: aachen, rules: []}", "a mapping with a title"),
        ("- {title: There is no such base, base: atlantis, rules: []}", "no base atlantis"),
        ("- {title: There is no installation here, rules: []}", "no installation"),
        (f"- {GOOD}\n  groups: [x]", "groups without rules"),
        (f"- {GOOD}\n  errors: []", "a key is written twice"),
        ("title: This is not in a list", "not a list of cases"),
        ("", "not a list of cases"),
    ],
)
def test_a_case_that_says_too_little_or_too_much_is_refused(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "topic.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadCase) as refused:
        list(read_cases(path))
    assert complaint in str(refused.value)


RULE = "ac-server in tcp 135 from ac-desk [C1]"


@pytest.mark.parametrize(
    "text",
    [
        RULE.replace("in", "to"),
        RULE.replace("from", "to"),
        RULE.replace("tcp", "sctp"),
        RULE.replace("[C1]", ""),
        RULE.replace("ac-desk", "ac-nobody"),
        RULE.replace("ac-server", "ac-nobody"),
        RULE.replace("ac-desk", "ac-desk+ac-server"),
    ],
)
def test_a_line_that_is_no_rule_is_refused(text: str) -> None:
    case = _desk_case(text)
    with pytest.raises(BadCase):
        differences(case, run(case.installation))


@pytest.mark.parametrize(
    "text",
    [
        RULE.replace("135", "136"),
        RULE.replace("tcp", "udp"),
        RULE.replace("in", "out").replace("from", "to"),
        RULE.replace("C1", "C2"),
        RULE.replace("[C1]", "[C1 L72]"),
        RULE.replace("ac-desk", "ac-desk 50000"),
        RULE.replace("ac-desk", "10.1.1.1/32"),
    ],
)
def test_a_line_that_is_not_the_rule_is_noticed(text: str) -> None:
    case = _desk_case(text)
    assert differences(case, run(case.installation))


def _desk_case(first: str) -> Case:
    installation = {
        "swyxware": "6.01",
        "decisions": {"dcom": {"server": "40000-40099", "client": "40100-40199"}},
        "sites": {
            "aachen": {
                "machines": {
                    "ac-server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]},
                    "ac-desk": {"addresses": ["10.1.1.1"], "roles": ["SwyxIt"]},
                },
                "flows": {"disable": ["M2"]},
            }
        },
    }
    others = (
        "ac-server in tcp 40000-40099 from ac-desk [C1]",
        "ac-server out tcp 135 to ac-desk [C2]",
        "ac-server out tcp 40100-40199 to ac-desk [C2]",
    )
    expected = {"rules": (first, *others)}
    return Case("", "A desk and its server", installation, ("ac-server",), expected)


def test_the_line_that_is_the_rule_is_not() -> None:
    case = _desk_case(RULE)
    assert differences(case, run(case.installation)) == []


# --- each flow is held by a case -----------------------------------------------------------------


def _holding(id_: str) -> list[Case]:
    """The cases whose expected rules rest on a flow."""
    return [
        case
        for case in CASES
        if any(
            id_ in line.rpartition("[")[2].rstrip("]").split()
            for line in case.expected.get("rules", ())
        )
    ]


@cache
def _green(case: Case) -> bool:
    """A case that is red anyway notices nothing."""
    return not differences(case, run(case.installation))


def _is_noticed(id_: str, change: Callable[[Installation], Installation]) -> bool:
    for case in filter(_green, _holding(id_)):
        try:
            if differences(case, run(case.installation, change)):
                return True
        except (KeyError, StopIteration, AssertionError):
            return True  # the change made a row that can't be planned
    return False


def _with(catalogue: Catalogue, id_: str, row: FlowRow | None) -> Catalogue:
    rows = {own: row if own == id_ else old for own, old in catalogue.flows.items()}
    return replace(catalogue, flows={own: row for own, row in rows.items() if row is not None})


@pytest.mark.parametrize("id_", FLOWS)
def test_dropping_a_flow_turns_a_case_red(id_: str) -> None:
    catalogue = _with(load_catalogue(), id_, None)
    assert _is_noticed(id_, lambda installation: replace(installation, catalogue=catalogue))


@pytest.mark.parametrize("id_", FLOWS)
def test_dropping_a_leg_or_a_role_of_a_flow_turns_a_case_red(id_: str) -> None:
    row = load_catalogue().flows[id_]
    for leg in row.legs:
        for lesser in _lesser(leg):
            legs = tuple(lesser if old is leg else old for old in row.legs)
            if (id_, lesser) == K6_WITHOUT_K1:
                continue
            changed = replace(row, legs=tuple(one for one in legs if one is not None))
            catalogue = _with(load_catalogue(), id_, changed if changed.legs else None)
            assert _is_noticed(
                id_, lambda installation, own=catalogue: replace(installation, catalogue=own)
            ), f"{id_}: {lesser}"


def _lesser(leg: Leg) -> list[Leg | None]:
    """The leg gone, and the leg without one of its roles, ports or followed flows."""
    found: list[Leg | None] = [None]
    for field in ("initiators", "responders", "among", "ports", "follows", "needs"):
        parts = getattr(leg, field)
        if len(parts) > 1:
            found += [
                replace(leg, **{field: parts[:place] + parts[place + 1 :]})
                for place in range(len(parts))
            ]
    for field in ("transport", "media"):
        if getattr(leg, field) is not None:
            other = {"tcp": "udp", "udp": "tcp"}[getattr(leg, field).value]
            found.append(replace(leg, **{field: type(getattr(leg, field))(other)}))
    if leg.both_ways:
        found.append(replace(leg, both_ways=False))
    if leg.source:
        found.append(replace(leg, source=""))
    if leg.control_path:
        found.append(replace(leg, control_path=""))
    if leg.initiators and leg.responders and not leg.media and not leg.both_ways:
        found.append(replace(leg, initiators=leg.responders, responders=leg.initiators))
    for field in ("fax_tcp_at", "not_towards", "but_not", "needs"):
        if getattr(leg, field):
            found.append(replace(leg, **{field: ()}))
    return found


# K1 is stated, so wherever K2 is K1 is too, and H.245 of the same pair needs K2 no more.
K6_WITHOUT_K1 = (
    "K6",
    replace(load_catalogue().flows["K6"].legs[0], follows=("K1",)),
)

LISTENERS = [
    (role.name, key)
    for role in load_catalogue().roles.values()
    for key, listener in role.listeners.items()
    if not listener.never_a_rule and key != "cornet"  # what the decision `cornet` gives
]


@pytest.mark.parametrize(("role", "key"), LISTENERS)
def test_moving_a_listener_by_one_port_turns_a_case_red(role: str, key: str) -> None:
    bundled = load_catalogue()
    listener = bundled.roles[role].listeners[key]
    moved = replace(
        listener, ports=type(listener.ports)(PortRange(a + 1, b + 1) for a, b in listener.ports)
    )
    listeners = {**bundled.roles[role].listeners, key: moved}
    roles = {**bundled.roles, role: replace(bundled.roles[role], listeners=listeners)}
    catalogue = replace(bundled, roles=roles)
    assert any(
        differences(case, run(case.installation, lambda one: replace(one, catalogue=catalogue)))
        for case in CASES
        if "rules" in case.expected and _green(case)
    )
