"""What `swyx report` takes for many sites, and how long a browser takes to open the page."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from swyx_components.clouds import PLATFORMS
from tests.tools.bench.estates import write_estate
from tests.tools.bench.measure import race
from tests.tools.browser.start import start_chromium

SWYX = [sys.executable, "-m", "swyx_components"]
OPENED = "const n = performance.getEntriesByType('navigation')[0]; return n.loadEventEnd / 1000"


def report_figures(folder: Path, sites: int, rounds: int) -> Iterator[str]:
    """The pages of many sites, bound to no cloud and to each; one page of 1,000 machines in Chromium."""
    many, few = write_estate(folder, sites), write_estate(folder, 250)
    page = folder / "report.html"
    paged = [*SWYX, "report", str(many), "--output", f"{folder}/pages/", "--json"]
    runs = race(
        {
            "pages": paged,
            **{cloud: [*paged, "--cloud", cloud] for cloud in PLATFORMS},
            "page": [*SWYX, "report", str(few), "--output", str(page), "--json"],
        },
        min(rounds, 3),
    )
    pages = json.loads(runs["pages"].output)
    megabytes = sum(one["bytes"] for one in pages["written"]) / 1e6
    bound = ", ".join(f"on {cloud} {runs[cloud].seconds:.1f} s" for cloud in PLATFORMS)
    yield (
        f"swyx report of {sites:,} sites: {runs['pages'].seconds:.1f} s, {bound} (at most 10), "
        f"{megabytes:.0f} MB in {len(pages['written']):,} pages, {pages['rules']:,} rules; "
        f"{runs['pages'].megabytes:.0f} MB of memory"
    )
    one = json.loads(runs["page"].output)
    yield (
        f"swyx report of {one['machines']:,} machines: {runs['page'].seconds:.1f} s, "
        f"{one['written'][0]['bytes'] / 1e6:.0f} MB in one page, which Chromium has open after "
        f"{min(opened(page, rounds)):.2f} s (at most 1)"
    )


def opened(page: Path, rounds: int) -> list[float]:
    """Seconds until the page is loaded, searchable and at rest, each time in a new tab's state."""
    with tempfile.TemporaryDirectory() as profile:
        browser = start_chromium(Path(profile))
        try:
            seconds = []
            for _ in range(rounds):
                browser.get("about:blank")
                browser.get(page.as_uri())
                seconds.append(float(browser.execute_script(OPENED)))
            return seconds
        finally:
            browser.quit()
