"""Stand-ins for the addresses and names of a site, in the order of the real ones."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from swyx_components.planner.forms import Prefixes
from swyx_components.sets.prefixes import WIDTH, Prefix

TOKEN = "![Aa]{16}[0-9]{5}[A-Za-z]!"  # as a regular expression
_CASES = str.maketrans("01", "Aa")  # A before a; in lower case they are the same


def spread(blocks: Iterable[Prefix]) -> Prefixes | None:
    """Stand-ins of the same versions, sizes and order, none touching; None if there is no room."""
    return _lay_out(tuple([(version, length) for version, _, length in blocks]))


@lru_cache(maxsize=8192)  # the sites of an installation have the same sizes
def _lay_out(sizes: tuple[tuple[int, int], ...]) -> Prefixes | None:
    placed: list[Prefix] = []
    cursor = {4: 1 << 24, 6: 1 << 120}  # clear of 0.0.0.0 and ::, which stand for themselves
    for version, length in sizes:
        size = 1 << (WIDTH[version] - length)
        start = -(-cursor[version] // (2 * size)) * 2 * size
        if start + size > 1 << WIDTH[version]:
            return None
        placed.append(Prefix(version, start, length))
        cursor[version] = start + 2 * size
    return tuple(placed)


def move(
    addresses: Iterable[Prefix], blocks: Prefixes, stand_ins: Prefixes
) -> dict[Prefix, Prefix]:
    """Each address where it lies in the stand-in of its block."""
    moved: dict[Prefix, Prefix] = {}
    shifts = [
        stand_in.first - block.first for block, stand_in in zip(blocks, stand_ins, strict=True)
    ]
    place, last = 0, len(blocks) - 1
    for prefix in sorted(addresses):
        while place < last and blocks[place + 1] <= prefix:
            place += 1
        version, first, length = prefix
        moved[prefix] = Prefix(version, first + shifts[place], length)
    return moved


def make_tokens(names: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The token of each name, which has its kind with it, of all names in order."""
    lower = sorted([(name.lower(), name, kind) for name, kind in names])
    places = {(name, kind): place for place, (_, name, kind) in enumerate(lower)}
    return tuple([_token(name[1], place, places[name]) for place, name in enumerate(names)])


@lru_cache(maxsize=8192)  # the sites of an installation have the same places
def _token(kind: str, place: int, place_in_lower: int) -> str:
    """A name that no installation has, and that no text needs to escape.

    Tokens are in the order of `place`; in lower case, as groups have them, of `place_in_lower`.
    """
    return f"!{f'{place:016b}'.translate(_CASES)}{place_in_lower:05}{kind}!"
