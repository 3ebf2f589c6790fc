"""What a page may never do, and whom it may never shut out: hostile text, the network, axe-core."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.browser.conftest import write
from tests.tools.browser.pages import Page
from tests.tools.command import SMALL, swyx, write_file

HOSTILE = '</noscript></script><img src=x onerror="window.taken=1"><script>window.taken=2</script>'


def hostile_file(folder: Path) -> Path:
    """An installation whose every free text attacks: its path, its reasons."""
    reasons = "".join(
        f"      - {{direction: in, to: ac-server, from: [10.1.9{n}.0/24], protocol: tcp, ports: 338{n}, "
        f"reason: {text}}}\n"
        for n, text in enumerate((f"'{HOSTILE}'", "'{{ 7 * 7 }} ${7 * 7}'"))
    )
    text = SMALL.replace("    extra_rules:\n", f"    extra_rules:\n{reasons}")
    name = "<img src=x onerror=taken=3>.yaml"
    return write_file(folder, text, name)


@pytest.fixture(scope="module")
def hostile(reports: Path) -> Path:
    return write(reports, "hostile", hostile_file(reports), "--against", hostile_file(reports))


@pytest.mark.parametrize("scripts", [True, False])
def test_hostile_text_is_text(page: Page, hostile: Path, scripts: bool) -> None:
    page.open(hostile, scripts=scripts)
    page.ask("document.querySelectorAll('details').forEach((one) => one.open = true)")
    assert page.ask("return window.taken ?? null") is None
    assert page.ask("return document.querySelectorAll('img, script').length") == 1  # its own script
    shown = page.find("main").text
    assert HOSTILE in shown
    assert "{{ 7 * 7 }} ${7 * 7}" in shown
    assert "<img src=x onerror=taken=3>.yaml" in page.find("header").text


def test_hostile_text_is_found_and_shown_by_search(page: Page, hostile: Path) -> None:
    page.open(hostile)
    page.search("rules", 'onerror="window.taken=1"')
    page.wait(lambda: len(page.shown("rules")) == 1, "one rule is left")
    page.find("#rules summary").click()
    assert HOSTILE in page.find("#rules tbody").text
    page.ask("dispatchEvent(new Event('beforeprint'))")
    assert len(page.all("#rules .paper li")) == 1
    assert page.ask("return window.taken ?? null") is None
    assert page.complaints() == []


def test_nothing_else_is_let_in_even_where_something_was_injected(
    page: Page, example: Path
) -> None:
    page.open(example)
    page.ask(
        "const s = document.createElement('script'); s.textContent = 'window.taken = 4';"
        "document.body.append(s);"
        "const i = document.createElement('img'); i.src = 'http://127.0.0.1:9/x'; document.body.append(i);"
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"taken=5\" id=p>p</p>');"
        "document.getElementById('p').click()"
    )
    assert page.ask("return window.taken ?? null") is None
    told = "\n".join(page.complaints())
    assert told.count("Content Security Policy") == 3


def test_a_page_asks_for_nothing_and_names_no_address(page: Page, example: Path) -> None:
    page.open(example)
    assert page.ask("return performance.getEntriesByType('resource').length") == 0
    text = example.read_text(encoding="utf-8")
    assert (
        re.findall(
            r"https?:|//[a-z]|url\(|@import|\bsrc=", re.sub(r"^\s*//.*", "", text, flags=re.M)
        )
        == []
    )


# ---- axe-core


@pytest.fixture(scope="module")
def differing(reports: Path) -> Path:
    """A page with every kind of section: differences, quotas, decisions, collisions, own rules."""
    file = write_file(reports, SMALL, "new.yaml")
    other = write_file(reports, SMALL.replace("10.2.0.10", "10.2.0.77"), "old.yaml")
    return write(reports, "differing", file, "--against", other, "--cloud", "bochum=azure")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 380])
def test_axe_core_finds_nothing(page: Page, differing: Path, scheme: str, width: int) -> None:
    page.media(scheme)
    page.resize(width, 900)
    page.open(differing)
    page.ask("document.querySelectorAll('details').forEach((one) => one.open = true)")
    page.ask("location.hash = arguments[0]", page.find("tr.rule").get_attribute("id"))
    page.wait(lambda: page.all("tr.marked"), "the rule is marked")
    assert page.violations() == []
    assert page.ask("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(252, 252, 250)" if scheme == "light" else "rgb(19, 23, 28)"
    )


@pytest.mark.parametrize("name", ["index.html", "sites/bochum.html"])
def test_axe_core_finds_nothing_on_the_pages_of_a_folder(
    page: Page, reports: Path, name: str
) -> None:
    folder = reports / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    assert swyx("report", "stacks/installation.yaml", "--output", f"{folder}/").code == 0
    page.open(folder / name)
    assert page.violations() == []


def test_axe_core_finds_what_is_wrong(page: Page, example: Path) -> None:
    """The finder itself: an image without words, text without contrast."""
    page.open(example)
    page.ask(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img><button></button>')"
    )
    found = page.violations()
    assert any(line.startswith("image-alt") for line in found)
    assert any(line.startswith("button-name") for line in found)


def test_the_picture_has_a_title_and_a_description(page: Page, example: Path) -> None:
    page.open(example)
    assert page.find("svg.picture > title").get_attribute("textContent") == "Sites and links"
    told = page.find("svg.picture > desc").get_attribute("textContent") or ""
    assert "aachen (AWS, 4 machines, 2 networks)" in told
    assert "aachen-bochum: aachen to bochum, shared, through ac-link" in told
