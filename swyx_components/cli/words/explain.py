"""The words of `swyx explain`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, Clouds, File, complete


def explain(
    file: File,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC",
            help="Machine, network, SITE/ROLE or address that sends.",
            autocompletion=complete("ends"),
        ),
    ],
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DST",
            help="The same for the one that receives.",
            autocompletion=complete("ends"),
        ),
    ],
    packet: Annotated[
        str, typer.Argument(metavar="PROTO/PORT", help="tcp/1720, udp/50000, icmp, ...")
    ],
    source_port: Annotated[
        int | None, typer.Option("--source-port", min=1, max=65535, help="The sender's port.")
    ] = None,
    cloud: Clouds = None,
    json: AsJson = False,
) -> int:
    """Say whether a packet may pass, and why.

    By which rules, for which flows; where it may not, what it would take.
    """
    from swyx_components.cli.explain import explain_packet

    question = (source, destination, packet, source_port)
    return explain_packet(file, question, clouds=cloud or [], as_json=json)
