"""`swyx report`: a page for change reviews, to read, search, print and link to."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from swyx_components import __version__
from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.catalogue.yaml_source import STDIN, read_bytes
from swyx_components.cli import terminal
from swyx_components.cli.diff import find_changes
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.sites import Chosen, choose, choose_sites, gather_sites, render_sites
from swyx_components.cli.stacks import files_of
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import Installation, about_sites, load_installation
from swyx_components.messages import Message, Severity
from swyx_components.planner.model import SitePlan
from swyx_components.planner.render import render_site
from swyx_components.report.html.overview import Differences, Overview, SiteLine
from swyx_components.report.html.pages import write_chapter, write_report
from swyx_components.report.tables import count_messages
from swyx_components.report.templates import render_lines
from swyx_components.report.windows.scripts import file_name

_LARGEST = 50_000_000  # bytes of one page; what browsers still open without a pause
_FEW_SITES = 4  # whose chapters stand open


@command(
    "report installation.yaml",
    "report installation.yaml --against deployed.yaml",
    "report installation.yaml --output pages/ --deployed aachen",
    output=written(
        "--output PATH", "A file, or a folder for one page per site.", default="report.html"
    ),
    against=written("--against FILE", "Also show differences from this file."),
    deployed=written("--deployed SITE", "Also show drift of this site in its cloud"),
    date=written("--date TEXT", "The date on the page instead of today's."),
)
def report(
    file: str,
    output: str,
    clouds: Words,
    sites: Words,
    against: str,
    deployed: Words,
    date: str,
    as_json: bool,
) -> None:
    """Write an HTML report for a change review.

    Every rule with its reasons, the flow matrix, decisions, port conflicts, quotas, gaps and
    differences, in one self-contained file.
    """
    chosen = choose(file, sites, clouds)
    installation = chosen.topology.installation
    date = date or datetime.now().astimezone().strftime("%Y-%m-%d")
    made = {"sha256": _hash(file), "date": date, "program": __version__}
    old = load_installation(against) if against else None
    differences = [_against(chosen, old)] if old else []
    differences += _deployed(chosen, deployed)
    folder = output.endswith(os.sep) or Path(output).is_dir()
    with SpooledTemporaryFile(terminal.IN_MEMORY) as kept:
        lines, sizes, messages = _gather(chosen, kept, folder, made)
        overview = Overview(installation, lines, messages, differences, made)
        kept.seek(0)
        inputs = files_of(installation, *filter(None, [old]))
        pages = zip(lines, map(kept.read, sizes), strict=True)
        written = _write(Path(output), folder, overview, pages, inputs)
    counts = {noun: count for noun, count in overview.figures.items() if noun != "warning"}
    if differences:
        counts["difference"] = sum(sum(one.counts.values()) for one in differences)
    if as_json:
        terminal.print_answer(_record(written, counts, messages))
    else:
        told = {"written": written, "counts": counts, "messages": count_messages(messages)}
        terminal.print_answer(render_lines("report.txt.j2", {}, **told))


def _hash(file: str) -> str:
    """The SHA-256 of what was read; empty where that comes only once, as from a pipe of the shell's."""
    kept = file == STDIN or Path(file).is_file()
    return sha256(read_bytes(file)).hexdigest() if kept else ""


def _gather(
    chosen: Chosen, kept: IO[bytes], folder: bool, made: Mapping[str, str]
) -> tuple[list[SiteLine], list[int], set[Message]]:
    """Plan every site, and keep its chapter, or in a folder its page, until the overview is known.

    What the overview says of each, its size, and the messages of the file and of all.

    Raises:
        SwyxError: a site has errors, or all together are too large for one page.
    """
    topology, number = chosen.topology, len(chosen.names)
    lines: list[SiteLine] = []
    sizes: list[int] = []
    messages = set(chosen.found)
    for site in gather_sites(chosen, messages):
        line, page = write_chapter(topology, folder or number <= _FEW_SITES, site)
        if folder:
            found = {*about_sites(chosen.found, [line.name]), *site.messages}
            own = Overview(topology.installation, [line], found, made=made, drawn=False)
            page = b"".join(write_report(own, [page], back="../index.html"))
        lines.append(line)
        sizes.append(kept.write(page))
        if not folder and kept.tell() > _LARGEST:
            raise terminal.refuse(
                "report-too-large", "--output", limit=f"{_LARGEST:,}", sites=number
            )
    return lines, sizes, messages


def _against(chosen: Chosen, old: Installation) -> Differences:
    """What `swyx diff` finds from another file to this one, the rules as the clouds store them.

    Raises:
        SwyxError: a site can't be planned.
    """
    installation, names = chosen.topology.installation, chosen.names
    if len(names) == len(installation.sites):
        names = tuple(sorted({*names, *old.sites}))
    changes = find_changes(old, installation, names, store=partial(_store, chosen.clouds))
    return Differences(old.file, changes)


def _store(clouds: Mapping[str, str], plan: SitePlan, installation: Installation) -> SitePlan:
    """The plan with the groups and rules that the site's cloud stores, if it has one."""
    rendered = render_site(plan, installation, PLATFORMS.get(clouds.get(plan.site, "")))
    groups = tuple(replace(entry.group, rules=entry.rules) for entry in rendered.groups)
    return replace(rendered.plan, groups=groups)


def _deployed(chosen: Chosen, sites: Sequence[str]) -> Iterator[Differences]:
    """Some sites as deployed in the clouds, compared with the plan.

    Raises:
        SwyxError: the cloud of a site is unknown, or it can't be planned.
    """
    names = choose_sites(chosen.topology.installation, sites, "--deployed") if sites else ()
    rendered = render_sites(chosen.topology, names, chosen.clouds, "deployed sites read")
    for site in rendered:
        drift = Comparison(site, PLATFORMS[site.capabilities.name].read_deployed(site))
        yield Differences(f"{drift.plan.site} as deployed on {drift.cloud}", drift=drift)


# ---- files


def _write(
    output: Path,
    folder: bool,
    report: Overview,
    pages: Iterable[tuple[SiteLine, bytes]],
    inputs: Sequence[Path],
) -> dict[Path, int]:
    """The size in bytes of each file that was written; first the page that people open first."""
    sizes: dict[Path, int] = {}
    if folder:
        terminal.refuse_device(output)
        for line, page in terminal.report_progress(pages, "pages written", len(report.sites)):
            path = output / "sites" / f"{file_name(line.name)}.html"
            sizes[path] = terminal.replace_file(path, [page], inputs, parents=True)
    path = output / "index.html" if folder else output
    whole = write_report(report, (page for _, page in pages), paged=folder)
    return {path: terminal.replace_file(path, whole, inputs), **sizes}


def _record(
    written: Mapping[Path, int], counts: Mapping[str, int], messages: Iterable[Message]
) -> Mapping[str, object]:
    severities = [message.severity for message in messages]
    return {
        "version": 1,
        "written": [{"path": str(path), "bytes": size} for path, size in written.items()],
        **{f"{noun}s": count for noun, count in counts.items()},
        "warnings": severities.count(Severity.WARNING),
        "notes": severities.count(Severity.NOTE),
    }
