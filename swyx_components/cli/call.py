"""`swyx call`: would a call work, step by step."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

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
from swyx_components.cli.output import choose_format, write_output
from swyx_components.cli.sites import (
    RenderedSites,
    bind_clouds,
    choose_sites,
    open_installation,
)
from swyx_components.cli.talk import report_progress
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
    """The words of the command."""

    file: str
    caller: str
    called: str
    scenario: str
    sites: Sequence[str]
    clouds: Sequence[str]


def list_scenarios() -> int:
    """Print the scenarios that have a name."""
    scenarios = bundled_calls().scenarios.values()
    rows = ((scenario.name, scenario.title) for scenario in scenarios)
    sys.stdout.writelines(align(rows))
    return 0


def simulate_calls(question: CallQuestion, format: str, output: str, as_json: bool) -> int:
    """Print every call that the words mean; the exit code."""
    chosen = choose_format(format, as_json, FORMATS)
    _refuse_incomplete(question)
    installation, _ = open_installation(question.file)
    book = load_calls(installation.catalogue)
    topology = Topology(installation)
    sites = RenderedSites(installation, bind_clouds(installation, question.clouds))
    pairs = _find_pairs(topology, book, question)
    answers: list[CallAnswer] = []
    failed = 0
    for pair in report_progress(pairs, "calls simulated", len(pairs)):
        call = simulate_call(topology, book, pair, sites.get)
        failed += call.failed is not None
        remedies = _find_remedies(installation, call) if failed <= _MOST_REMEDIES else ()
        answers.append(CallAnswer(call=call, remedies=remedies))
    write_output(_write(answers, installation, chosen), output)
    return DENIED if failed else ALLOWED


def _refuse_incomplete(question: CallQuestion) -> None:
    """A call has two parties or a scenario's name, never both."""
    if question.scenario and question.caller:
        raise _refusal("call-twice", one="--scenario", other="CALLER")
    if question.sites and not question.scenario:
        raise _refusal("call-twice", one="--site", other="CALLER and CALLED")
    needed = {"FILE": question.file}
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
