"""Files that are wrong, or absurd, by their size: each way to be large, written at any count."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

HEAD = "swyxware: '6.01'\ndecisions: {dcom: restricted, h245: tunnelled}\n"
SERVER = "x: {addresses: [1.1.1.1], roles: [SwyxServer, PhoneManager]}"


class Large(NamedTuple):
    """`write` takes how many; `most_digits` is the power of ten at which a file has its full size."""

    write: Callable[[int], bytes]
    most_digits: float


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _block(number: int) -> str:
    return f"10.{number >> 15 & 255}.{number >> 7 & 255}.{number << 1 & 255}"


def _site(inside: str) -> str:
    return f"{HEAD}sites: {{a: {{{inside}}}}}\n"


def _each(count: int, line: Callable[[int], str]) -> str:
    return "".join(map(line, range(count)))


def _sites(count: int, line: Callable[[int], str], head: str = HEAD) -> str:
    return f"{head}sites:\n{_each(count, line)}"


def _ends(*parts: str) -> str:
    return f"machines: {{{', '.join((SERVER, *parts))}}}"


def _cidrs(items: Iterable[str]) -> str:
    return _site(
        f"{_ends()}, networks: {{n: {{roles: [SwyxIt, SwyxPhoneL420], cidrs: [{','.join(items)}]}}}}"
    )


def _rules(items: Iterable[str]) -> str:
    return _site(f"{_ends()}, extra_rules: [{','.join(items)}]")


def _rule(ports: str, peer: str = "10.9.0.0/16") -> str:
    return f"{{direction: in, to: x, from: [{peer}], protocol: tcp, reason: r, ports: {ports}}}"


def _provider(number: int) -> str:
    media = f"{10000 + number % 9999}-20000"
    return f" p{number}: {{cidrs: [20{_address(number)[2:]}], link_manager: y, media_ports: {media}}}\n"


def _one_site(number: int) -> str:
    machine = f"m{number}: {{addresses: [{_address(number)}], roles: [SwyxServer]}}"
    return f" s{number}: {{machines: {{{machine}}}}}\n"


LINKED = f" a: {{machines: {{{SERVER}, y: {{addresses: [1.1.1.2], roles: [LinkManager]}}}}}}\n"
MANY_ROLES = "SwyxServer, SwyxGate, LinkManager, ConferenceManager, PhoneManager, ITSPManager"

# A table: it reads better with a way to be large in one row.
# ruff: noqa: E501
_TEXTS: dict[str, tuple[Callable[[int], str], float]] = {
    # ---- one construct of YAML, again and again
    "brackets": (lambda n: "[" * n, 6.7),
    "braces": (lambda n: "{a: " * n, 6.0),
    "dashes": (lambda n: "- " * n, 6.3),
    "question marks": (lambda n: "? " * n, 6.3),
    "colons": (lambda n: ":" * n, 6.6),
    "anchors": (lambda n: "&a " * n, 6.2),
    "tags": (lambda n: "!!str " * n, 5.9),
    "comments": (lambda n: "#\n" * n, 6.3),
    "documents": (lambda n: "---\n" * n, 6.0),
    "quotes": (lambda n: "'" * n, 6.6),
    "escapes": (lambda n: 'a: "' + "\\x41" * n + '"', 6.0),
    "a long key": (lambda n: "x" * n + ": 1", 6.6),
    "a long text": (lambda n: "swyxware: " + "6" * n, 6.6),
    "a long text of wide characters": (lambda n: "swyxware: " + "\U0001f4de" * n, 6.0),
    "items of a list": (lambda n: "sites: [" + "x," * n + "]", 6.3),
    "aliases": (lambda n: "a: &a [" + "x," * 1000 + "]\nb: [" + "*a, " * n + "]\n", 6.0),
    "aliases of aliases": (
        lambda n: "a0: &a0 [x,x,x,x]\n"
        + _each(min(n, 200), lambda i: f"a{i + 1}: &a{i + 1} [{f'*a{i},' * 10}]\n"),
        2.3,
    ),
    "a site many times": (
        lambda n: HEAD + "sites:\n a: &a {" + _ends() + "}\n" + _each(n, lambda i: f" s{i}: *a\n"),
        5.5,
    ),
    # ---- the same mistake, again and again
    "unknown keys": (lambda n: _each(n, lambda i: f"k{i}: 1\n"), 5.6),
    "a key again": (lambda n: "swyxware: '6.01'\n" * n, 5.4),
    "unknown keys of sites": (
        lambda n: _sites(n, lambda i: f" s{i}: {{machines: {{}}, a: 1, b: 2}}\n"),
        5.1,
    ),
    "misspelt roles": (
        lambda n: _site(f"machines: {{b: {{addresses: [10.0.0.1], roles: [{_each(n, 'SwyxServr{},'.format)}]}}}}"),
        5.4,
    ),
    "misspelt keys": (
        lambda n: _sites(n, lambda i: f" s{i}: {{machnes: {{}}, netwrks: {{}}}}\n"),
        5.1,
    ),
    "hostile names": (
        lambda n: _sites(n, lambda i: f' "\\e[31m{i}": {{machines: {{}}}}\n'),
        5.1,
    ),
    "malformed CIDRs": (lambda n: _cidrs(map("x{}".format, range(n))), 5.8),
    "links to nowhere": (
        lambda n: _sites(n, _one_site)
        + "links:\n"
        + _each(n, lambda i: f" l{i}: {{sites: [s{i}, z{i}], link_manager: y{i}}}\n"),
        4.5,
    ),
    "one address for all": (
        lambda n: _sites(
            n, lambda i: f" s{i}: {{machines: {{m{i}: {{addresses: [10.0.0.1], roles: [SwyxServer]}}}}}}\n"
        ),
        4.9,
    ),
    "one CIDR for all": (
        lambda n: _sites(
            n,
            lambda i: f" s{i}: {{machines: {{}}, networks: {{n: {{cidrs: [10.0.0.0/8], roles: [SwyxIt]}}}}}}\n",
        ),
        4.8,
    ),
    "one CIDR again": (lambda n: _cidrs(["10.0.0.0/8"] * n), 5.6),
    "no decisions": (lambda n: _sites(n, _one_site, "swyxware: '6.01'\n"), 4.9),
    # ---- nothing wrong but the number
    "sites": (lambda n: _sites(n, _one_site), 4.9),
    "sites of many roles": (
        lambda n: _sites(
            n, lambda i: f" s{i}: {{machines: {{m{i}: {{addresses: [{_address(i)}], roles: [{MANY_ROLES}]}}}}}}\n"
        ),
        4.7,
    ),
    "machines": (
        lambda n: _site(
            _ends(*(f"m{i}: {{addresses: [{_address(i)}], roles: [SwyxGate]}}" for i in range(n)))
        ),
        4.9,
    ),
    "machines unlike each other": (
        lambda n: _site(
            _ends(
                *(
                    f"m{i}: {{addresses: [{_address(i)}], roles: [SwyxGate], "
                    f"ports: {{SwyxGate: {{media: {40000 + i % 20000}-60000}}}}}}"
                    for i in range(n)
                )
            )
        ),
        4.6,
    ),
    "addresses of a machine": (
        lambda n: _site(f"machines: {{b: {{roles: [SwyxServer], addresses: [{_each(n, lambda i: _address(i) + ',')}]}}}}"),
        5.5,
    ),
    "networks": (
        lambda n: _site(
            f"{_ends()}, networks: {{{_each(n, lambda i: f'n{i}: {{cidrs: [{_block(i)}], roles: [SwyxIt, SwyxPhoneL420]}}, ')}}}"
        ),
        4.9,
    ),
    "CIDRs": (lambda n: _cidrs(map(_block, range(n))), 5.5),
    "CIDRs of IPv6": (
        lambda n: _cidrs(f"2001:db8:{i >> 16:x}:{i & 65535:x}::1" for i in range(n)), 5.3
    ),
    "extra rules": (lambda n: _rules(_rule(str(i % 60000 + 1), _block(i)) for i in range(n)), 4.8),
    "ports of an extra rule": (
        lambda n: _rules([_rule(f"[{_each(n, lambda i: f'{i % 30000 * 2 + 1},')}]")]),
        5.9,
    ),
    "peers of an extra rule": (
        lambda n: _rules([_rule("3389", _each(n, lambda i: f"{_block(i)},"))]),
        5.5,
    ),
    "providers": (
        lambda n: f"{HEAD}sites:\n{LINKED}sip_providers:\n{_each(n, _provider)}",
        4.7,
    ),
    "branches of a hub": (
        lambda n: f"{HEAD}sites:\n{LINKED}{_each(n, _one_site)}links:\n"
        + _each(n, lambda i: f" l{i}: {{sites: [s{i}, a], link_manager: y}}\n"),
        4.5,
    ),
}  # fmt: skip

LARGE = {
    title: Large(lambda count, write=write: write(count).encode(), most)  # type: ignore[misc]
    for title, (write, most) in _TEXTS.items()
}
