"""Whole sites as AWS rules, reviewed as files."""

from pathlib import Path

import pytest

from swyx_components.clouds.aws import Aws
from swyx_components.planner.render import render_site
from tests.tools.golden import compare, planned, spec_lines

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("title", "file", "site"),
    [
        ("example-aachen", "stacks/installation.yaml", "aachen"),
        ("packed-bochum", "tests/fixtures/packed.yaml", "bochum"),
    ],
)
def test_the_rules_of_a_site_are_as_reviewed(
    title: str, file: str, site: str, refresh: bool
) -> None:
    golden = HERE / "golden" / f"{title}.txt"
    compare(golden, spec_lines(render_site(*planned(file, site), Aws())), refresh)
