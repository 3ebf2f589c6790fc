"""The words of `swyx rollout`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, Clouds


def rollout(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The file that is deployed now.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The file that shall be.")],
    cloud: Clouds = None,
    json: AsJson = False,
) -> int:
    """Say how to bring an edit onto the stacks.

    Which stacks change and in which order, each step with its commands and what works from then on.
    With --cloud also what a cloud would refuse, before anything is begun.
    """
    from swyx_components.cli.rollout import roll_out

    return roll_out(old, new, cloud or [], as_json=json)
