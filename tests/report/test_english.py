"""What templates say is plain technical English."""

import re
from pathlib import Path

import pytest

from tests.tools.english import turns_of

REPORT = Path(__file__).parents[2] / "swyx_components/report"
KINDS = {".cmd", ".html", ".j2", ".ps1", ".reg", ".txt"}
TEMPLATES = [path for path in sorted(REPORT.rglob("*")) if path.suffix in KINDS]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(REPORT)))
def test_a_template_is_written_in_plain_technical_english(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert turns_of(re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)) == []
