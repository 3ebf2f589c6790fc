"""The port model's section 1, read a second time: what each role listens on, and how a file overrides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.oracle.regions import Range

Ports = tuple[Range, ...]

SERVER, GATE, LINK = "SwyxServer", "SwyxGate", "LinkManager"
CONFERENCE, PHONES, ITSP = "ConferenceManager", "PhoneManager", "ITSPManager"
FAX, SWYXIT, L100 = "SwyxFaxServer", "SwyxIt", "SwyxPhoneL100"
L400, L420, L420E, L420S, L440 = (
    f"SwyxPhone{x}" for x in ("L400", "L420", "L420e", "L420s", "L440")
)

H323_PHONES = (L400, L420, L420E, L420S, L440)  # the phones that listen on 1720 (L106)
ALL_PHONES = (L100, *H323_PHONES)
CLIENTS = (SWYXIT, *ALL_PHONES)
ALL_ROLES = (SERVER, GATE, LINK, CONFERENCE, PHONES, ITSP, FAX, *CLIENTS)

PRINTED: dict[str, dict[str, Range]] = {
    SERVER: {
        "ras": (1719, 1719),
        "media": (51000, 51499),
        "h225": (1720, 1720),
        "sip": (5060, 5060),
    },
    GATE: {"ras": (2001, 2001), "media": (51500, 51999), "h225": (2000, 2000)},
    LINK: {
        "media_udp": (55000, 56000),
        "media_tcp": (55000, 56000),
        "local": (65000, 65000),
        "remote": (65001, 65001),
        "sip": (65002, 65002),
    },
    CONFERENCE: {"media": (56000, 57000)},
    PHONES: {},  # cornet is a decision; no data ports
    ITSP: {"itsp": (4102, 4102)},
    FAX: {"registration": (61000, 61000), "session": (2000, 8000)},
    SWYXIT: {"media": (50000, 50099)},
    L100: {"media": (4103, 4119)},
    L400: {"media": (5010, 5011), "h225": (1720, 1720)},
    L420: {"media": (5006, 5007), "h225": (1720, 1720)},
    L420E: {"media": (5010, 5011), "h225": (1720, 1720)},
    L420S: {"media": (5010, 5011), "h225": (1720, 1720)},
    L440: {"media": (5010, 5011), "h225": (1720, 1720)},
}


def read_range(value: Any) -> Range:
    """A port (5060) or a range ("5060-5061") of the file."""
    if isinstance(value, int):
        return value, value
    low, _, high = str(value).partition("-")
    return int(low), int(high or low)


def read_ports(value: Any) -> Ports:
    """A port, a range, or a list of either."""
    values = value if isinstance(value, list) else [value]
    return tuple(sorted(read_range(x) for x in values))


def listener(role: str, key: str, *places: Mapping[str, Any]) -> Range:
    """A role's listener after the overrides of each place, the nearest place last.

    `media` of a LinkManager sets both media_udp and media_tcp.
    """
    ports = PRINTED[role][key]
    for place in places:
        written = place.get(role, {})
        if key.startswith("media_") and "media" in written:
            ports = read_range(written["media"])
        if key in written:
            ports = read_range(written[key])
    return ports
