"""Read single values: each reader gives the value of a node, or reports what is there instead."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from swyx_components.installation.context import Node, as_text
from swyx_components.sets.ports import MAX_PORT, PortRange
from swyx_components.sets.prefixes import WIDTH, Prefix

LONGEST_TEXT = 200
MOST_ITEMS = 10_000  # of a list
MOST_ENTRIES = 20_000  # of a mapping by name, such as sites
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_PORTS = re.compile(r"([0-9]+)(?: *- *([0-9]+))?", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


def is_name(text: str) -> bool:
    """Whether it is a valid name of a site, machine, network, link or provider."""
    return _NAME.fullmatch(text) is not None


def read_entries(node: Node, kind: str) -> list[Node]:
    """The named things of a mapping by name, their names checked and unique ignoring case."""
    entries = []
    taken: dict[str, Node] = {}
    values = node.mapping()
    for name in () if _is_too_long(node, MOST_ENTRIES) else sorted(values):
        entry = Node(node.value[name], node.context, node, name)
        if not is_name(name):
            entry.add("name-invalid", name=name, kind=kind)
        other = taken.setdefault(name.lower(), entry)
        if other is not entry:
            entry.add("name-taken", name=name, other=other.place)
        entries.append(entry)
    return entries


def read_list(node: Node, example: str = "", *, may_be_empty: bool = False) -> list[Any]:
    """The list, or an empty one where it is none; one that must not be empty is reported."""
    value: Any = node.value
    if type(value) is not list:
        node.wrong_type("a list", example)
        return []
    if not value and not may_be_empty:
        node.add("list-empty", example=example or node.example)
    return [] if _is_too_long(node, MOST_ITEMS) else value


def _is_too_long(node: Node, limit: int) -> bool:
    """Whether the list exceeds the limit; reported."""
    count = len(node.value)
    if count > limit:
        node.add("list-long", count=f"{count:,}", limit=f"{limit:,}")
    return count > limit


def distinct(node: Node, values: list[Any]) -> Iterator[tuple[str, int]]:
    """The texts of a list by position; duplicates and what is not text are reported."""
    seen = set()
    for text, index in _texts(node, values, "text"):
        if text in seen:
            node.item(index).add("list-repeated", value=text)
        else:
            seen.add(text)
            yield text, index


def _texts(node: Node, values: list[Any], wanted: str) -> Iterator[tuple[str, int]]:
    for index, value in enumerate(values):
        text = as_text(value)
        if text is None:
            node.item(index).wrong_type(wanted)
        else:
            yield text, index


def _read_any(node: Node, wanted: str, *example: str) -> str | None:
    text = as_text(node.value)
    if text is None:
        node.wrong_type(wanted, *example)
    return text


def read_word(node: Node, words: Collection[str]) -> str | None:
    """One of the words."""
    text = _read_any(node, "one word", f"{node.name}: {next(iter(words))}")
    if text is None or text in words:
        return text
    node.unknown("word", text, words)
    return None


def read_name(node: Node) -> str | None:
    """The name of something that is defined elsewhere in the file."""
    return _read_any(node, "a name")


def read_text(node: Node) -> str | None:
    """Free text: not empty, bounded, and with nothing in it that could steer a terminal."""
    text = _read_any(node, "text")
    if text is None:
        return None
    if not text.strip():
        node.add("text-empty", example=node.example)
    elif len(text) > LONGEST_TEXT:
        node.add("text-long", length=len(text), limit=LONGEST_TEXT)
    elif not text.isprintable():
        node.add("text-control", character=next(c for c in text if not c.isprintable()))
    else:
        return text
    return None


def read_flag(node: Node) -> bool | None:
    """true or false."""
    if type(node.value) is bool:
        return node.value
    node.wrong_type("true or false")
    return None


def read_count(node: Node, least: int = 1) -> int | None:
    """A whole number from 1 on, or from 0."""
    value: Any = node.value
    if type(value) is not str:
        node.wrong_type("a whole number")
    elif _COUNT.fullmatch(value) and int(value) >= least:
        return int(value)
    else:
        node.add("count-invalid", value=value, least=least, example=node.example)
    return None


def read_port(node: Node) -> PortRange | None:
    """A single port."""
    ports = read_range(node)
    if ports is not None and ports.first != ports.last:
        node.add("port-not-single", ports=ports, example=node.example)
        return None
    return ports


def read_range(node: Node) -> PortRange | None:
    """A port or a range of ports."""
    text = _read_any(node, "a port or a range of ports")
    if text is None:
        return None
    match = _PORTS.fullmatch(text.strip())
    if match is None:
        node.add("ports-malformed", value=text, example=node.example)
        return None
    first, last = match[1], match[2] or match[1]
    if first[0] == "0" != first or last[0] == "0" != last:
        node.add("ports-zeros", value=text, example=node.example)
    elif not all(len(end) <= 5 and 1 <= int(end) <= MAX_PORT for end in (first, last)):
        node.add("ports-outside", value=text, most=MAX_PORT)
    elif int(first) > int(last):
        node.add("ports-reversed", value=text, first=last, last=first)
    else:
        return PortRange(int(first), int(last))
    return None


def note_unpaired(node: Node, owner: str, ports: PortRange | None) -> None:
    """Say where an RTP range begins at an odd port, or has one port alone."""
    if ports is not None and (ports.first % 2 or ports.first == ports.last):
        node.add("rtp-unpaired", role=owner, ports=ports)


_MAPPED = Prefix.parse("::ffff:0:0/96")
_HOST_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
_MASKS = {Prefix(4, 0xFFFFFFFF << (32 - n) & 0xFFFFFFFF, 32).address: n for n in range(1, 33)}
_UNUSABLE = {
    "unspecified": ("0.0.0.0/8", "::/128"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "broadcast": ("255.255.255.255/32",),
}
_SPECIAL = [(kind, Prefix.parse(text)) for kind, texts in _UNUSABLE.items() for text in texts]
Found = tuple[Prefix, int]  # a prefix and its place in the list where it stands


def read_addresses(node: Node) -> Iterator[Found]:
    """The addresses of a machine, each a /32 or /128."""
    for text, index in _texts(node, read_list(node), "an address"):
        if "/" in text:
            _refuse_length(text, node.item(index))
        else:
            prefix = _parse(text, node, index)
            if prefix is not None and _usable(prefix, text, node, index):
                yield prefix, index


def _refuse_length(text: str, node: Node) -> None:
    """An address with a length is probably meant alone; a whole network is not."""
    if _is_prefix(text) and not str(Prefix.parse(text)).endswith(("/32", "/128")):
        node.add("address-is-network", value=text)
    else:
        node.add("address-with-length", value=text, address=text.split("/")[0])


def read_cidrs(node: Node) -> Iterator[Found]:
    """CIDRs of hosts that exist: none of them everything, multicast, loopback or unspecified."""
    for prefix, index in read_peers(node):
        if prefix.length == 0:
            node.item(index).add("cidr-everything", cidr=prefix, version=prefix.version)
        elif _usable(prefix, prefix, node, index):
            yield prefix, index


def read_peers(node: Node) -> Iterator[Found]:
    """Any CIDRs."""
    for text, index in _texts(node, read_list(node), "an address or CIDR"):
        prefix = _parse(text, node, index)
        if prefix is not None:
            yield prefix, index


def _parse(text: str, node: Node, index: int) -> Prefix | None:
    try:
        if "/0" in text and not text.endswith("/0"):
            raise ValueError("a prefix length with a leading zero")
        prefix = Prefix.parse(text)
    except ValueError:
        _explain(text, node.item(index))
        return None
    if prefix.version == 6 and _MAPPED.contains(prefix):
        plain = Prefix(4, prefix.first & 0xFFFFFFFF, prefix.length - 96)
        shown = plain.address if "/" not in text else str(plain)
        node.item(index).add("address-mapped", value=text, plain=shown)
        return None
    return prefix


def _explain(text: str, node: Node) -> None:
    """Report why a text is not a prefix: the address, the length, or bits to the right of it."""
    address, _, bits = text.partition("/")
    try:
        whole = Prefix.parse(address)
    except ValueError:
        _explain_address(text, node)
        return
    width = WIDTH[whole.version]
    length = _MASKS.get(bits) if whole.version == 4 else None
    if length is not None:
        node.add("cidr-netmask", value=text, address=whole.address, length=length)
        return
    if not (
        bits.isascii() and bits.isdigit() and str(int(bits[:4])) == bits and int(bits) <= width
    ):
        node.add("cidr-length", value=text, width=width)
        return
    free = (whole.first & -whole.first).bit_length() - 1  # bits that no host part hides
    length = int(bits) or width - free // 8 * 8  # never every address
    network = Prefix(whole.version, whole.first & -(1 << (width - length)), length)
    node.add("cidr-host-bits", value=text, network=network, address=whole.address)


def _explain_address(text: str, node: Node) -> None:
    address, slash, bits = text.partition("/")
    parts = address.split(".")
    plain = ".".join(part.lstrip("0") or "0" for part in parts) + slash + bits
    if ":" in address and "%" in address:
        node.add("address-zone", value=text)
    elif _HOST_NAME.fullmatch(address):
        node.add("address-name", value=text)
    elif len(parts) == 4 and plain != text and _is_prefix(plain):
        node.add("address-zeros", value=text, plain=plain)
    else:
        node.add("address-malformed", value=text)


def _is_prefix(text: str) -> bool:
    try:
        Prefix.parse(text)
    except ValueError:
        return False
    return True


def _usable(prefix: Prefix, shown: object, node: Node, index: int) -> bool:
    if prefix.version == 4 and 0x01000000 <= prefix.first < 0x7F000000:
        return True  # most addresses of most files
    for kind, special in _SPECIAL:
        if special.contains(prefix):
            node.item(index).add("address-unusable", value=shown, kind=kind)
            return False
    return True
