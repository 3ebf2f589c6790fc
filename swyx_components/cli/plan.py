"""`swyx plan`: every rule of every site, for people or as JSON."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO

from swyx_components.cli.sites import bind_clouds, choose_sites, judge_sites, open_installation
from swyx_components.cli.talk import report_progress
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.judged import Judged

_IN_MEMORY = 16_000_000  # bytes of output kept in memory until no site can have an error any more


def plan_file(file: str, clouds: Sequence[str], sites: Sequence[str], as_json: bool) -> int:
    """Print the plan of a file, or all of its errors and nothing else; the exit code."""
    installation, found = open_installation(file)
    names = choose_sites(installation, sites)
    bound = bind_clouds(installation, clouds)
    judged = _Gathered(judge_sites(installation, names, bound))
    steps = report_progress(judged, "sites planned", len(names))
    if as_json:
        from swyx_components.report.plan_json import write_plan

        pieces = write_plan(installation.catalogue.version, steps, found)
    else:
        from swyx_components.report.tables import write_tables

        pieces = write_tables(steps, found, detailed=bool(sites) or len(names) <= 12)
    with SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8") as held:
        for piece in pieces:
            if not judged.errors:
                held.write(piece)
        if judged.errors:
            raise SwyxError(judged.errors)
        _copy(held)
    return 0


class _Gathered:
    """The sites as they come; the errors of all of them."""

    def __init__(self, sites: Iterable[Judged]) -> None:
        self._sites = sites
        self.errors: list[Message] = []

    def __iter__(self) -> Iterator[Judged]:
        for site in self._sites:
            self.errors += (m for m in site.messages if m.severity is Severity.ERROR)
            yield site


def _copy(held: IO[str]) -> None:
    held.seek(0)
    while piece := held.read(1 << 20):
        sys.stdout.write(piece)
