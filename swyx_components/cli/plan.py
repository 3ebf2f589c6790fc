"""`swyx plan`: every rule of every site, for people or as JSON."""

from swyx_components.cli.options import Words, command
from swyx_components.cli.sites import choose, gather_sites
from swyx_components.cli.terminal import judge, print_messages, write_output
from swyx_components.planner.assess import SiteResult
from swyx_components.report.plan_json import write_document, write_site
from swyx_components.report.tables import (
    cited_by,
    list_messages,
    write_cited,
    write_headline,
    write_tables,
    write_text,
)

_MANY_SITES = 12  # more are a line each, unless they were asked for by name


@command
def plan(file: str, clouds: Words, sites: Words, strict: bool, why: bool, as_json: bool) -> int:
    """Show every rule of every site.

    Each with its flows and the article's lines. With --cloud, as that cloud would store them,
    counted against its quotas and proven both ways.
    """
    chosen = choose(file, sites, clouds)
    brief = len(chosen.names) > _MANY_SITES and not sites
    write = write_site if as_json else write_headline if brief else write_tables
    messages = set(chosen.found)
    catalogue = chosen.topology.catalogue
    cited: set[int] = set()

    def write_noting(site: SiteResult) -> str:
        if why:
            cited.update(cited_by(site))
        return write(site)

    written = map(write_noting, gather_sites(chosen, messages))
    if as_json:
        sites_written = zip(chosen.names, written, strict=True)
        write_output(write_document(catalogue, sites_written, messages, cited))
    else:
        write_output(write_text(written, brief, lambda: write_cited(catalogue, cited)))
        print_messages(list_messages(sorted(messages)))
    return judge(messages, strict)
