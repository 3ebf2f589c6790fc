"""Pages are written in plain technical English."""

from pathlib import Path

import pytest

from tests.docs.conftest import ROOT
from tests.tools.english import prose_of, turns_of

FOLDERS = ("docs", "examples", "plugin", "policy", "sandbox", "stacks", "tests")
FOUND = [*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))]
PAGES = [
    page for page in FOUND if "node_modules" not in page.parts
]  # `make browser` installs there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_written_in_plain_technical_english(page: Path) -> None:
    assert turns_of(prose_of(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("before", "turn", "after"),
    [
        ("address is no key here", "is no ", "unknown key: `address`"),
        ("groups that are needed no more", "no more", "no more than 60, no longer needed"),
        (
            "one security group a role, one group a machine",
            "one group a m",
            "one group per machine",
        ),
        ("mend the reason", "mend", "fix the cause; recommended"),
        ("no\nblank follows the colon", "blank", "missing space after the colon"),
        ("a machine of its own that talks", "of its own", "the server of its own site"),
        ("rules stand\nthere", "stand there", "a stand-in; a standby server"),
        ("it lets a packet pass", "lets a packet pass", "it allows a packet"),
        ("rules that a plan lets pass", "lets pass", "rules that a plan allows"),
        ("whatever roles come and go", "whatever", "if roles change"),
        ("it is widening by consent", "by consent", "explicit widening; there is no port"),
    ],
)
def test_an_old_turn_is_found_and_a_plain_one_is_not(before: str, turn: str, after: str) -> None:
    assert turns_of(before) == [turn]
    assert turns_of(after) == []
