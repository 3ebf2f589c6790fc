"""`swyx plan`: every rule of every site, for people or as JSON."""

from collections.abc import Iterator, Sequence

import click

from swyx_components.cli.failures import judge
from swyx_components.cli.options import CLOUDS, FILE, JSON, SITES, STRICT, WHY, examples
from swyx_components.cli.sites import choose, gather_sites
from swyx_components.cli.terminal import print_messages, write_output
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.model import RenderedGroup
from swyx_components.planner.render import render_neutral
from swyx_components.report.plan_json import write_document, write_site
from swyx_components.report.tables import (
    UsageRow,
    align,
    find_fullest,
    list_messages,
    name_groups,
    rule_row,
    write_cited,
)
from swyx_components.report.templates import render_lines

_MANY_SITES = 12  # more are a line each, unless they were asked for by name


@click.command(
    epilog=examples("plan installation.yaml", "plan installation.yaml --site aachen --cloud aws")
)
@FILE
@CLOUDS
@SITES
@STRICT
@WHY
@JSON
def plan(
    file: str, clouds: Sequence[str], sites: Sequence[str], strict: bool, why: bool, as_json: bool
) -> int:
    """Show every rule of every site.

    Each with its flows and the article's lines. With --cloud, as that cloud would store them,
    counted against its quotas and proven both ways.
    """
    chosen = choose(file, sites, clouds)
    brief = len(chosen.names) > _MANY_SITES and not sites
    messages = set(chosen.found)
    catalogue = chosen.topology.catalogue
    cited: set[int] = set()

    def write(site: SiteResult) -> str:
        groups = (site.rendered or render_neutral(site.plan)).groups
        if why:
            cited.update(line for group in groups for rule in group.rules for line in rule.lines)
        return write_site(site) if as_json else _write_text(site, groups, brief)

    def write_all() -> Iterator[str]:
        yield from written
        if footnotes := write_cited(catalogue, cited):
            yield "\n".join((*footnotes, "", ""))
        if brief:
            yield "\n`--site NAME` shows the rules of a site, `--json` those of all.\n"

    written = map(write, gather_sites(chosen, messages))
    if as_json:
        sites_written = zip(chosen.names, written, strict=True)
        write_output(write_document(catalogue, sites_written, messages, cited))
    else:
        write_output(write_all())
        print_messages(list_messages(sorted(messages)))
    return judge(messages, strict)


def _write_text(site: SiteResult, groups: Sequence[RenderedGroup], brief: bool) -> str:
    """A site with every group and rule, or in a line; how much it uses of its cloud's quotas."""
    named = name_groups(entry.group for entry in groups)
    usages = [row.usage for row in find_fullest(UsageRow("", "", own) for own in site.usages)]
    quotas = [(own.quota, f"{own.used:,} of {own.limit:,}", own.where) for own in usages]
    filters = {"rules": lambda rules: align((rule_row(rule, named) for rule in rules), "    ")}
    values = {"site": site, "groups": groups, "brief": brief, "quotas": align(quotas, "    ")}
    return "".join(f"{line}\n" for line in render_lines("plan.txt.j2", filters, **values))
