"""The words of `swyx init`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson


def init(
    source: Annotated[
        str, typer.Option("--from", metavar="CSV", help="A list of machines; default: ask.")
    ] = "",
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="What to write; - for stdout.")
    ] = "installation.yaml",
    dcom: Annotated[str, typer.Option("--dcom", help="The decision dcom, if it is made.")] = "",
    h245: Annotated[str, typer.Option("--h245", help="The decision h245, if it is made.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file.")] = False,
    json: AsJson = False,
) -> int:
    """Write an installation file to begin with.

    Asks, or reads a list of machines (CSV with the columns site, name, addresses, roles and links),
    checks what comes of it and says what is left to decide.
    """
    from swyx_components.cli.init import begin_file

    given = {key: value for key, value in (("dcom", dcom), ("h245", h245)) if value}
    return begin_file(source, output, given, force=force, as_json=json)
