"""The sequence diagrams of calls: what is drawn, and that no text of theirs becomes markup."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from swyx_components.report.sequence import (
    LOOKS,
    Arrow,
    Section,
    draw,
    escape,
)
from tests.tools.command import SMALL, swyx, write_file

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>&amp;\"'\x1b[2J\x00\u202e\n%%{init: x}%%;end #35; <br/>"


def file_without(folder: Path, flow: str) -> Path:
    switched = f"    flows: {{disable: [{flow}]}}\n  bochum:\n"
    return write_file(folder, SMALL.replace("  bochum:\n", switched))


def test_a_call_as_mermaid(tmp_path: Path) -> None:
    file = file_without(tmp_path, "C10")
    outcome = swyx("call", file, "ac-office", "pstn@aachen", "--format", "mermaid")
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.splitlines() == [
        "sequenceDiagram",
        "  participant p0 as SwyxIt aachen<br/>ac-office",
        "  participant p1 as SwyxServer aachen<br/>ac-server",
        "  participant p2 as SwyxGate aachen<br/>ac-gates",
        "  Note over p0,p2: SwyxIt aachen (ac-office) calls SwyxGate aachen (ac-gates)",
        "  p0->>p1: 1. asks for the call (DCOM)<br/>tcp 135, 40000 #91;C1#93;",
        "  p1->>p0: 2. answers (DCOM)<br/>tcp 135, 40000 #91;C2#93;",
        "  p2->>p1: 3. registers (RAS)<br/>udp 1719 #91;C9#93;",
        "  p1-xp2: 4. sends the call out (H.225) fails, not allowed<br/>tcp 2000 #91;C10#93;",
        "  p1-->>p2: 5. agree on media (H.245), not reached<br/>tcp 41000 #91;C15#93;",
        "  p2-->>p1: and back",
        "  p0-->>p2: 6. talk or fax (RTP), not reached<br/>udp 50000 with 51500 #91;M1#93;",
        "  p2-->>p0: and back",
        "  Note over p0,p2: step 4 fails",
    ]


def test_a_call_as_svg_says_the_same(tmp_path: Path) -> None:
    file, drawing = file_without(tmp_path, "C10"), tmp_path / "call.svg"
    outcome = swyx("call", file, "ac-office", "pstn@aachen", "--format", "svg", "--output", drawing)
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "")
    root = ElementTree.parse(drawing).getroot()
    assert root.tag == f"{SVG}svg"
    assert [text.text for text in root.iter(f"{SVG}text")] == [
        "SwyxIt aachen",
        "ac-office",
        "SwyxServer aachen",
        "ac-server",
        "SwyxGate aachen",
        "ac-gates",
        "SwyxIt aachen (ac-office) calls SwyxGate aachen (ac-gates)",
        "1. asks for the call (DCOM)",
        "tcp 135, 40000 [C1]",
        "2. answers (DCOM)",
        "tcp 135, 40000 [C2]",
        "3. registers (RAS)",
        "udp 1719 [C9]",
        "4. sends the call out (H.225) fails, not allowed",
        "tcp 2000 [C10]",
        "5. agree on media (H.245), not reached",
        "tcp 41000 [C15]",
        "6. talk or fax (RTP), not reached",
        "udp 50000 with 51500 [M1]",
        "step 4 fails",
    ]
    (title,) = root.iter(f"{SVG}title")
    assert root.get("aria-labelledby") == title.get("id")
    assert title.text == (
        "SwyxIt aachen (ac-office) calls SwyxGate aachen (ac-gates): step 4 fails"
    )


def test_the_drawing_holds_all_of_its_labels(tmp_path: Path) -> None:
    """No lifeline outside the drawing, none on another, and every label between its two ends."""
    outcome = swyx("call", write_file(tmp_path), "ac-office", "bo-office", "--format", "svg")
    root = ElementTree.fromstring(outcome.out)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    boxes = [(float(r.get("x", 0)), float(r.get("width", 0))) for r in root.iter(f"{SVG}rect")]
    assert len(boxes) == 5
    edges = [edge for x, wide in boxes for edge in (x, x + wide)]
    assert edges == sorted(edges)
    assert edges[0] >= 0 and edges[-1] <= width
    for text in root.iter(f"{SVG}text"):
        half = len(text.text or "") * 6 / 2
        assert half <= float(text.get("x", 0)) <= width - half
        assert 0 < float(text.get("y", 0)) < height


def test_nothing_is_loaded_and_nothing_runs(tmp_path: Path) -> None:
    outcome = swyx("call", write_file(tmp_path), "ac-office", "bo-office", "--format", "svg")
    assert re.findall(r"https?://\S+?(?=\")", outcome.out) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|@import|\shref|\son\w+=", outcome.out)


def test_a_scenario_of_several_calls_is_one_diagram(tmp_path: Path) -> None:
    outcome = swyx(
        "call", write_file(tmp_path), "--scenario", "site-to-site", "--format", "mermaid"
    )
    assert outcome.out.count("participant") == 5
    assert outcome.out.count("Note over p0,p4: every step passes") == 2


def draw_hostile(format: str) -> str:
    arrows = tuple(
        Arrow(
            sender=0,
            receiver=receiver,
            title=HOSTILE,
            detail=HOSTILE,
            look=look,
            both_ways=True,
        )
        for look in LOOKS
        for receiver in (0, 1)
    )
    section = Section(title=HOSTILE, arrows=arrows, verdict=HOSTILE)
    return draw([(HOSTILE, HOSTILE)] * 2, [section], format)


def test_hostile_text_is_text_in_svg() -> None:
    drawing = draw_hostile("svg")
    root = ElementTree.fromstring(drawing)
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\x00", "\\x00")
    shown = shown.replace("\u202e", "\\u202e").replace("\n", "\\n")
    assert {text.text for text in root.iter(f"{SVG}text")} == {shown}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "title",
        "style",
        "defs",
        "marker",
        "path",
        "rect",
        "text",
    }


def test_hostile_text_is_text_in_mermaid() -> None:
    lines = draw_hostile("mermaid").splitlines()
    assert len(lines) == 1 + 2 + 2 + 2 * 8
    label = r"(?:[A-Za-z0-9 ,.()+/_-]|#\d+;|<br/>)*"
    for line in lines[1:]:
        head = r"  (?:participant p\d as|Note over p0,p1:|p\d(?:->>|-->>|-x)p\d:)"
        assert re.fullmatch(f"{head} {label}", line)
        assert not re.search(r"\bend\b", line)


@pytest.mark.parametrize(
    "text", ["a:b;c", "end", "The End.", "<b>", "#35;", "ac_link-1 (10.1.0.1/32)"]
)
def test_mermaid_shows_what_was_written(text: str) -> None:
    """Mermaid's `#code;` is HTML's `&#code;`."""
    assert html.unescape(re.sub(r"#(\d+);", r"&#\1;", escape(text))) == text


def test_no_arrow_is_green_after_the_step_that_fails(tmp_path: Path) -> None:
    drawing = tmp_path / "call.svg"
    words = ("ac-office", "pstn@aachen", "--format", "svg", "--output", drawing)
    swyx("call", file_without(tmp_path, "C10"), *words)
    root = ElementTree.parse(drawing).getroot()
    looks = [path.get("class") for path in root.iter(f"{SVG}path")]
    arrows = [look for look in looks if look not in (None, "life")]
    failed = arrows.index("fails")
    assert arrows[:failed] == ["passes"] * 3
    assert "passes" not in arrows[failed:] and arrows.count("unreached") == 2
    assert "paint-order" not in drawing.read_text(encoding="utf-8")
