"""The words of `swyx hosts`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, File, SiteNames, complete


def hosts(
    file: File,
    output: Annotated[
        str, typer.Option("--output", metavar="DIR", help="Write files below this folder.")
    ] = "",
    site: SiteNames = None,
    machine: Annotated[
        list[str] | None,
        typer.Option(
            "--machine",
            metavar="NAME",
            help="Only this machine or network; may be repeated.",
            autocompletion=complete("machines"),
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite what others wrote or changed.")
    ] = False,
    json: AsJson = False,
) -> int:
    """Show what the machines must be set to.

    DCOM range, ports, Windows Firewall, gatekeeper, reserved ports. With --output as files for
    Windows, each with the reasons for what it does.
    """
    from swyx_components.cli.hosts import prepare_hosts

    return prepare_hosts(file, site or [], machine or [], output, force=force, as_json=json)
