"""Sites and links as a picture: the place of each box and line, without randomness.

The site with most links is in the middle, its neighbours in rings around it. What is linked to
nothing, or lies further out than rings can show, is in rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import ceil, cos, pi, sin
from typing import NamedTuple

from swyx_components.installation.model import Installation, Link, Provider, Site
from swyx_components.messages import CLOUDS

MOST_DRAWN = 60
"""Sites in one picture; beyond it those with the most links are drawn and the others counted."""

_MOST_CARDS, _MOST_ROWS = 4, 12  # so few sites are drawn with who is there
_GAP_X, _GAP_Y = 70, 34
_DEEPEST = 3  # rings; what is further out makes rows the better picture
_COLUMNS = 6  # as many as fit beside each other on a screen
_MARGIN = 14


class Size(NamedTuple):
    """Of every box of a picture."""

    width: int
    height: int


_BOX = Size(150, 54)
_CARD_WIDTH, _CARD_HEAD, _ROW = 430, 58, 19
_Point = tuple[int, int]


class Box(NamedTuple):
    """A site with its cloud, or a provider; `x` and `y` are its centre."""

    end: Site | Provider
    x: int
    y: int
    cloud: str = ""


class Line(NamedTuple):
    """The links of two sites, or a provider's, between the centres of two boxes."""

    links: tuple[Link | Provider, ...]
    x1: int
    y1: int
    x2: int
    y2: int


class Picture(NamedTuple):
    """What is drawn, its size, and how many sites are left out.

    `cards`: a site shows its machines and networks, for which there is room.
    """

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    box: Size
    size: Size
    left_out: int
    cards: bool


def draw_sites(
    installation: Installation, names: Collection[str], clouds: Mapping[str, str] = {}
) -> Picture:
    """The picture of some sites of an installation, their clouds, links and SIP providers."""
    wanted = set(names)
    linked = [(one.near, one.far) for one in installation.links]
    drawn = _choose(_join(names, (pair for pair in linked if wanted.issuperset(pair))))
    providers = [one for one in installation.providers if one.site in drawn][:MOST_DRAWN]
    # Several links of two sites are one line.
    ends: dict[tuple[str, str], list[Link | Provider]] = {}
    for pair, link in zip(linked, installation.links, strict=True):
        if pair[0] in drawn and pair[1] in drawn:
            ends.setdefault(pair[::-1] if pair[::-1] in ends else pair, []).append(link)
    ends |= {(one.site, _key(one)): [one] for one in providers}
    sites = [installation.sites[name] for name in drawn]
    rows = max((len(site.machines) + len(site.networks) for site in sites), default=0)
    cards = len(sites) <= _MOST_CARDS and rows <= _MOST_ROWS
    box = Size(_CARD_WIDTH, _CARD_HEAD + _ROW * rows) if cards else _BOX
    joined = _join((*drawn, *map(_key, providers)), ends)
    places, size = _shift(_place(drawn, joined, box), box, drawn)
    boxes = [
        Box(installation.sites[name], *places[name], CLOUDS.get(own := clouds.get(name, ""), own))
        for name in sorted(drawn)
    ]
    boxes += [Box(provider, *places[_key(provider)]) for provider in providers]
    lines = [Line(tuple(own), *places[near], *places[far]) for (near, far), own in ends.items()]
    return Picture(tuple(boxes), tuple(lines), box, size, len(names) - len(drawn), cards)


def _key(provider: Provider) -> str:
    return f"provider {provider.name}"  # no site's name has a space


def _join(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The neighbours of each name."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return found


def _choose(neighbours: Mapping[str, set[str]]) -> list[str]:
    """The sites to draw: from the one with most links outwards, then from the next that is left."""
    chosen: dict[str, None] = {}
    for name in sorted(neighbours, key=lambda name: (-len(neighbours[name]), name)):
        if name not in chosen:
            chosen.update(dict.fromkeys(one for ring in _rings(name, neighbours) for one in ring))
    return list(chosen)[:MOST_DRAWN]


def _place(drawn: Sequence[str], joined: Mapping[str, set[str]], box: Size) -> dict[str, _Point]:
    """Centres of boxes: side by side, rings around the first, or rows."""
    if len(joined) <= 2:
        step = box.width + 3 * _GAP_X
        return {name: (place * step, 0) for place, name in enumerate(sorted(joined))}
    rings = _rings(drawn[0], joined)
    reached = [name for ring in rings for name in ring]
    if len(reached) < len(joined) or len(rings) > _DEEPEST + 1:
        return _rows(_paths(joined), box)
    return _ellipses(rings, box)


def _rings(centre: str, joined: Mapping[str, set[str]]) -> list[list[str]]:
    """Names by their distance from the centre, neighbours of one name beside each other."""
    rings, seen = [[centre]], {centre}
    while rings[-1]:
        rings.append([])
        for name in rings[-2]:
            new = sorted(joined[name] - seen)
            seen.update(new)
            rings[-1] += new
    return rings[:-1]


def _paths(joined: Mapping[str, set[str]]) -> list[str]:
    """Names along the links, from ends with few of them, so that a chain stays a chain."""
    seen: dict[str, None] = {}
    waiting = sorted(joined, key=lambda name: (len(joined[name]), name), reverse=True)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = None
            waiting += sorted(joined[name] - seen.keys(), reverse=True)
    return list(seen)


def _ellipses(rings: Sequence[Sequence[str]], box: Size) -> dict[str, _Point]:
    """Each ring on as many ellipses as its boxes need to stand apart.

    In x or in y: where an ellipse slants, neither is all theirs. Half a step turns a further ellipse of a
    ring, so that its boxes stand between and not behind those further in.
    """
    places: dict[str, _Point] = {rings[0][0]: (0, 0)}
    across, up = 0, 0
    for ring in rings[1:]:
        left, turn = list(ring), 0.0
        while left:
            across, up = across + box.width + _GAP_X, up + box.height + 2 * _GAP_Y
            room = int(2 * pi * min(across / (box.width + 8), up / (box.height + 8)) / 2**0.5)
            step = 2 * pi / len(left[:room])
            for place, name in enumerate(left[:room]):
                angle = pi + step * (place + turn)
                places[name] = round(across * cos(angle)), round(up * sin(angle))
            left, turn = left[room:], 0.5
    return places


def _rows(names: Sequence[str], box: Size) -> dict[str, _Point]:
    """Rows that turn at their ends, so that a chain of sites reads on."""
    columns = min(_COLUMNS, ceil(len(names) ** 0.5))
    places: dict[str, _Point] = {}
    for place, name in enumerate(names):
        row, column = divmod(place, columns)
        column = column if row % 2 == 0 else columns - 1 - column
        places[name] = column * (box.width + _GAP_X // 2), row * (box.height + _GAP_Y)
    return places


def _shift(
    places: Mapping[str, _Point], box: Size, sites: Collection[str]
) -> tuple[dict[str, _Point], Size]:
    """The same places inside a frame that begins at 0, 0, and the size of the frame.

    What is no site is a provider, whose box is small.
    """
    half = {name: [side // 2 for side in (box if name in sites else _BOX)] for name in places}
    low, high = (
        [end(places[name][axis] + way * half[name][axis] for name in places) for axis in (0, 1)]
        for end, way in ((min, -1), (max, 1))
    )
    moved = {name: (x + _MARGIN - low[0], y + _MARGIN - low[1]) for name, (x, y) in places.items()}
    return moved, Size(*(to - start + 2 * _MARGIN for start, to in zip(low, high, strict=True)))
