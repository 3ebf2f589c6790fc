"""Sites and links as a picture: the place of each box and line, without randomness.

The site with most links is in the middle; on ellipses around it are its neighbours, then theirs, then
what is not linked to them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import cos, pi, sin
from typing import NamedTuple

from swyx_components.installation.model import Installation, Link, Provider, Site
from swyx_components.messages import CLOUDS

MOST_DRAWN = 60
"""Sites in one picture; beyond it those with the most links are drawn and the others counted."""

_MOST_CARDS, _MOST_ROWS = 4, 12  # so few sites are drawn with who is there
_GAP = 80  # from one ellipse to the next, so that boxes stand apart
_RING = 7  # boxes that fit on the first ellipse; on each further one as many more
_TURN = 0.38  # radians by which each ellipse is turned: few boxes stand behind those further in
_BESIDE = 210  # between two boxes that are all: room for the words on their line
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


def draw_sites(installation: Installation, clouds: Mapping[str, str]) -> Picture:
    """The picture of some sites of an installation, each with its cloud, of their links and SIP providers."""
    linked: dict[tuple[str, str], list[Link | Provider]] = {}
    for link in installation.links:  # several of two sites are one line
        linked.setdefault((min(link.near, link.far), max(link.near, link.far)), []).append(link)
    drawn = _order(clouds, linked)[:MOST_DRAWN]
    ends: dict[str, Site | Provider] = {name: installation.sites[name] for name in sorted(drawn)}
    for provider in [one for one in installation.providers if one.site in drawn][:MOST_DRAWN]:
        key = f"provider {provider.name}"  # no site's name has a space
        ends[key], linked[provider.site, key] = provider, [provider]
    rows = max(len(installation.sites[name].owners) for name in drawn)
    cards = len(drawn) <= _MOST_CARDS and rows <= _MOST_ROWS
    box = Size(_CARD_WIDTH, _CARD_HEAD + _ROW * rows) if cards else _BOX
    places, size = _shift(_place(_order(ends, linked), box), box, drawn)
    boxes = [
        Box(end, *places[key], CLOUDS.get(own := clouds.get(key, ""), own))
        for key, end in ends.items()
    ]
    lines = [
        Line(tuple(links), *places[near], *places[far])
        for (near, far), links in linked.items()
        if near in places and far in places
    ]
    return Picture(tuple(boxes), tuple(lines), box, size, len(clouds) - len(drawn), cards)


def _order(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Names as links lead from one to the next: the most links begin, of neighbours the fewest come first."""
    neighbours: dict[str, set[str]] = {name: set() for name in names}
    for one, other in pairs:
        if one in neighbours and other in neighbours:
            neighbours[one].add(other)
            neighbours[other].add(one)
    order: dict[str, None] = {}
    waiting = sorted(neighbours, key=lambda name: (-len(neighbours[name]), name), reverse=True)
    while waiting:
        name = waiting.pop()
        if name not in order:
            order[name] = None
            few_first = sorted(neighbours[name], key=lambda own: (len(neighbours[own]), own))
            waiting += reversed(few_first)
    return list(order)


def _place(names: Sequence[str], box: Size) -> dict[str, _Point]:
    """Centres of boxes: two side by side, more on ellipses around the first, from the left clockwise."""
    places = {names[0]: (0, 0)}
    if len(names) == 2:
        return places | {names[1]: (box.width + _BESIDE, 0)}
    ring, left = 0, names[1:]
    while left:
        ring += 1
        own, left = left[: _RING * ring], left[_RING * ring :]
        across, up = ring * (box.width + _GAP), ring * (box.height + _GAP)
        for place, name in enumerate(own):
            angle = pi + _TURN * (ring - 1) + 2 * pi * place / len(own)
            places[name] = round(across * cos(angle)), round(up * sin(angle))
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
