"""One headless Chromium for all tests, which speaks to no network, and the pages that they open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.browser.pages import Page
from tests.browser.places import AXE, CHROMIUM, DRIVER
from tests.cli.running import swyx

ARGUMENTS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=1400,1000",
    "--force-device-scale-factor=1",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    for path in (Path(CHROMIUM), Path(DRIVER), AXE):
        if not path.exists():
            pytest.fail(f"{path} is not there; `make browser` installs it")
    os.environ["SE_OFFLINE"] = "true"  # selenium is to fetch no driver of its own
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=Service(DRIVER))
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
    assert (outcome.code, outcome.err) == (0, "")
    return path


@pytest.fixture(scope="session")
def example(reports: Path) -> Path:
    """The example's report, each site in its cloud."""
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure")
    return write(reports, "example", "stacks/installation.yaml", *clouds)
