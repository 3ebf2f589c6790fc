"""Headless Chromium as tests and bench use it: no network, no driver fetched, no trace left."""

from __future__ import annotations

import os
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.tools.browser.places import AXE, CHROMIUM, DRIVER

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


def missing_parts() -> str:
    """The first of the browser's parts that is not installed; empty where all are there."""
    paths = (Path(CHROMIUM), Path(DRIVER), AXE)
    return next((str(path) for path in paths if not path.exists()), "")


def start_chromium(profile: Path) -> Chrome:
    """A browser with a profile of its own, to be quit by who started it."""
    os.environ["SE_OFFLINE"] = "true"  # selenium is to fetch no driver of its own
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium has none for root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=Service(DRIVER))
