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

import click

from swyx_components import __version__
from swyx_components.analysis.deployed.verify import compare_site
from swyx_components.cli.diff import find_changes
from swyx_components.cli.failures import refuse
from swyx_components.cli.options import CLOUDS, FILE, JSON, SITES, examples, option, option_list
from swyx_components.cli.sites import (
    Chosen,
    choose,
    choose_sites,
    gather_sites,
    open_installation,
    render_sites,
)
from swyx_components.cli.stacks import files_of
from swyx_components.cli.terminal import (
    IN_MEMORY,
    print_json,
    print_line,
    refuse_device,
    replace_file,
    report_progress,
)
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import about_sites
from swyx_components.installation.model import Installation
from swyx_components.installation.source import STDIN, read_raw
from swyx_components.messages import Message, Severity
from swyx_components.planner.model import SitePlan
from swyx_components.report.html.differences import Differences, describe_changes, describe_drift
from swyx_components.report.html.overview import Overview, SiteLine, make_overview
from swyx_components.report.html.pages import ChapterText, write_chapter, write_report
from swyx_components.report.tables import count_messages, plural
from swyx_components.report.windows.scripts import file_name

_LARGEST = 50_000_000  # bytes of one page; what browsers still open without a pause
_FEW_SITES = 4  # whose chapters stand open


@click.command(
    epilog=examples(
        "report installation.yaml",
        "report installation.yaml --against deployed.yaml",
        "report installation.yaml --output pages/ --deployed aachen",
    )
)
@FILE
@option("--output", "PATH", "A file, or a folder for one page per site.", default="report.html")
@CLOUDS
@SITES
@option("--against", "FILE", "Also show differences from this file.")
@option_list("--deployed", "deployed", "SITE", "Also show drift of this site in its cloud")
@option("--date", "TEXT", "The date on the page instead of today's.")
@JSON
def report(
    file: str,
    output: str,
    clouds: Sequence[str],
    sites: Sequence[str],
    against: str,
    deployed: Sequence[str],
    date: str,
    as_json: bool,
) -> None:
    """Write an HTML report for a change review.

    Every rule with its reasons, the flow matrix, decisions, port conflicts, quotas, gaps and
    differences, in one self-contained file.
    """
    chosen = choose(file, sites, clouds)
    date = date or datetime.now().astimezone().strftime("%Y-%m-%d")
    made = {"sha256": _hash(file), "date": date, "program": __version__}
    installation = chosen.topology.installation
    old = open_installation(against)[0] if against else None
    differences = [_against(chosen, old)] if old else []
    differences += _deployed(chosen, deployed)
    folder = output.endswith(os.sep) or Path(output).is_dir()
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as kept:
        chapters = _Chapters(kept, folder, made)
        messages = chapters.gather(chosen)
        overview = make_overview(installation, chapters.lines, messages, differences, made)
        inputs = files_of(installation, *filter(None, [old]))
        written = _write(Path(output), overview, chapters, inputs)
    if as_json:
        print_json(_record(written, overview, messages))
    else:
        print_line(_sentence(written, overview, messages))


def _hash(file: str) -> str:
    """The SHA-256 of what was read; empty where that comes only once, as from a pipe of the shell's."""
    kept = file == STDIN or Path(file).is_file()
    return sha256(read_raw(file)).hexdigest() if kept else ""


class _Chapters:
    """The chapters of all sites, or in a folder their pages, kept in a file until the overview is known."""

    def __init__(self, kept: IO[str], folder: bool, made: Mapping[str, str]) -> None:
        self.folder, self._made = folder, made
        self.lines: list[SiteLine] = []
        self._kept = kept
        self._sizes: list[int] = []
        self._total = 0

    def gather(self, chosen: Chosen) -> set[Message]:
        """Plan and write every site; the messages of the file and of all.

        Raises:
            SwyxError: a site has errors, or all together are too large for one page.
        """
        number = len(chosen.names)
        few = self.folder or number <= _FEW_SITES
        messages = set(chosen.found)
        for site in gather_sites(chosen, messages, "sites"):
            chapter = write_chapter(chosen.topology, few, site)
            if self.folder:
                line, file = chapter.line, chosen.topology.installation
                found = {*about_sites(chosen.found, [line.name]), *site.messages}
                own = make_overview(file, [line], found, made=self._made, drawn=False)
                pieces = write_report(own, [chapter.html], back="../index.html")
                chapter = ChapterText(line, "".join(pieces))
            self._keep(chapter, number)
        return messages

    def _keep(self, chapter: ChapterText, sites: int) -> None:
        self.lines.append(chapter.line)
        self._sizes.append(self._kept.write(chapter.html))
        self._total += len(chapter.html.encode())
        if not self.folder and self._total > _LARGEST:
            raise refuse("report-too-large", "--output", limit=f"{_LARGEST:,}", sites=sites)

    def __iter__(self) -> Iterator[ChapterText]:
        self._kept.seek(0)
        for line, size in zip(self.lines, self._sizes, strict=True):
            yield ChapterText(line, self._kept.read(size))


