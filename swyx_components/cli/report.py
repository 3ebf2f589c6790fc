"""`swyx report`: all that a change review asks, as a page to read, search, print and link to."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import IO

import click

from swyx_components.analysis.deployed.verify import compare_site
from swyx_components.analysis.diff.changes import compare_sites, join_changes
from swyx_components.analysis.diff.edits import find_affected, find_edits
from swyx_components.cli.failures import raise_errors
from swyx_components.cli.options import (
    CLOUDS,
    FILE,
    JSON,
    SITES,
    find_sites,
    offer,
    offer_files,
    option_list,
)
from swyx_components.cli.sites import (
    assess_sites,
    bind_clouds,
    choose_sites,
    open_installation,
    render_sites,
)
from swyx_components.cli.terminal import (
    IN_MEMORY,
    print_json,
    print_line,
    refuse_output,
    report_progress,
)
from swyx_components.clouds import read_deployed
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.report.html.differences import (
    Differences,
    tell_changes,
    tell_deployed,
)
from swyx_components.report.html.overview import Overview, SiteLine, make_overview
from swyx_components.report.html.pages import (
    ChapterText,
    write_chapter,
    write_index,
    write_report,
    write_site_page,
)
from swyx_components.report.tables import count_messages, plural

_LARGEST = 50_000_000  # bytes of one page; what browsers still open without a pause
_FEW_SITES = 4  # whose chapters stand open


@click.command
@FILE
@click.option(
    "--output",
    default="report.html",
    show_default=True,
    metavar="PATH",
    help="A file, or a folder with a page for each site.",
    shell_complete=offer_files,
)
@CLOUDS
@SITES
@click.option(
    "--against",
    default="",
    metavar="FILE",
    help="Show what differs from this file.",
    shell_complete=offer_files,
)
@option_list("--deployed", "deployed", "SITE", "Show what differs in the cloud", offer(find_sites))
@JSON
def report(
    file: str,
    output: str,
    clouds: Sequence[str],
    sites: Sequence[str],
    against: str,
    deployed: Sequence[str],
    as_json: bool,
) -> None:
    """Write a page for a change review.

    Every rule with its reasons, the flow matrix, decisions, collisions, quotas, gaps and differences;
    one file that needs no network.
    """
    installation, found = open_installation(file)
    names = choose_sites(installation, sites)
    bound = bind_clouds(installation, clouds)
    differences = [*_against(installation, names, against)]
    differences += _deployed(installation, deployed, bound)
    folder = output.endswith(os.sep) or Path(output).is_dir()
    with _Chapters(folder) as chapters:
        messages = chapters.gather(installation, names, bound) | set(found)
        overview = make_overview(installation, chapters.lines, messages, differences)
        try:
            written = _write(Path(output), overview, chapters)
        except OSError as problem:
            raise refuse_output(output, problem) from None
    if as_json:
        print_json(_record(written, overview, messages))
    else:
        print_line(_sentence(written, overview, messages))


class _Chapters:
    """The chapters of all sites, kept aside until the overview before them is known."""

    def __init__(self, folder: bool) -> None:
        self.folder = folder
        self.lines: list[SiteLine] = []
        self._held: IO[str] = SpooledTemporaryFile(  # noqa: SIM115 - closed by __exit__
            IN_MEMORY, "w+", encoding="utf-8", newline=""
        )
        self._sizes: list[int] = []
        self._total = 0

    def __enter__(self) -> "_Chapters":
        return self

    def __exit__(self, *_problem: object) -> None:
        self._held.close()

    def gather(
        self, installation: Installation, names: Sequence[str], bound: Mapping[str, str]
    ) -> set[Message]:
        """Plan and write every site; the messages of all.

        Raises:
            SwyxError: a site has errors, or all together are too large for one page.
        """
        few = self.folder or len(names) <= _FEW_SITES
        sites = assess_sites(installation, names, bound)
        messages: set[Message] = set()
        failed = False
        for site in report_progress(sites, "sites", len(names)):
            messages.update(site.messages)
            failed = failed or site.has_errors
            if not failed:
                self._keep(write_chapter(installation.catalogue, few, site), len(names))
        raise_errors(messages)
        return messages

    def _keep(self, chapter: ChapterText, sites: int) -> None:
        self.lines.append(chapter.line)
        self._sizes.append(self._held.write(chapter.html))
        self._total += len(chapter.html.encode())
        if not self.folder and self._total > _LARGEST:
            raise SwyxError(
                [Message.about("report-too-large", "--output", limit=f"{_LARGEST:,}", sites=sites)]
            )

    def __iter__(self) -> Iterator[ChapterText]:
        self._held.seek(0)
        for line, size in zip(self.lines, self._sizes, strict=True):
            yield ChapterText(line, self._held.read(size))


def _against(installation: Installation, names: Sequence[str], other: str) -> Iterator[Differences]:
    """What `swyx diff` finds from another file to this one.

    Raises:
        SwyxError: the other file has errors, or a site can't be planned.
    """
    if not other:
        return
    old, _ = open_installation(other)
    some = len(names) < len(installation.sites)
    wanted = names if some else sorted({*names, *old.sites})
    edits = find_edits(old, installation)
    affected = find_affected(old, installation, edits).intersection(wanted)
    compared = compare_sites(old, installation, edits, wanted)
    sites = tuple(report_progress(compared, "sites compared", len(affected)))
    shown = [edit for edit in edits if not some or edit.site in ("", *names)]
    yield tell_changes(join_changes(shown, sites), old.file)


def _deployed(
    installation: Installation, sites: Sequence[str], bound: Mapping[str, str]
) -> Iterator[Differences]:
    """What the clouds hold for some sites, against the plan.

    Raises:
        SwyxError: nothing says in which cloud a site is, or it can't be planned.
    """
    names = choose_sites(installation, sites) if sites else ()
    rendered = render_sites(installation, names, bound)
    for cloud, site in report_progress(rendered, "deployed sites read", len(names)):
        yield tell_deployed(compare_site(site, read_deployed(cloud, site)), cloud)


# ---- files


def _write(output: Path, report: Overview, chapters: _Chapters) -> list[tuple[Path, int]]:
    """What was written, with its size in bytes; the page that people open first."""
    if not chapters.folder:
        return [_replace(output, write_report(report, (chapter.html for chapter in chapters)))]
    (output / "sites").mkdir(parents=True, exist_ok=True)
    written = [
        _replace(
            output / "sites" / f"{chapter.line.name}.html", (write_site_page(report, chapter),)
        )
        for chapter in report_progress(chapters, "pages written", len(chapters.lines))
    ]
    return [_replace(output / "index.html", (write_index(report),)), *written]


def _replace(path: Path, pieces: Iterable[str]) -> tuple[Path, int]:
    """Put a file in place at once, so that no reader ever sees half of it."""
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8", newline="", delete=False
    ) as held:
        temporary = Path(held.name)
        try:
            held.writelines(pieces)
            held.flush()
            size = temporary.stat().st_size
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path, size


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sentence(
    written: Sequence[tuple[Path, int]], report: Overview, messages: Iterable[Message]
) -> str:
    counts = ", ".join(plural(count, noun) for noun, count in _counts(report).items())
    more = f" and {plural(len(written) - 1, 'page')} beside it" if len(written) > 1 else ""
    size = sum(size for _, size in written) / 1e6
    return f"{written[0][0]}{more}, {size:.1f} MB: {counts}; {count_messages(messages)}."


def _counts(report: Overview) -> Mapping[str, int]:
    counts = {
        noun: sum(getattr(site, f"{noun}s") for site in report.sites)
        for noun in ("machine", "flow", "rule")
    }
    differing = sum(len(one.rows) for one in report.differences)
    return {"site": len(report.sites), **counts} | (
        {"difference": differing} if report.differences else {}
    )


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
