"""The article's tables as facts, typed by hand from kb2308: line, product, transport, ports.

Line numbers are the article's own. The second table lost its product headings; whose row it is
follows from the order of the product list and from the media ranges of the first table.
"""

LAST_LINE = 118  # where the answer ends; a link list and a form follow

# Lines that say something: headings, list items, rows, sentences and footnotes.
LINES_WITH_TEXT = {
    *(1, 3, 5, 6, 7, 8, 10, 13, 16, 18),
    *range(20, 34),
    *(36, 38),
    *range(41, 54),
    *(55, 57, 58, 59, 60, 61, 63, 64, 65),
    *range(68, 75),
    *(76, 77, 78, 82),
    *range(85, 110),
    *(111, 112, 113, 115, 116, 117, 118),
}

# The product list. SwyxPhone L420, L420e and L420s share one line.
PRODUCTS = {
    "SwyxIt": 21,
    "SwyxPhoneL400": 22,
    "SwyxPhoneL420": 23,
    "SwyxPhoneL420e": 23,
    "SwyxPhoneL420s": 23,
    "SwyxPhoneL440": 24,
    "SwyxPhoneL100": 25,
    "SwyxServer": 27,
    "SwyxGate": 28,
    "LinkManager": 29,
    "ConferenceManager": 30,
    "PhoneManager": 31,
    "ITSPManager": 32,
    "SwyxFaxServer": 33,
}

# The first table, "source- and destinationports" of the data phase. It prints no transport.
DATA_PORTS = [
    (41, "SwyxIt", "50000-50099"),
    (42, "SwyxPhoneL400", "5010-5011"),
    (43, "SwyxPhoneL420", "5006-5007"),
    (44, "SwyxPhoneL420e", "5010-5011"),
    (44, "SwyxPhoneL420s", "5010-5011"),
    (45, "SwyxPhoneL440", "5010-5011"),
    (46, "SwyxPhoneL100", "4103-4119"),
    (47, "SwyxServer", "51000-51499"),
    (48, "SwyxGate", "51500-51999"),
    (49, "LinkManager", "55000-56000"),
    (50, "ConferenceManager", "56000-57000"),
    # 51 and 52: PhoneManager and ITSPManager have no data ports
    (53, "SwyxFaxServer", "2000-8000"),
    (53, "SwyxFaxServer", "61000"),
]

NO_DATA_PORTS = {"PhoneManager": 51, "ITSPManager": 52}

# The protocol table and its two footnotes, for the product whose well-known port each is.
# 70 (H.245) and 72 (DCOM) print no port: the installation decides.
PROTOCOL_PORTS = [
    (68, "SwyxServer", "udp", "1718"),
    (68, "SwyxServer", "udp", "1719"),
    (69, "SwyxServer", "tcp", "1720"),
    (71, "SwyxServer", "udp", "5060"),
    (71, "SwyxServer", "tcp", "5060"),
    (73, "PhoneManager", "tcp", "4060"),
    (74, "ITSPManager", "tcp", "4102"),
    (76, "LinkManager", "tcp", "65000"),
    (76, "LinkManager", "tcp", "65001"),
    (76, "SwyxGate", "tcp", "2000"),
    (77, "LinkManager", "udp", "65002"),
    (77, "LinkManager", "tcp", "65002"),
]

# The second table, row by row.
PRODUCT_PORTS = [
    (86, "SwyxServer", "udp", "1718"),
    (87, "SwyxServer", "udp", "1719"),
    (88, "SwyxServer", "udp", "51000-51499"),
    (89, "SwyxServer", "tcp", "1720"),
    (90, "SwyxServer", "udp", "5060"),
    (90, "SwyxServer", "tcp", "5060"),
    (91, "SwyxGate", "udp", "2001"),
    (92, "SwyxGate", "udp", "51500-51999"),
    (93, "SwyxGate", "tcp", "2000"),
    (94, "LinkManager", "udp", "55000-56000"),
    (94, "LinkManager", "tcp", "55000-56000"),
    (95, "LinkManager", "tcp", "65000"),
    (96, "LinkManager", "tcp", "65001"),
    (97, "LinkManager", "udp", "65002"),
    (97, "LinkManager", "tcp", "65002"),
    (98, "ConferenceManager", "udp", "56000-57000"),
    (99, "PhoneManager", "tcp", "4061"),
    (100, "ITSPManager", "tcp", "4102"),
    (101, "SwyxIt", "udp", "50000-50099"),
    (103, "SwyxPhoneL100", "udp", "4103-4119"),
    # 105 prints "5010/11 5006/7" for L400/L420/L440; the first table tells whose is which
    (105, "SwyxPhoneL400", "udp", "5010-5011"),
    (105, "SwyxPhoneL440", "udp", "5010-5011"),
    (105, "SwyxPhoneL420e", "udp", "5010-5011"),
    (105, "SwyxPhoneL420s", "udp", "5010-5011"),
    (105, "SwyxPhoneL420", "udp", "5006-5007"),
    (106, "SwyxPhoneL400", "tcp", "1720"),
    (106, "SwyxPhoneL420", "tcp", "1720"),
    (106, "SwyxPhoneL420e", "tcp", "1720"),
    (106, "SwyxPhoneL420s", "tcp", "1720"),
    (106, "SwyxPhoneL440", "tcp", "1720"),
    (108, "SwyxFaxServer", "tcp", "61000"),
    (109, "SwyxFaxServer", "udp", "2000-8000"),
    (109, "SwyxFaxServer", "tcp", "2000-8000"),
]

