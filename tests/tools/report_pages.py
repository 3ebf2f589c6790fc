"""Reports of installations given as plain data, without files."""

from __future__ import annotations

import html
import re
from typing import Any

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_sites
from swyx_components.planner.assess import assess_site
from swyx_components.planner.topology import Topology
from swyx_components.report.html.overview import Differences, Overview
from swyx_components.report.html.pages import write_chapter, write_report


def parts_of(source: dict[str, Any], cloud: str = "") -> tuple[Overview, list[bytes]]:
    installation = load_installation(source)
    platform, topology = PLATFORMS.get(cloud), Topology(installation)
    result = [assess_site(plan, installation, platform) for plan in plan_sites(installation)]
    written = [write_chapter(topology, True, one) for one in result]
    lines, chapters = [line for line, _ in written], [html for _, html in written]
    messages = {message for one in result for message in one.messages}
    return Overview(installation, lines, messages), chapters


def overview_of(source: dict[str, Any], cloud: str = "") -> Overview:
    return parts_of(source, cloud)[0]


def page_of(source: dict[str, Any], cloud: str = "") -> str:
    overview, chapters = parts_of(source, cloud)
    return b"".join(write_report(overview, chapters)).decode()


def rows_of(differences: Differences, source: dict[str, Any]) -> list[tuple[str, ...]]:
    """What a page of an installation shows of differences: side, title, place, words, because."""
    overview = overview_of(source)
    overview.differences = (differences,)
    page = b"".join(write_report(overview)).decode()
    table = (
        rf'aria-label="([^"]*), {re.escape(html.escape(differences.other))}"><table>(.*?)</table>'
    )
    row = r'<tr(?: class="side-(\w+)")?>(?:<td><b>.*?</b>)?<td>(.*?)<td><code>(.*?)</code>(?:<td>(.*))?$'
    return [
        tuple(map(html.unescape, (side, title, *cells)))
        for title, rows in re.findall(table, page, flags=re.DOTALL)
        for side, *cells in re.findall(row, rows, flags=re.MULTILINE)
    ]
