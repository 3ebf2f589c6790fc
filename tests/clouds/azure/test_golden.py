"""Whole sites as Azure rules, reviewed as files."""

from pathlib import Path

import pytest

from swyx_components.clouds.azure import Azure
from swyx_components.planner.render import render_site
from tests.tools.golden import compare, planned, spec_lines

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("title", "file", "site"),
    [
        ("example-bochum", "stacks/installation.yaml", "bochum"),
        ("packed-aachen", "tests/fixtures/packed.yaml", "aachen"),
    ],
)
def test_the_rules_of_a_site_are_as_reviewed(
    title: str, file: str, site: str, refresh: bool
) -> None:
    golden = HERE / "golden" / f"{title}.txt"
    compare(golden, spec_lines(render_site(*planned(file, site), Azure())), refresh)