# "Configurable via" of the second table: line -> what it names. A dash there is "" here.
ADMINISTRATION = "SwyxWare Administration"
CONFIGURABLE = {
    88: ("registry", ["RTPFirstPort", "RTPLastPort"]),
    89: ("registry", ["H323CallSignalingPort"]),
    90: ("registry", ["SIPListenerPort"]),
    91: (ADMINISTRATION, []),
    92: (ADMINISTRATION, []),
    93: (ADMINISTRATION, []),
    # 94 prints LowerBoundMediaPortUdp/Tcp, UpperBoundMediaPortUdp/Tcp: a pair a transport
    (94, "udp"): ("registry", ["LowerBoundMediaPortUdp", "UpperBoundMediaPortUdp"]),
    (94, "tcp"): ("registry", ["LowerBoundMediaPortTcp", "UpperBoundMediaPortTcp"]),
    95: ("registry", ["TcpPortOfLocalH323Endpoint"]),
    96: ("registry", ["TcpPortOfRemoteH323Endpoint"]),
    97: ("registry", ["TcpPortOfRemoteSipEndpoint"]),
    98: ("registry", ["LowerBoundMediaPortUdp", "UpperBoundMediaPortUdp"]),
    101: ("registry", ["PortrangeBegin", "PortrangeEnd"]),
}

# Comments "Audio", "RTP" and "fax" of the second table are the data phase, all others call control;
# the fax session range serves both.
DATA_LINES = {88, 92, 94, 98, 101, 103, 105}
BOTH_PHASES = {109}

# Every flow: how the port model rests it on the article, and on which lines.
FLOWS = {
    "C1": ("stated", [72, 115]),
    "C2": ("stated", [72, 117]),
    "C3a": ("stated", [73, 99, 111]),
    "C3b": ("inferred", [73, 99, 104, 111]),
    "C4": ("inferred", [106]),
    "C5": ("stated", [100, 111]),
    "C6": ("inferred", [59, 111]),
    "C7": ("inferred", [64, 87, 89]),
    "C8": ("inferred", [64, 106]),
    "C9": ("inferred", [64, 87, 89]),
    "C10": ("inferred", [76, 91, 93]),
    "C11": ("inferred", [64, 108]),
    "C11r": ("optional", [108]),
    "C12": ("inferred", [108, 109]),
    "C13": ("inferred", [59, 111]),
    "C15": ("inferred", [70]),
    "C16": ("optional", [71, 90]),
    "K1": ("stated", [95, 116]),
    "K2": ("inferred", [89, 116]),
    "K3": ("inferred", [89, 116]),
    "K4": ("inferred", [96, 116]),
    "K5": ("inferred", [64, 87]),
    "K6": ("inferred", [70]),
    "K7": ("optional", [71, 77, 97]),
    "K8": ("optional", [77, 97]),
    "K9": ("optional", [96, 112]),
    "K10": ("optional", [70]),
    "M1": ("stated", [38, 111]),
    "M1g": ("optional", [111]),
    "M2": ("inferred", [111]),
    "M2c": ("optional", [111]),
    "M3": ("inferred", [109, 111]),
    "M3c": ("optional", [109, 111]),
    "M4a": ("stated", [112, 118]),
    "M4b": ("inferred", [112]),
    "M5": ("inferred", [94, 109]),
    "M6": ("optional", [94, 97]),
    "M7": ("optional", [94, 112]),
}

# What the port model itself prints beside a flow: never to be dropped from the lines above.
PRINTED_LINES = {
    "C1": {115},
    "C2": {117},
    "C3a": {111},
    "C4": {106},
    "C5": {111, 100},
    "C7": {64},
    "C9": {64},
    "C11": {64, 108},
    "C11r": {108},
    "C12": {108, 109},
    "C15": {70},
    "K1": {95, 116},
    "K3": {116},
    "K4": {96},
    "K6": {70},
    "M1": {111},
    "M3": {111},
    "M4a": {112, 118},
}


def ports_of(text: str) -> range:
    """The single ports of `5060` or `50000-50099`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
