"""The hand-typed packets of packets.yaml, spread over the machines and networks of a fixture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.oracle.domain import Direction
from tests.oracle.estate import Endpoint, Estate
from tests.oracle.listeners import ALL_PHONES, CLIENTS, H323_PHONES, SWYXIT
from tests.oracle.regions import prefix, span

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
LINE = re.compile(
    r"(?P<one>\S+)(?: (?P<source>\d+))? (?P<arrow><->|->) "
    r"(?P<other>\S+): (?P<protocol>tcp|udp)(?P<ports>(?: \d+)+)"
)
SHORT = {
    "server": ("SwyxServer",),
    "gate": ("SwyxGate",),
    "linkmanager": ("LinkManager",),
    "conference": ("ConferenceManager",),
    "phonemanager": ("PhoneManager",),
    "itspmanager": ("ITSPManager",),
    "fax": ("SwyxFaxServer",),
    "swyxit": (SWYXIT,),
    "clients": CLIENTS,
    "phones": ALL_PHONES,
    "h323phones": H323_PHONES,
} | {f"l{x}": (f"SwyxPhoneL{x}",) for x in ("100", "400", "420", "420e", "420s", "440")}
OUTSIDE = {
    "carrier": "203.0.113.0/28",
    "internet": "198.51.100.7/32",
    "undeclared": "192.0.2.65/32",
}
ANY_SOURCES = (1024, 33000, 65535)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet between two endpoints of a fixture, and the line it comes from."""

    line: str
    initiator: Endpoint
    responder: Endpoint
    protocol: str
    source: int
    port: int

    def ends(self) -> Iterator[tuple[str, Direction, Endpoint]]:
        """Each managed end: machine, direction, peer."""
        if self.initiator.kind == "machine":
            yield self.initiator.name, "out", self.responder
        if self.responder.kind == "machine":
            yield self.responder.name, "in", self.initiator

    def target(self) -> tuple[Endpoint, Endpoint, str, int]:
        """Who opens what to whom, whatever the source port."""
        return self.initiator, self.responder, self.protocol, self.port

    def text(self) -> str:
        """Readable, with the real names."""
        ends = f"{self.initiator.name}:{self.source} -> {self.responder.name}:{self.port}"
        return f"{ends} {self.protocol} ({self.line})"


def fixture(name: str) -> dict[str, Any]:
    """An installation of tests/fixtures as plain data."""
    return dict(yaml.safe_load((FIXTURES / f"{name}.yaml").read_text()))


@cache
def typed() -> dict[str, Any]:
    """packets.yaml as plain data."""
    return dict(yaml.safe_load((HERE / "packets.yaml").read_text()))


def titles(kind: str) -> list[str]:
    """The titles of the allowed or denied groups, in order."""
    return [group["title"] for group in typed()[kind]]


def packets(kind: str, title: str, estate: Estate) -> list[Packet]:
    """Every packet of one titled group between the endpoints of a fixture."""
    group = next(g for g in typed()[kind] if g["title"] == title)
    return [packet for line in group["packets"] for packet in expand(line, estate)]


def expand(line: str, estate: Estate) -> Iterator[Packet]:
    """One typed line as packets: each site in turn, each pair of endpoints, each port."""
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a packet line: {line}")
    for here, there in (("aachen", "bochum"), ("bochum", "aachen")):
        ones, others = (_endpoints(match[end], here, there, estate) for end in ("one", "other"))
        for one in ones:
            for other in others:
                if one != other and (one.kind == "machine" or other.kind == "machine"):
                    yield from _between(line, match, one, other)
        if "@S" not in line:
            return


def packed_exceptions(estate: Estate, match_source_ports: bool) -> set[Packet]:
    """The denied packets that another role of the same machine opens, as typed by hand."""
    rows = [
        r
        for r in typed()["opened_when_packed"]
        if r.get("source_ports_matched", match_source_ports) == match_source_ports
    ]
    lines = [line for row in rows for line in row["packets"]]
    opened = {p.target() for line in lines for p in expand(line, estate)}
    return {
        p
        for title in titles("denied")
        for p in packets("denied", title, estate)
        if p.target() in opened
    }


def _between(line: str, match: re.Match[str], one: Endpoint, other: Endpoint) -> Iterator[Packet]:
    sources = (int(match["source"]),) if match["source"] else ANY_SOURCES
    for port in map(int, match["ports"].split()):
        for source in sources:
            yield Packet(line, one, other, match["protocol"], source, port)
            if match["arrow"] == "<->":
                yield Packet(line, other, one, match["protocol"], port, source)


def _endpoints(word: str, here: str, there: str, estate: Estate) -> list[Endpoint]:
    if word in OUTSIDE:
        return [Endpoint(word, "", "provider", (prefix(OUTSIDE[word]),))]
    role, _, place = word.partition("@")
    site = estate.sites[{"S": here, "T": there}.get(place, place)]
    if role == "machines":
        return [e for e in site.endpoints if e.kind == "machine"]
    named = [e for e in site.endpoints if e.name == role]
    if named:
        return named
    if role == "insiders":
        return list(site.endpoints)
    return list(dict.fromkeys(e for e, _ in site.having(*SHORT[role])))


def some_addresses(endpoint: Endpoint) -> Iterator[int]:
    """The first and last address of each of its prefixes."""
    for net in endpoint.prefixes:
        yield from sorted(set(span(net)))
