"""`swyx plan`: every rule of every site, for people or as JSON."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO

from swyx_components.cli.sites import assess_sites, bind_clouds, choose_sites, open_installation
from swyx_components.cli.talk import report_progress
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.site_result import SiteResult
from swyx_components.report.plan_json import write_document, write_site
from swyx_components.report.tables import write_headline, write_tables, write_text

_IN_MEMORY = 16_000_000  # bytes of output kept in memory until no site can have an error any more
_MANY_SITES = 12  # more are a line each, unless they were asked for by name


def plan_file(file: str, clouds: Sequence[str], sites: Sequence[str], as_json: bool) -> int:
    """Print the plan of a file, or all of its errors and nothing else; the exit code.

    Raises:
        SwyxError: with every error of the file and of the clouds it is planned for.
    """
    installation, found = open_installation(file)
    names = choose_sites(installation, sites)
    bound = bind_clouds(installation, clouds)
    brief = len(names) > _MANY_SITES and not sites
    write = write_site if as_json else write_headline if brief else write_tables
    gathered = _Gathered(assess_sites(installation, names, bound), write, found)
    steps = report_progress(gathered, "sites planned", len(names))
    if as_json:
        version = installation.catalogue.version
        pieces = write_document(version, zip(names, steps, strict=True), gathered.messages)
    else:
        pieces = write_text(steps, gathered.messages, brief)
    with SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8") as held:
        for piece in pieces:
            if not gathered.errors:
                held.write(piece)
        if gathered.errors:
            raise SwyxError(gathered.errors)
        _copy(held)
    return 0


class _Gathered:
    """The sites' texts as they come; the messages of all of them, complete after the last."""

    def __init__(
        self,
        sites: Iterable[SiteResult],
        write: Callable[[SiteResult], str],
        found: Iterable[Message],
    ) -> None:
        self._sites = sites
        self._write = write
        self.messages = set(found)
        self.errors: list[Message] = []

    def __iter__(self) -> Iterator[str]:
        for site in self._sites:
            self.messages.update(site.messages)
            self.errors += [m for m in site.messages if m.severity is Severity.ERROR]
            yield "" if site.has_errors else self._write(site)


def _copy(held: IO[str]) -> None:
    held.seek(0)
    while piece := held.read(1 << 20):
        sys.stdout.write(piece)
