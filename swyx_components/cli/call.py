"""`swyx call`: would a call work, step by step."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict, Unpack

import click

from swyx_components.analysis.calls.call import simulate_call
from swyx_components.analysis.calls.parties import Pair, cast_scenario, find_scenario, read_parties
from swyx_components.analysis.explain.what_if import TRANSIT, find_detour, find_remedies
from swyx_components.catalogue.calls import bundled_calls, load_calls
from swyx_components.catalogue.model import CallBook
from swyx_components.cli.failures import ANSWER_NO, DONE, refuse
from swyx_components.cli.options import (
    CLOUDS,
    JSON,
    OUTPUT,
    argument,
    examples,
    option,
    option_list,
)
from swyx_components.cli.sites import bind_clouds, choose_sites, open_installation, renderer
from swyx_components.cli.stacks import files_of
from swyx_components.cli.terminal import choose_format, print_json, report_progress, write_output
from swyx_components.installation.model import Installation
from swyx_components.planner.topology import Topology
from swyx_components.report.call import CallAnswer, calls_document, write_call
from swyx_components.report.sequence import arrange_sequence, write_mermaid, write_svg
from swyx_components.report.tables import align

FORMATS = ("text", "json", "mermaid", "svg")
_MOST_REMEDIES = 5  # calls for which it is worked out what they would take


class CallOptions(TypedDict):
    """Which calls: two parties, or a scenario and its sites."""

    caller: str
    called: str
    scenario: str
    sites: Sequence[str]


@click.command(
    epilog=examples(
        "call installation.yaml SwyxIt@aachen SwyxIt@bochum",
        "call installation.yaml pstn@aachen voicemail",
        "call installation.yaml --scenario fax-in --site aachen",
        "call --list",
    )
)
@argument("file", "FILE", "The installation file; - for standard input.", required=False)
@argument(
    "caller", "CALLER", "ROLE@SITE, machine, network, pstn@SITE, provider, ...", required=False
)
@argument("called", "CALLED", "The same, or fax@SITE, voicemail, conference.", required=False)
@click.option("--scenario", default="", metavar="NAME", help="Named scenario; --list shows all.")
@option_list("--site", "sites", "SITE", "Site of the scenario")
@click.option("--list", "scenarios", is_flag=True, help="List the scenarios.")
@CLOUDS
@option("--format", "FORMAT", "text, json, mermaid or svg.")
@OUTPUT
@JSON
def call(
    file: str,
    scenarios: bool,
    clouds: Sequence[str],
    format: str,
    output: str,
    as_json: bool,
    **options: Unpack[CallOptions],
) -> int:
    """Simulate a call, step by step.

    Each step of signalling and media with its packets, and whether both ends allow them.
    """
    if scenarios:
        titles = {known.name: known.title for known in bundled_calls().scenarios.values()}
        if as_json:
            print_json({"version": 1, "scenarios": titles})
        else:
            rows = (("SCENARIO", "CALLS"), *titles.items())
            sys.stdout.writelines(align(rows, wrapped=True))
        return DONE
    chosen = choose_format(format, as_json, FORMATS)
    _refuse_incomplete(file, options)
    installation, _ = open_installation(file)
    answers = _simulate(installation, bind_clouds(installation, clouds), options)
    write_output(_write(answers, installation, chosen), output, files_of(installation))
    return ANSWER_NO if any(answer.call.failed is not None for answer in answers) else DONE


def _refuse_incomplete(file: str, options: CallOptions) -> None:
    """A call has two parties or a scenario's name, never both."""
    if options["scenario"] and options["caller"]:
        raise refuse("call-twice", "", one="--scenario", other="CALLER")
    if options["sites"] and not options["scenario"]:
        raise refuse("call-twice", "", one="--site", other="CALLER and CALLED")
    needed = {"FILE": file}
    if not options["scenario"]:
        needed |= {"CALLER": options["caller"], "CALLED": options["called"]}
    for what, given in needed.items():
        if not given:
            raise refuse("call-incomplete", "", what=what)


def _simulate(
    installation: Installation, clouds: Mapping[str, str], options: CallOptions
) -> Sequence[CallAnswer]:
    book = load_calls(installation.catalogue)
    topology = Topology(installation)
    pairs = _find_pairs(topology, book, options)
    render = renderer(installation, clouds)
    answers: list[CallAnswer] = []
    failed = 0
    for pair in report_progress(pairs, "calls simulated", len(pairs)):
        simulated = simulate_call(topology, book, pair, render)
        failed += simulated.failed is not None
        failure = simulated.failed and simulated.failed.failure
        remedies: tuple[str, ...] = ()
        detour = find_detour(installation, failure) if failure else ""
        if failure and failed <= _MOST_REMEDIES:
            remedies = find_remedies(installation, failure, detour)
        answers.append(CallAnswer(simulated, remedies, detour == TRANSIT))
    return answers


def _find_pairs(topology: Topology, book: CallBook, options: CallOptions) -> Sequence[Pair]:
    if not options["scenario"]:
        return [read_parties(topology.installation, book, options["caller"], options["called"])]
    scenario = find_scenario(book, options["scenario"])
    sites = choose_sites(topology.installation, options["sites"]) if options["sites"] else ()
    return cast_scenario(topology, book, scenario, sites)


def _write(answers: Sequence[CallAnswer], installation: Installation, format: str) -> Iterator[str]:
    catalogue = installation.catalogue
    if format == "json":
        yield json.dumps(calls_document(answers, catalogue), indent=1) + "\n"
    elif format == "mermaid":
        yield write_mermaid(arrange_sequence(answer.call for answer in answers))
    elif format == "svg":
        yield write_svg(arrange_sequence(answer.call for answer in answers))
    else:
        for place, answer in enumerate(answers):
            yield "\n" if place else ""
            yield from write_call(answer, catalogue)
