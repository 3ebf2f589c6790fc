"""What each edit changes in each cloud, through the real engine: `edits/edits.yaml`, typed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.conftest import Trials
from tests.tools.engine.steps import describe_steps
from tests.tools.engine.trial import CLOUDS, Trial, machines_of
from tests.tools.golden import compare
from tests.tools.offline import connect_ec2

HERE = Path(__file__).parent / "edits"
SITE = "aachen"
PAGE = Path(__file__).parents[2] / "docs" / "stability.md"
BASE: dict[str, Any] = yaml.safe_load((HERE / "base.yaml").read_text())
EDITS: list[dict[str, Any]] = yaml.safe_load((HERE / "edits.yaml").read_text())


def apply(edit: Mapping[str, Any]) -> dict[str, Any]:
    """The base with the edit made, its keys in reverse order: that must never matter."""
    made: dict[str, Any] = deepcopy(BASE)
    for path, value in edit.items():
        *parents, last = path.split(".")
        body = made
        for key in parents:
            body = body.setdefault(key, {})
        if value is None:
            del body[last]
        else:
            body[last] = value
    reversed_: dict[str, Any] = reverse(made)
    return reversed_


def reverse(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reverse(value[key]) for key in reversed(value)}
    return value


@pytest.fixture(scope="module")
def deployed(trials: Trials) -> Trial:
    """The base, deployed in both clouds; no test changes it."""
    trial = trials.open(SITE, machines_of([BASE, *(apply(e["edit"]) for e in EDITS)], SITE))
    trial.plan(BASE)
    trial.up()
    return trial


def interfaces(endpoint: str) -> dict[str, str]:
    """The address that each interface of the offline EC2 has."""
    ec2 = connect_ec2(endpoint)
    found = ec2.describe_network_interfaces()["NetworkInterfaces"]
    return {each["NetworkInterfaceId"]: each["PrivateIpAddress"] for each in found}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: str(edit["title"]))
def test_an_edit_changes_what_is_written_and_nothing_else(
    deployed: Trial, edit: dict[str, Any]
) -> None:
    deployed.plan(apply(edit["edit"]))
    steps = deployed.preview()
    known = interfaces(deployed.endpoints["aws"])
    for cloud in CLOUDS:
        assert describe_steps(steps, cloud, known) == edit[cloud].splitlines(), cloud


def test_every_edit_has_a_title_of_its_own_and_lines_for_both_clouds() -> None:
    assert len({edit["title"] for edit in EDITS}) == len(EDITS)
    assert all(set(edit) == {"title", "edit", *CLOUDS} for edit in EDITS)


def test_the_page_about_edits_says_the_same(refresh: bool) -> None:
    base = (HERE / "base.yaml").read_text().partition("\n")[2]
    text = (HERE / "page.md").read_text().replace("BASE\n", base)
    compare(
        PAGE, [*text.splitlines(), *(line for edit in EDITS for line in section(edit))], refresh
    )


def section(edit: dict[str, Any]) -> list[str]:
    """An edit as a section of the page."""
    body = yaml.safe_dump(edit["edit"], sort_keys=False, width=110).splitlines()
    return [
        *("", f"## {edit['title'][0].upper()}{edit['title'][1:]}", "", "```yaml", *body, "```"),
        *("", "AWS:", "", "```", *edit["aws"].splitlines(), "```"),
        *("", "Azure:", "", "```", *edit["azure"].splitlines(), "```"),
    ]
