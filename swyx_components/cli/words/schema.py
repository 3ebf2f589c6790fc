"""The words of `swyx schema`."""

from typing import Annotated

import typer


def schema(
    json: Annotated[bool, typer.Option("--json", help="The same: a schema is JSON.")] = False,
) -> int:
    """Print the JSON Schema of installations."""
    from swyx_components.cli.reference import print_schema

    return print_schema()
