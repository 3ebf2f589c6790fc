"""`swyx call`: would a call work, step by step."""

import json
import sys
from collections.abc import Iterator, Sequence

from swyx_components.analysis.calls import Call, simulate_call
from swyx_components.analysis.explain import SiteOf
from swyx_components.analysis.places import Pair, cast_scenario, read_parties
from swyx_components.analysis.what_if import find_remedies
from swyx_components.catalogue.load import bundled_calls, load_calls
from swyx_components.catalogue.model import CallBook, Catalogue
from swyx_components.cli import terminal
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.sites import choose, choose_sites, renderer
from swyx_components.cli.stacks import files_of
from swyx_components.planner.topology import Topology
from swyx_components.report.call import calls_document, write_call
from swyx_components.report.sequence import write_sequence
from swyx_components.report.tables import align

FORMATS = ("text", "json", "mermaid", "svg")


@command(
    "call installation.yaml SwyxIt@aachen SwyxIt@bochum",
    "call installation.yaml pstn@aachen voicemail",
    "call installation.yaml --scenario fax-in --site aachen",
    "call --list",
    file=written("[FILE]", "The installation file; - for standard input."),
    caller=written("[CALLER]", "ROLE@SITE, machine, network, pstn@SITE, provider, ..."),
    called=written("[CALLED]", "The same, or fax@SITE, voicemail, conference."),
    scenario=written("--scenario NAME", "Named scenario; --list shows all."),
    sites=written("--site SITE", "Site of the scenario"),
    scenarios=written("--list", "List the scenarios."),
    format=written("--format FORMAT", "text, json, mermaid or svg."),
)
def call(
    file: str,
    caller: str,
    called: str,
    scenario: str,
    sites: Words,
    scenarios: bool,
    clouds: Words,
    format: str,
    output: str,
    as_json: bool,
) -> int:
    """Simulate a call, step by step.

    Each step of signalling and media with its packets, and whether both ends allow them.
    """
    if scenarios:
        return _list_scenarios(as_json)
    chosen = terminal.choose_format(format, as_json, FORMATS)
    # A call has two parties or a scenario's name, never both.
    if scenario and caller:
        raise terminal.refuse("call-twice", "", one="--scenario", other="CALLER")
    if sites and not scenario:
        raise terminal.refuse("call-twice", "", one="--site", other="CALLER and CALLED")
    for what, given in (("FILE", file), ("CALLER", caller), ("CALLED", called)):
        if not given and (what == "FILE" or not scenario):
            raise terminal.refuse("call-incomplete", "", what=what)
    subject = choose(file, clouds=clouds)
    installation, topology = subject.topology.installation, subject.topology
    book = load_calls(installation.catalogue)
    if scenario:
        pairs = _cast(topology, book, scenario, sites)
    else:
        pairs = (read_parties(installation, book, caller, called),)
    calls = [*_simulate(topology, book, pairs, renderer(subject))]
    written = _write(calls, installation.catalogue, chosen)
    terminal.write_output(written, output, files_of(installation))
    return terminal.ANSWER_NO if any(each.failed is not None for each in calls) else terminal.DONE


def _list_scenarios(as_json: bool) -> int:
    titles = {known.name: known.title for known in bundled_calls().scenarios.values()}
    if as_json:
        terminal.print_answer({"version": 1, "scenarios": titles})
    else:
        sys.stdout.writelines(align((("SCENARIO", "CALLS"), *titles.items()), wrapped=True))
    return terminal.DONE


def _cast(
    topology: Topology, book: CallBook, scenario: str, sites: Sequence[str]
) -> tuple[Pair, ...]:
    known = book.scenarios.get(scenario.lower())
    if known is None:
        raise terminal.refuse("scenario-unknown", "", name=scenario, known=sorted(book.scenarios))
    named = choose_sites(topology.installation, sites) if sites else ()
    return cast_scenario(topology, book, known, named)


def _simulate(
    topology: Topology, book: CallBook, pairs: Sequence[Pair], render: SiteOf
) -> Iterator[Call]:
    """Each call and, of those that fail, what would allow the first packet that is denied."""
    failed = 0
    for pair in terminal.report_progress(pairs, "calls simulated", len(pairs)):
        simulated = simulate_call(topology, book, pair, render)
        failed += simulated.failed is not None
        failure = simulated.failed and simulated.failed.failure
        if failure:
            remedies, detour = find_remedies(topology.installation, failure, failed)
            simulated = simulated._replace(remedies=remedies or (), detour=detour)
        yield simulated


def _write(calls: Sequence[Call], catalogue: Catalogue, format: str) -> Iterator[str]:
    if format == "json":
        yield json.dumps(calls_document(calls, catalogue), indent=1) + "\n"
    elif format == "text":
        for place, each in enumerate(calls):
            yield "\n" if place else ""
            yield from write_call(each, catalogue)
    else:
        yield write_sequence(calls, format)
