"""Collisions against a second reading: which single ports of one machine are wanted twice."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from swyx_components.catalogue.load import load_catalogue
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from tests.tools.article import PRODUCT_PORTS, ports_of

Plain = dict[str, Any]
# Ranges from which ports are taken one by one, as the port model says: RTP and the fax session.
ALLOCATED = {"51000-51499", "51500-51999", "55000-56000", "56000-57000", "50000-50099"}
ALLOCATED |= {"4103-4119", "5010-5011", "5006-5007", "2000-8000"}
ROWS = [*PRODUCT_PORTS, (73, "PhoneManager", "tcp", "4060")]
OTHERS = sorted({role for _, role, _, _ in ROWS} - {"SwyxServer"})

# What may be moved onto what: key, the printed figure it replaces, and where to.
MOVES = [
    ("SwyxServer", "sip", "5060", "2000"),
    ("SwyxServer", "h225", "1720", "4102"),
    ("SwyxGate", "h225", "2000", "1720"),
    ("SwyxGate", "ras", "2001", "51000"),
    ("LinkManager", "remote", "65001", "65000"),
    ("LinkManager", "sip", "65002", "5060"),
    ("ConferenceManager", "media", "56000-57000", "56002-57000"),
    ("SwyxFaxServer", "session", "2000-8000", "5000-5100"),
    ("SwyxIt", "media", "50000-50099", "51400-51599"),
]


def claims(
    roles: list[str], moved: dict[tuple[str, str], str]
) -> Iterator[tuple[str, str, str, bool]]:
    """(role, transport, ports, allocated) of one machine; the endpoint mapper is Windows' own."""
    yield "Windows", "tcp", "135", False
    for _, role, transport, text in ROWS:
        if role in roles:
            yield role, transport, moved.get((role, text), text), text in ALLOCATED


def wanted_twice(
    roles: list[str], moved: dict[tuple[str, str], str]
) -> set[tuple[str, str, str, int, bool]]:
    """(role, role, transport, port, certain) for every single port wanted by two."""
    found = set()
    for one, other in combinations(claims(roles, moved), 2):
        if one[1] != other[1]:
            continue
        for port in set(ports_of(one[2])) & set(ports_of(other[2])):
            pair = sorted((one[0], other[0]))
            found.add((pair[0], pair[1], one[1], port, not one[3] and not other[3]))
    return found


def reported(roles: list[str], moves: list[tuple[str, str, str, str]]) -> set[tuple[Any, ...]]:
    ports: Plain = {}
    for role, key, _, to in moves:
        ports.setdefault(role, {})[key] = to
    plain = {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": {
            "aachen": {
                "machines": {
                    "one": {"addresses": ["10.1.0.1"], "roles": roles, "ports": ports},
                    "two": {
                        "addresses": ["10.1.0.2"],
                        "roles": [
                            *(["PhoneManager"] if "PhoneManager" not in roles else []),
                            *(["ITSPManager"] if "ITSPManager" not in roles else []),
                            *(["SwyxServer"] if "SwyxServer" not in roles else []),
                        ]
                        or ["SwyxIt"],
                    },
                }
            }
        },
    }
    found = set()
    for message in plan_site(load_installation(plain), "aachen").messages:
        if message.id not in ("port-clash", "port-overlap"):
            continue
        assert message.place == "sites.aachen.machines.one"
        values = dict(message.values)
        pair = sorted((values["one"], values["other"]))
        for transport in values["transports"].lower().split(" and "):
            for part in values["ports"].split(", "):
                for port in ports_of(part):
                    certain = message.id == "port-clash"
                    found.add((pair[0], pair[1], transport, port, certain))
    return found


@settings(max_examples=120)
@given(
    st.lists(st.sampled_from(OTHERS), unique=True, max_size=6),
    st.booleans(),
    st.lists(st.sampled_from(MOVES), unique=True, max_size=3),
)
def test_every_port_wanted_twice_is_reported_with_the_right_severity_and_no_other(
    others: list[str], server: bool, moves: list[tuple[str, str, str, str]]
) -> None:
    roles = [*(["SwyxServer"] if server else []), *others] or ["SwyxServer"]
    moves = [move for move in moves if move[0] in roles]
    moved = {(role, text): to for role, _, text, to in moves}
    assert reported(roles, moves) == wanted_twice(roles, moved)


def test_the_second_reading_knows_every_role() -> None:
    assert {*OTHERS, "SwyxServer"} == set(load_catalogue().roles)
