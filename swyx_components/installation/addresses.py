"""Read addresses and CIDRs, and say exactly what is wrong with those that are none."""

import re
from collections.abc import Iterator
from typing import Any

from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.values import as_text, read_list, wrong_type
from swyx_components.sets.prefixes import WIDTH, Prefix

_MAPPED = Prefix.parse("::ffff:0:0/96")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
_MASKS = {Prefix(4, 0xFFFFFFFF << (32 - n) & 0xFFFFFFFF, 32).address: n for n in range(1, 33)}
_UNUSABLE = {
    4: (
        ("unspecified", Prefix.parse("0.0.0.0/8")),
        ("loopback", Prefix.parse("127.0.0.0/8")),
        ("multicast", Prefix.parse("224.0.0.0/4")),
        ("broadcast", Prefix.parse("255.255.255.255/32")),
    ),
    6: (
        ("unspecified", Prefix.parse("::/128")),
        ("loopback", Prefix.parse("::1/128")),
        ("multicast", Prefix.parse("ff00::/8")),
    ),
}


Found = tuple[Prefix, int]  # a prefix and its place in the list where it stands


def read_addresses(value: Any, log: Diagnostics, place: str, example: str) -> Iterator[Found]:
    """The addresses of a machine, each a /32 or /128."""
    for index, item in enumerate(read_list(value, log, place, example)):
        text = as_text(item)
        if text is None:
            wrong_type(item, log, f"{place}[{index}]", "an address", example)
        elif "/" in text:
            _refuse_length(text, log, f"{place}[{index}]")
        else:
            prefix = _parse(text, log, place, index)
            if prefix is not None and _usable(prefix, text, log, place, index):
                yield prefix, index


def _refuse_length(text: str, log: Diagnostics, place: str) -> None:
    """An address with a length is probably meant alone; a whole network is not."""
    address = text.split("/")[0]
    if _is_prefix(text) and not str(Prefix.parse(text)).endswith(("/32", "/128")):
        log.add("address-is-network", place, value=text)
    else:
        log.add("address-with-length", place, value=text, address=address)


def read_cidrs(value: Any, log: Diagnostics, place: str, example: str) -> Iterator[Found]:
    """CIDRs of hosts that exist: none of them everything, multicast, loopback or unspecified."""
    for found in read_peers(value, log, place, example):
        prefix, position = found
        if prefix.length == 0:
            log.add("cidr-everything", f"{place}[{position}]", cidr=prefix, version=prefix.version)
        elif _usable(prefix, prefix, log, place, position):
            yield found


def read_peers(value: Any, log: Diagnostics, place: str, example: str) -> Iterator[Found]:
    """Any CIDRs."""
    for index, item in enumerate(read_list(value, log, place, example)):
        text = as_text(item)
        if text is None:
            wrong_type(item, log, f"{place}[{index}]", "an address or CIDR", example)
            continue
        prefix = _parse(text, log, place, index)
        if prefix is not None:
            yield prefix, index


def _parse(text: str, log: Diagnostics, place: str, index: int) -> Prefix | None:
    try:
        if "/0" in text and not text.endswith("/0"):
            raise ValueError("a prefix length with a leading zero")
        prefix = Prefix.parse(text)
    except ValueError:
        _explain(text, log, f"{place}[{index}]")
        return None
    if prefix.version == 6 and _MAPPED.contains(prefix):
        plain = Prefix(4, prefix.first & 0xFFFFFFFF, prefix.length - 96)
        mended = plain.address if "/" not in text else str(plain)
        log.add("address-mapped", f"{place}[{index}]", value=text, plain=mended)
        return None
    return prefix


def _explain(text: str, log: Diagnostics, place: str) -> None:
    """Report why a text is no prefix: the address, the length, or bits to the right of it."""
    address, _, bits = text.partition("/")
    try:
        whole = Prefix.parse(address)
    except ValueError:
        _explain_address(text, log, place)
        return
    width = WIDTH[whole.version]
    length = _MASKS.get(bits) if whole.version == 4 else None
    if length is not None:
        log.add("cidr-netmask", place, value=text, address=whole.address, length=length)
        return
    if not (
        bits.isascii() and bits.isdigit() and str(int(bits[:4])) == bits and int(bits) <= width
    ):
        log.add("cidr-length", place, value=text, width=width)
        return
    mask = (1 << (width - int(bits))) - 1
    network = Prefix(whole.version, whole.first & ~mask, int(bits))
    log.add("cidr-host-bits", place, value=text, network=network, address=whole.address)


def _explain_address(text: str, log: Diagnostics, place: str) -> None:
    address, slash, bits = text.partition("/")
    parts = address.split(".")
    plain = ".".join(part.lstrip("0") or "0" for part in parts) + slash + bits
    if ":" in address and "%" in address:
        log.add("address-zone", place, value=text)
    elif _NAME.fullmatch(address):
        log.add("address-name", place, value=text)
    elif len(parts) == 4 and plain != text and _is_prefix(plain):
        log.add("address-zeros", place, value=text, plain=plain)
    else:
        log.add("address-malformed", place, value=text)


def _is_prefix(text: str) -> bool:
    try:
        Prefix.parse(text)
    except ValueError:
        return False
    return True


def _usable(prefix: Prefix, shown: object, log: Diagnostics, place: str, index: int) -> bool:
    if prefix.version == 4 and 0x01000000 <= prefix.first < 0x7F000000:
        return True  # most addresses of most files
    for kind, special in _UNUSABLE[prefix.version]:
        if special.contains(prefix):
            log.add("address-unusable", f"{place}[{index}]", value=shown, kind=kind)
            return False
    return True
