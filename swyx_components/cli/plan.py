"""`swyx plan`: every rule of every site, for people or as JSON."""

from swyx_components.cli.options import Words, command
from swyx_components.cli.sites import choose, gather_sites
from swyx_components.cli.terminal import exit_code_of, print_messages, write_output
from swyx_components.report.plan_json import write_document
from swyx_components.report.tables import list_messages, write_plan

_MANY_SITES = 12  # more are a line each, unless they were asked for by name


@command(
    "plan installation.yaml",
    "plan installation.yaml --site aachen --cloud aws",
)
def plan(file: str, clouds: Words, sites: Words, strict: bool, why: bool, as_json: bool) -> int:
    """Show every rule of every site.

    Each with its flows and the article's lines. With --cloud, as that cloud would store them,
    counted against its quotas and proven both ways.
    """
    chosen = choose(file, sites, clouds)
    messages, catalogue = set(chosen.found), chosen.topology.catalogue
    results = gather_sites(chosen, messages)
    if as_json:
        write_output(write_document(catalogue, results, messages, why))
    else:
        brief = len(chosen.names) > _MANY_SITES and not sites
        write_output(write_plan(catalogue, results, brief, why))
        print_messages(list_messages(sorted(messages)))
    return exit_code_of(messages, strict)
