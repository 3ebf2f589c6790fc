"""`swyx call`: would a call work, step by step."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import click

from swyx_components.analysis.calls.call import Call
from swyx_components.analysis.calls.parties import (
    Pair,
    cast_scenario,
    find_scenario,
    read_parties,
)
from swyx_components.analysis.calls.script import simulate_call
from swyx_components.analysis.explain.what_if import find_remedies
from swyx_components.catalogue.calls import CallBook, bundled_calls, load_calls
from swyx_components.cli.options import CLOUDS, JSON, OUTPUT, offer_files, option_list
from swyx_components.cli.sites import RenderedSites, bind_clouds, choose_sites, open_installation
from swyx_components.cli.terminal import choose_format, report_progress, write_output
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.topology import Topology
from swyx_components.report.call import CallAnswer, calls_document, write_call
from swyx_components.report.sequence import arrange_sequence, write_mermaid, write_svg
from swyx_components.report.tables import align

ALLOWED, DENIED = 0, 1
FORMATS = ("text", "json", "mermaid", "svg")
_MOST_REMEDIES = 5  # calls for which it is worked out what they would take


class CallQuestion(NamedTuple):
    """Which calls: two parties, or a scenario and where it plays."""

    caller: str
    called: str
    scenario: str
    sites: Sequence[str]


@click.command
@click.argument("file", default="", help="The installation file.", shell_complete=offer_files)
@click.argument("caller", default="", help="ROLE@SITE, machine, network, pstn@SITE, provider, ...")
@click.argument("called", default="", help="The same, fax@SITE, voicemail or conference.")
@click.option("--scenario", default="", metavar="NAME", help="Calls that have a name, see --list.")
@option_list("--site", "sites", "SITE", "Where the scenario plays")
@click.option("--list", "scenarios", is_flag=True, help="List the scenarios.")
@CLOUDS
@click.option("--format", default="", metavar="FORMAT", help="text, json, mermaid or svg.")
@OUTPUT
@JSON
def call(
    file: str,
    caller: str,
    called: str,
    scenario: str,
    sites: Sequence[str],
    scenarios: bool,
    clouds: Sequence[str],
    format: str,
    output: str,
    as_json: bool,
) -> int:
    """Simulate a call, step by step.

    Each step of signalling and media with its packets, and whether both ends let them pass.
    """
    if scenarios:
        return _list_scenarios()
    chosen = choose_format(format, as_json, FORMATS)
    question = CallQuestion(caller, called, scenario, sites)
    _refuse_incomplete(file, question)
    installation, _ = open_installation(file)
    answers = _simulate(installation, bind_clouds(installation, clouds), question)
    write_output(_write(answers, installation, chosen), output)
    return DENIED if any(answer.call.failed is not None for answer in answers) else ALLOWED


def _list_scenarios() -> int:
    scenarios = bundled_calls().scenarios.values()
    rows = ((scenario.name, scenario.title) for scenario in scenarios)
    sys.stdout.writelines(align(rows))
    return 0


def _simulate(
    installation: Installation, clouds: Mapping[str, str], question: CallQuestion
) -> Sequence[CallAnswer]:
    book = load_calls(installation.catalogue)
    topology = Topology(installation)
    pairs = _find_pairs(topology, book, question)
    sites = RenderedSites(installation, clouds)
    answers: list[CallAnswer] = []
    failed = 0
    for pair in report_progress(pairs, "calls simulated", len(pairs)):
        simulated = simulate_call(topology, book, pair, sites.get)
        failed += simulated.failed is not None
        remedies = _find_remedies(installation, simulated) if failed <= _MOST_REMEDIES else ()
        answers.append(CallAnswer(call=simulated, remedies=remedies))
    return answers


def _refuse_incomplete(file: str, question: CallQuestion) -> None:
    """A call has two parties or a scenario's name, never both."""
    if question.scenario and question.caller:
        raise _refusal("call-twice", one="--scenario", other="CALLER")
    if question.sites and not question.scenario:
        raise _refusal("call-twice", one="--site", other="CALLER and CALLED")
    needed = {"FILE": file}
    if not question.scenario:
        needed |= {"CALLER": question.caller, "CALLED": question.called}
    for what, given in needed.items():
        if not given:
            raise _refusal("call-incomplete", what=what)


def _refusal(id: str, **values: str) -> SwyxError:
    return SwyxError([Message.about(id, "", **values)])


def _find_pairs(topology: Topology, book: CallBook, question: CallQuestion) -> Sequence[Pair]:
    if not question.scenario:
        return [read_parties(topology.installation, book, question.caller, question.called)]
    scenario = find_scenario(book, question.scenario)
    sites = choose_sites(topology.installation, question.sites) if question.sites else ()
    return cast_scenario(topology, book, scenario, sites)


def _find_remedies(installation: Installation, call: Call) -> tuple[str, ...]:
    failure = call.failed and call.failed.failure
    if not failure:
        return ()
    return find_remedies(installation, failure.source, failure.destination, failure.packet)


def _write(answers: Sequence[CallAnswer], installation: Installation, format: str) -> Iterator[str]:
    catalogue = installation.catalogue
    if format == "json":
        yield json.dumps(calls_document(answers, catalogue), indent=1) + "\n"
    elif format == "mermaid":
        yield from write_mermaid(arrange_sequence(answer.call for answer in answers))
    elif format == "svg":
        yield from write_svg(arrange_sequence(answer.call for answer in answers))
    else:
        for place, answer in enumerate(answers):
            yield "\n" if place else ""
            yield from write_call(answer, catalogue)
