"""One headless Chromium for all tests, which speaks to no network, and the pages that they open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.tools.browser.pages import Page
from tests.tools.browser.start import missing_parts, start_chromium
from tests.tools.command import swyx


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    if missing := missing_parts():
        pytest.fail(f"{missing} is not there; `make browser` installs it")
    browser = start_chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def page(chromium: Chrome) -> Page:
    """The browser with nothing open: scripts on, light, wide, as a person would find it."""
    page = Page(chromium)
    page.reset()
    return page


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the reports that the tests write."""
    return tmp_path_factory.mktemp("reports")


def write(folder: Path, name: str, *words: object) -> Path:
    """The report that `swyx report` writes with these words."""
    path = folder / f"{name}.html"
    outcome = swyx("report", *words, "--output", path)
    assert outcome.code == 0, outcome.err  # a slow machine sees progress there
    return path


@pytest.fixture(scope="session")
def example(reports: Path) -> Path:
    """The example's report, each site in its cloud."""
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure")
    return write(reports, "example", "stacks/installation.yaml", *clouds)
