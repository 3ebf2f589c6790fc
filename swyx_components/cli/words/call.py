"""The words of `swyx call`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, Clouds, Output


def call(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The installation file.")] = "",
    caller: Annotated[
        str,
        typer.Argument(
            metavar="CALLER", help="ROLE@SITE, machine, network, pstn@SITE, provider, ..."
        ),
    ] = "",
    called: Annotated[
        str,
        typer.Argument(metavar="CALLED", help="The same, fax@SITE, voicemail or conference."),
    ] = "",
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="Calls that have a name, see --list.")
    ] = "",
    site: Annotated[
        list[str] | None,
        typer.Option("--site", metavar="SITE", help="Where the scenario plays; may be repeated."),
    ] = None,
    scenarios: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    cloud: Clouds = None,
    format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, json, mermaid or svg.")
    ] = "",
    output: Output = "",
    json: AsJson = False,
) -> int:
    """Simulate a call, step by step.

    Each step of signalling and media with its packets, and whether both ends let them pass.
    """
    from swyx_components.cli.call import CallQuestion, list_scenarios, simulate_calls

    if scenarios:
        return list_scenarios()
    question = CallQuestion(file, caller, called, scenario, site or [], cloud or [])
    return simulate_calls(question, format, output, as_json=json)
