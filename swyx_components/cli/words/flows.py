"""The words of `swyx flows`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, File, Output, SiteNames


def flows(
    file: File,
    site: SiteNames = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="ROLE", help="Only flows of this role; may be repeated."),
    ] = None,
    machine: Annotated[
        list[str] | None,
        typer.Option(
            "--machine", metavar="NAME", help="Only of this machine or network; may be repeated."
        ),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            "--evidence",
            metavar="EVIDENCE",
            help="stated, inferred, optional or extra; may be repeated.",
        ),
    ] = None,
    format: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="table, csv, markdown, json or xlsx."),
    ] = "",
    output: Output = "",
    json: AsJson = False,
) -> int:
    """List who may talk to whom, and why."""
    from swyx_components.cli.flows import FlowQuestion, list_flows

    question = FlowQuestion(file, site or [], role or [], machine or [], evidence or [])
    return list_flows(question, format, output, as_json=json)
