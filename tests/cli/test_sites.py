"""What is written of a site by its shape is what the site itself gives, on every cloud."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from swyx_components.cli.sites import write_sites
from swyx_components.installation import load_installation
from swyx_components.planner.judged import Judged, described_by_shape, follows_shape
from swyx_components.planner.shapes import Sheet
from swyx_components.report.html.escape import escape_text
from swyx_components.report.html.pages import chapter_writer
from swyx_components.report.plan_json import write_site
from swyx_components.report.tables import write_headline
from tests.oracle.installations import installations

Plain = dict[str, Any]
REASONS = (
    'remote <b>desktop</b> & "more" ü',
    "a reason that is longer than what either cloud takes for a description, " * 2,
    "10.1.0.0/24, as in swyxserver-in-tcp-1720-10.1.0.0_24",
)
# Before and after the names of roles, in either case.
LETTERS = ("A", "z", "m", "Z", "b-", "s_", "Swyxit", "p")


def scramble(plain: Plain) -> Plain:
    """The same installation with names that stand in every order, and reasons of every kind."""

    def rename(found: re.Match[str]) -> str:
        site, kind, number = found.groups()
        return f"{LETTERS[(int(number) * 5 + len(site)) % len(LETTERS)]}{number}{kind}{site[0]}"

    for site in plain["sites"].values():
        for place, rule in enumerate(site.get("extra_rules", ())):
            rule["reason"] = REASONS[place % len(REASONS)]
    text = re.sub(r"\b(aachen|bochum|celle|dortmund)-([mn])(\d+)", rename, json.dumps(plain))
    return json.loads(text)  # type: ignore[no-any-return]


Writer = tuple[Callable[[Any], Callable[[Judged], str]], Callable[[Judged], bool], Any]
WRITERS: dict[str, Writer] = {
    "headline": (lambda _: write_headline, follows_shape, str),
    "json": (lambda _: write_site, described_by_shape, str),
    "chapter": (lambda catalogue: chapter_writer(catalogue, False), follows_shape, escape_text),
}


@pytest.mark.parametrize("cloud", ["", "aws", "azure"])
@settings(max_examples=6, deadline=None, derandomize=True, phases=(Phase.generate,))
@given(plain=installations())
def test_a_sheet_by_shape_is_the_site_s_own(cloud: str, plain: Plain) -> None:
    installation = load_installation(scramble(plain))
    names = sorted(installation.sites) * 2  # a shape is made when it is met again
    bound = dict.fromkeys(names, cloud) if cloud else {}
    for make, by_shape, escape in WRITERS.values():
        write = make(installation.catalogue)
        shaped = write_sites(installation, names, bound, write, by_shape, escape)
        lone = write_sites(installation, names, bound, write, None)
        for one, other in zip(shaped, lone, strict=True):
            assert told(one) == told(other)


def told(sheet: Sheet) -> tuple[object, ...]:
    return sheet.text, *(sorted(part) for part in (sheet.notes, sheet.warnings, sheet.errors))


def test_rules_that_are_spread_by_the_names_of_peers_are_each_site_s_own() -> None:
    """Six offices whose rules fill several security groups, which of them follows from their names."""
    sites = {
        site: {
            "machines": {
                f"{site}-server": {"addresses": [f"10.{n}.0.10"], "roles": ["SwyxServer"]}
            },
            "networks": {
                f"{site}-lan{lan}": {"cidrs": [f"10.{n}.{lan}.0/25"], "roles": ["SwyxIt"]}
                for lan in range(1, 7)
            },
        }
        for n, site in enumerate(("aachen", "bochum", "celle"))
    }
    decisions = {"dcom": "restricted", "h245": "tunnelled"}
    quotas = {"aws": {"rules_per_group": 10}}
    installation = load_installation(
        {"swyxware": "6.01", "decisions": decisions, "quotas": quotas, "sites": sites}
    )
    names = sorted(sites)
    bound = dict.fromkeys(names, "aws")
    shaped = [sheet.text for sheet in write_sites(installation, names, bound, write_site)]
    assert shaped == [s.text for s in write_sites(installation, names, bound, write_site, None)]
    shards = [re.findall(r'"shard": (\d)', text) for text in shaped]
    assert len(set(map(tuple, shards))) == 3 and all(shards)
