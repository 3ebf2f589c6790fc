"""The words of `swyx recover`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, File, complete


def recover(
    file: File,
    site: Annotated[
        str,
        typer.Option(
            "--site",
            metavar="SITE",
            help="The site of the stack.",
            autocompletion=complete("sites"),
        ),
    ],
    cloud: Annotated[str, typer.Option("--cloud", metavar="CLOUD", help="aws or azure.")],
    stack: Annotated[
        str, typer.Option("--stack", metavar="STACK", help="Its stack; default: the selected one.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove without a question.")] = False,
    json: AsJson = False,
) -> int:
    """Remove what a killed update left in a cloud.

    Only what carries the tags of the stack and its state does not hold. Run it in the project's
    folder, after `pulumi cancel` and before `pulumi up --refresh`.
    """
    from swyx_components.cli.recover import recover_site

    return recover_site(file, site, cloud, stack, agreed=yes, as_json=json)
