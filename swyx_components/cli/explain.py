"""`swyx explain`: whether a packet is allowed, and why or why not."""

import click

from swyx_components.analysis.explain import Explanation, Packet
from swyx_components.analysis.explain import explain as explain_packet
from swyx_components.analysis.places import find_hosts
from swyx_components.analysis.what_if import find_remedies
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.sites import choose, renderer
from swyx_components.cli.terminal import ANSWER_NO, DONE, print_answer, refuse
from swyx_components.planner.model import Protocol
from swyx_components.report.explain import answer_record, write_answer
from swyx_components.report.plan_json import cited_record, given
from swyx_components.report.tables import write_cited


@command(
    "explain installation.yaml ac-office ac-server tcp/135",
    "explain installation.yaml SwyxIt@aachen SwyxServer@bochum udp/51000",
    "explain installation.yaml 10.1.20.7 ac-gate icmp",
    source=written("SRC", "Source: a machine, network, ROLE@SITE or address."),
    destination=written("DST", "Destination, in the same forms."),
    packet=written("PROTO/PORT", "tcp/1720, udp/50000, icmp, ..."),
    source_port=written(
        "--source-port PORT", "Source port.", type=click.IntRange(1, 65535), default=None
    ),
)
def explain(
    file: str,
    source: str,
    destination: str,
    packet: str,
    source_port: int | None,
    clouds: Words,
    why: bool,
    as_json: bool,
) -> int:
    """Show whether a packet is allowed, and why.

    Which rules allow it, for which flows; or, if it is denied, what would allow it.
    """
    chosen = choose(file, clouds=clouds)
    installation = chosen.topology.installation
    asked = read_packet(packet, source_port)
    ends = (find_hosts(installation, source), find_hosts(installation, destination))
    answers: list[Explanation] = []
    denied = 0
    for answer in explain_packet(*ends, asked, renderer(chosen), chosen.topology):
        if not answer.allowed:
            denied += 1
            remedies, detour = find_remedies(installation, answer.crossing, denied)
            answer = answer._replace(detour=detour, remedies=remedies)
        answers.append(answer)
    catalogue = installation.catalogue
    cited = {line for answer in answers for line in answer.cited(catalogue)} if why else set()
    if as_json:
        records = [answer_record(answer, catalogue) for answer in answers]
        document = {"version": 1, "allowed": not denied, "packet": str(asked), "pairs": records}
        print_answer(document | given(cited_lines=cited_record(catalogue, cited)))
    else:
        print_answer(line for answer in answers for line in write_answer(answer, installation))
        print_answer(write_cited(catalogue, cited))
    return ANSWER_NO if denied else DONE


def read_packet(word: str, source_port: int | None) -> Packet:
    """`tcp/1720` as a packet.

    Raises:
        SwyxError: unknown protocol, missing port, or a port for ICMP.
    """
    name, slash, port = word.lower().partition("/")
    try:
        protocol = Protocol(name)
        if protocol.has_ports and 1 <= int(port) <= 65535 and port.isascii():
            return Packet(protocol, int(port), source_port)
        if protocol in (Protocol.ICMP, Protocol.ICMPV6) and not slash and not source_port:
            return Packet(protocol, None)
    except ValueError:
        pass
    raise refuse("packet-unreadable", "", word=word)
