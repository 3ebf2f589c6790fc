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
Entry = tuple[Node, bool]  # a named thing, and whether its name is valid


def is_name(text: str) -> bool:
    """Whether it is a valid name of a site, machine, network, link or provider."""
    return _NAME.fullmatch(text) is not None


def read_entries(node: Node, kind: str) -> list[Entry]:
    """The named things of a mapping by name, their names checked and unique ignoring case."""
    entries = []
    taken: dict[str, Node] = {}
    values, context = node.mapping(), node.context
    for name in sorted(values) if len(values) <= MOST_ENTRIES else _refuse_long(node, MOST_ENTRIES):
        entry, is_named = Node(values[name], context, node, name), bool(_NAME.fullmatch(name))
        if not is_named:
            entry.add("name-invalid", name=name, kind=kind)
        other = taken.setdefault(name.lower(), entry)
        if other is not entry:
            entry.add("name-taken", name=name, other=other.place)
        entries.append((entry, is_named))
    return entries


def read_list(node: Node, example: str = "", *, may_be_empty: bool = False) -> list[Any]:
    """The list, or an empty one where it is none; one that must not be empty is reported."""
    value: Any = node.value
    if type(value) is not list:
        node.wrong_type("a list", example)
        return []
    if not value and not may_be_empty:
        node.add("list-empty", example=example or node.example)
    return value if len(value) <= MOST_ITEMS else _refuse_long(node, MOST_ITEMS)


def _refuse_long(node: Node, limit: int) -> list[Any]:
    """Nothing, instead of what exceeds the limit; reported."""
    node.add("list-long", count=f"{len(node.value):,}", limit=f"{limit:,}")
    return []


def distinct(node: Node, values: list[Any]) -> Iterator[tuple[str, int]]:
    """The texts of a list by position; duplicates and what is not text are reported."""
    seen = set()
    for index, value in enumerate(values):
        text = as_text(value)
        if text is None:
            node.item(index).wrong_type("text")
        elif text in seen:
            node.item(index).add("list-repeated", value=text)
        else:
            seen.add(text)
            yield text, index


def read_scalar(node: Node, wanted: str, *example: str) -> str | None:
    """The literal text of a scalar."""
    text = as_text(node.value)
    if text is None:
        node.wrong_type(wanted, *example)
    return text


def read_word(node: Node, words: Collection[str]) -> str | None:
    """One of the words."""
    text = read_scalar(node, "one word", f"{node.key}: {next(iter(words))}")
    if text is None or text in words:
        return text
    node.unknown("word", text, words)
    return None


def read_text(node: Node) -> str | None:
    """Free text: not empty, bounded, and with nothing in it that could steer a terminal."""
    text = read_scalar(node, "text")
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
    text = read_scalar(node, "a port or a range of ports")
    if text is None:
        return None
    match = _PORTS.fullmatch(text.strip())
    if match is None:
        node.add("ports-malformed", value=text, example=node.example)
        return None
    first, last = match[1], match[2] or match[1]
    low, high = int(first[:6]), int(last[:6])  # six digits are outside already
    if first[0] == "0" != first or last[0] == "0" != last:
        node.add("ports-zeros", value=text, example=node.example)
    elif not (1 <= low <= MAX_PORT and 1 <= high <= MAX_PORT):
        node.add("ports-outside", value=text, most=MAX_PORT)
    elif low > high:
        node.add("ports-reversed", value=text, first=last, last=first)
    else:
        return PortRange(low, high)
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
_RIGHT = {4: 24, 6: 120}  # bits to the right of the first octet
# Whatever is unusable, mapped or everything begins with one of these octets, by IP version.
_SPECIAL_OCTETS = {
    (own.version, octet)
    for _, own in _SPECIAL
    for octet in range(own.first >> _RIGHT[own.version], (own.last >> _RIGHT[own.version]) + 1)
}
Found = tuple[Prefix, int]  # a prefix and its place in the list where it stands


def read_prefixes(node: Node, *, single: bool = False, anywhere: bool = False) -> list[Found]:
    """The CIDRs of a list, or its addresses alone (`single`), each with its place.

    Unless `anywhere`, hosts have them: none is everything, multicast, loopback or unspecified.
    """
    found = []
    for index, value in enumerate(read_list(node)):
        text = value if type(value) is str else as_text(value)
        if text is None:
            node.item(index).wrong_type("an address" if single else "an address or CIDR")
            continue
        prefix = None if single and "/" in text else Prefix.find(text)
        if prefix is None or ("/0" in text and not text.endswith("/0")):  # a length of 024
            id, values = _explain(text, single)
            node.item(index).add(id, value=text, **values)
        elif (prefix.version, prefix.first >> _RIGHT[prefix.version]) not in _SPECIAL_OCTETS:
            found.append((prefix, index))
        elif prefix.version == 6 and _MAPPED.contains(prefix):
            plain = Prefix(4, prefix.first & 0xFFFFFFFF, prefix.length - 96)
            shown = plain if "/" in text else plain.address
            node.item(index).add("address-mapped", value=text, plain=shown)
        elif prefix.length == 0 and not anywhere:
            node.item(index).add("cidr-everything", cidr=prefix, version=prefix.version)
        elif not anywhere and (kinds := [one for one, own in _SPECIAL if own.contains(prefix)]):
            shown = text if single else prefix
            node.item(index).add("address-unusable", value=shown, kind=kinds[0])
        else:
            found.append((prefix, index))
    return found


def _explain(text: str, single: bool) -> tuple[str, dict[str, object]]:
    """Why a text is not a prefix: the address, the length, or bits to the right of it."""
    address, slash, bits = text.partition("/")
    if slash and single:  # probably an address alone, unless it is a whole network
        network = Prefix.find(text)
        if network and network.length < WIDTH[network.version]:
            return "address-is-network", {}
        return "address-with-length", {"address": address}
    whole = Prefix.find(address)
    if whole is None:
        return _explain_address(text)
    width = WIDTH[whole.version]
    length = _MASKS.get(bits) if whole.version == 4 else None
    if length is not None:
        return "cidr-netmask", {"address": whole.address, "length": length}
    is_number = bits.isascii() and bits.isdigit()
    if not (is_number and str(int(bits[:4])) == bits and int(bits) <= width):
        return "cidr-length", {"width": width}
    free = (whole.first & -whole.first).bit_length() - 1  # bits that no host part hides
    length = int(bits) or width - free // 8 * 8  # never every address
    network = Prefix(whole.version, whole.first & -(1 << (width - length)), length)
    return "cidr-host-bits", {"network": network, "address": whole.address}


def _explain_address(text: str) -> tuple[str, dict[str, object]]:
    address, slash, bits = text.partition("/")
    parts = address.split(".")
    plain = ".".join(part.lstrip("0") or "0" for part in parts) + slash + bits
    if ":" in address and "%" in address:
        return "address-zone", {}
    if _HOST_NAME.fullmatch(address):
        return "address-name", {}
    if len(parts) == 4 and plain != text and Prefix.find(plain):
        return "address-zeros", {"plain": plain}
    return "address-malformed", {}
