"""The programs on the pages are those of `examples/`, which other tests run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.conftest import ROOT
from tests.docs.test_commands import Command, parse

PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "```" in path.read_text("utf-8"))
WORKFLOW = ROOT / "examples/ci/telephony.yml"


def titled_blocks(page: Path) -> list[tuple[str, str]]:
    """The code blocks of a page that name the file that they stand in, each with that name."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_of_a_file_stands_in_it(page: Path) -> None:
    for name, block in titled_blocks(page):
        assert block in (ROOT / name).read_text(encoding="utf-8"), f"{page.name}: {name}"


def test_every_example_is_shown_on_a_page() -> None:
    shown = {name.split("/")[1] for page in PAGES for name, _ in titled_blocks(page)}
    written = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    examples = {path.name for path in (ROOT / "examples").iterdir()}
    assert {name for name in examples if f"examples/{name}" not in written} == set()
    assert len(shown) >= 6


def test_the_page_of_the_registry_shows_whole_programs_and_has_its_front_matter() -> None:
    text = (ROOT / "docs/_index.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:python|yaml)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    examples = ("existing-vms/__main__.py", "yaml-aws/Pulumi.yaml")
    for block, name in zip(blocks, examples, strict=True):
        assert (ROOT / "examples" / name).read_text(encoding="utf-8").endswith(block)
    for page in (text, (ROOT / "docs/installation-configuration.md").read_text(encoding="utf-8")):
        front = yaml.safe_load(page.split("---")[1])
        assert front.keys() == {"title", "meta_desc", "layout"} and front["layout"] == "package"


def test_the_workflow_is_one_that_github_accepts_and_its_commands_parse() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run(
        [*checker, "vendor.github-workflows", str(WORKFLOW)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    lines = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    commands = [line.partition(">")[0].split()[1:] for line in lines if line.startswith("swyx")]
    assert [words[0] for words in commands] == [
        *("check", "diff", "rollout"),
        *("rollout", "verify"),
        "verify",
    ]
    for words in commands:
        parse(Command(tuple(words), 0, True))
