"""`swyx explain`: may a packet pass, and why or why not."""

import json
from collections.abc import Sequence

from swyx_components.analysis.explain.ends import Packet
from swyx_components.analysis.explain.explain import explain
from swyx_components.analysis.explain.places import find_hosts
from swyx_components.cli.sites import RenderedSites, bind_clouds, open_installation
from swyx_components.cli.talk import say
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import Protocol
from swyx_components.report.explain import Answer, answer_record, write_answer

ALLOWED, DENIED = 0, 1
_MOST_REMEDIES = 5  # pairs for which it is worked out what they would take
Question = tuple[str, str, str, int | None]


def explain_packet(file: str, question: Question, clouds: Sequence[str], as_json: bool) -> int:
    """Print the answer for every pair of hosts that the words mean; the exit code."""
    source_word, destination_word, packet_word, source_port = question
    installation, _ = open_installation(file)
    packet = read_packet(packet_word, source_port)
    source = find_hosts(installation, source_word)
    destination = find_hosts(installation, destination_word)
    sites = RenderedSites(installation, bind_clouds(installation, clouds))
    answers: list[Answer] = []
    denied = 0
    for explanation in explain(source, destination, packet, sites.get):
        denied += not explanation.allowed
        with_remedies = not explanation.allowed and denied <= _MOST_REMEDIES
        answers.append(Answer.of(explanation, installation, with_remedies))
    if as_json:
        records = [answer_record(answer, installation.catalogue) for answer in answers]
        document = {"version": 1, "allowed": not denied, "packet": str(packet), "pairs": records}
        print(json.dumps(document, indent=1))
    else:
        for answer in answers:
            for line in write_answer(answer, installation.catalogue):
                say(line)
    return DENIED if denied else ALLOWED


def read_packet(word: str, source_port: int | None) -> Packet:
    """`tcp/1720` as a packet.

    Raises:
        SwyxError: no such protocol, no port where there must be one, or one where there is none.
    """
    name, slash, port = word.lower().partition("/")
    try:
        protocol = Protocol(name)
        if protocol.has_ports and 1 <= int(port) <= 65535 and port.isascii():
            return Packet(protocol, int(port), source_port)
        if protocol in (Protocol.ICMP, Protocol.ICMPV6) and not slash:
            return Packet(protocol, None)
    except ValueError:
        pass
    raise SwyxError([Message.about("packet-unreadable", "", word=word)])