def _against(chosen: Chosen, old: Installation) -> Differences:
    """What `swyx diff` finds from another file to this one, the rules as the clouds store them.

    Raises:
        SwyxError: a site can't be planned.
    """
    installation, names = chosen.topology.installation, chosen.names
    if len(names) == len(installation.sites):
        names = tuple(sorted({*names, *old.sites}))
    changes = find_changes(old, installation, names, partial(_store, chosen.clouds))
    return describe_changes(changes, old.file)


def _store(clouds: Mapping[str, str], plan: SitePlan, installation: Installation) -> SitePlan:
    """The plan with the groups and rules that the site's cloud stores, if it has one."""
    if plan.site not in clouds:
        return plan
    rendered = PLATFORMS[clouds[plan.site]].render_site(plan, installation)
    groups = tuple(replace(entry.group, rules=entry.rules) for entry in rendered.groups)
    return replace(rendered.plan, groups=groups)


def _deployed(chosen: Chosen, sites: Sequence[str]) -> Iterator[Differences]:
    """Some sites as deployed in the clouds, compared with the plan.

    Raises:
        SwyxError: the cloud of a site is unknown, or it can't be planned.
    """
    names = choose_sites(chosen.topology.installation, sites, "--deployed") if sites else ()
    rendered = render_sites(chosen.topology, names, chosen.clouds)
    for cloud, site in report_progress(rendered, "deployed sites read", len(names)):
        found = compare_site(site, PLATFORMS[cloud].read_deployed(site))
        yield describe_drift(found, site, cloud)


# ---- files


def _write(
    output: Path, report: Overview, chapters: _Chapters, inputs: Sequence[Path]
) -> list[tuple[Path, int]]:
    """What was written, with its size in bytes; the page that people open first."""
    if not chapters.folder:
        pages = write_report(report, (chapter.html for chapter in chapters))
        return [_replace(output, pages, inputs)]
    refuse_device(output)
    written = [
        _replace(output / "sites" / f"{file_name(chapter.line.name)}.html", (chapter.html,), inputs)
        for chapter in report_progress(chapters, "pages written", len(chapters.lines))
    ]
    return [_replace(output / "index.html", write_report(report, paged=True), inputs), *written]


def _replace(path: Path, pieces: Iterable[str], inputs: Sequence[Path]) -> tuple[Path, int]:
    encoded = (piece.encode() for piece in pieces)
    return path, replace_file(path, encoded, inputs, parents=path.parent.name == "sites")


def _sentence(
    written: Sequence[tuple[Path, int]], report: Overview, messages: Iterable[Message]
) -> str:
    counts = ", ".join(plural(count, noun) for noun, count in _counts(report).items())
    more = f" and {plural(len(written) - 1, 'page')} beside it" if len(written) > 1 else ""
    size = sum(size for _, size in written) / 1e6
    return f"{written[0][0]}{more}, {size:.1f} MB: {counts}; {count_messages(messages)}."


def _counts(report: Overview) -> Mapping[str, int]:
    counts = {noun: count for noun, count in report.figures.items() if noun != "warning"}
    differing = sum(row.number for one in report.differences for row in one.rows)
    return counts | ({"difference": differing} if report.differences else {})


def _record(
    written: Sequence[tuple[Path, int]], report: Overview, messages: Iterable[Message]
) -> Mapping[str, object]:
    severities = [message.severity for message in messages]
    return {
        "version": 1,
        "written": [{"path": str(path), "bytes": size} for path, size in written],
        **{f"{noun}s": count for noun, count in _counts(report).items()},
        "warnings": severities.count(Severity.WARNING),
        "notes": severities.count(Severity.NOTE),
    }
