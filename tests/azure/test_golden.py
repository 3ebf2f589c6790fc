"""Whole sites as Azure rules, reviewed as files."""

from pathlib import Path

import pytest

from swyx_components.azure.render import render_site
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from tests.golden import compare, spec_lines

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


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
    installation = load_installation(ROOT / file, file=file)
    rendered = render_site(plan_site(installation, site), installation.catalogue)
    compare(HERE / "golden" / f"{title}.txt", spec_lines(rendered), refresh)
