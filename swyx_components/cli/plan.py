"""`swyx plan`: every rule of every site, for people or as JSON."""

from collections.abc import Iterator, Sequence

import click

from swyx_components.cli.failures import raise_errors
from swyx_components.cli.options import CLOUDS, FILE, JSON, SITES
from swyx_components.cli.sites import assess_sites, bind_clouds, choose_sites, open_installation
from swyx_components.cli.terminal import report_progress, write_output
from swyx_components.report.plan_json import write_document, write_site
from swyx_components.report.tables import write_headline, write_tables, write_text

_MANY_SITES = 12  # more are a line each, unless they were asked for by name


@click.command
@FILE
@CLOUDS
@SITES
@JSON
def plan(file: str, clouds: Sequence[str], sites: Sequence[str], as_json: bool) -> None:
    """Show every rule of every site.

    Each with the flows it is for and the article's lines. With --cloud, as that cloud would hold
    them: counted against its quotas and proved both ways.
    """
    installation, found = open_installation(file)
    names = choose_sites(installation, sites)
    bound = bind_clouds(installation, clouds)
    brief = len(names) > _MANY_SITES and not sites
    write = write_site if as_json else write_headline if brief else write_tables
    messages = set(found)

    def write_all() -> Iterator[str]:
        failed = False
        sites = assess_sites(installation, names, bound)
        for site in report_progress(sites, "sites planned", len(names)):
            messages.update(site.messages)
            failed = failed or site.has_errors
            yield "" if failed else write(site)
        raise_errors(messages)

    if as_json:
        version = installation.catalogue.version
        pieces = write_document(version, zip(names, write_all(), strict=True), messages)
    else:
        pieces = write_text(write_all(), messages, brief)
    write_output(pieces)
