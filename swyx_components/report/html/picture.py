"""Sites and links as a picture: the place of each box and line, without randomness.

The site with most links is in the middle; on ellipses around it are its neighbours, then theirs, then
what is not linked to them.
"""

from collections.abc import Iterable, Mapping, Sequence
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


_BOX = 150, 54  # width and height
_CARD_WIDTH, _CARD_HEAD, _ROW = 430, 58, 19


class Box(NamedTuple):
    """A site with its cloud, or a provider; `x` and `y` are its centre."""

    end: Site | Provider
    x: int
    y: int
    width: int
    height: int
    cloud: str


class Line(NamedTuple):
    """The links of two sites, or a provider's, between the centres of two boxes."""

    links: tuple[Link | Provider, ...]
    near: Box
    far: Box


class Picture(NamedTuple):
    """What is drawn, its frame (left, top, width, height), and how many sites are left out.

    `cards`: a site shows its machines and networks, for which there is room.
    """

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    frame: tuple[int, int, int, int]
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
    box = (_CARD_WIDTH, _CARD_HEAD + _ROW * rows) if cards else _BOX
    boxes = {}
    for key, (x, y) in _place(_order(ends, linked), *box).items():
        cloud = clouds.get(key, "")
        size = box if key in clouds else _BOX
        boxes[key] = Box(ends[key], x, y, *size, CLOUDS.get(cloud, cloud))
    lines = [
        Line(tuple(links), boxes[near], boxes[far])
        for (near, far), links in linked.items()
        if near in boxes and far in boxes
    ]
    left = min(own.x - own.width // 2 for own in boxes.values()) - _MARGIN
    right = max(own.x + own.width // 2 for own in boxes.values()) + _MARGIN
    top = min(own.y - own.height // 2 for own in boxes.values()) - _MARGIN
    bottom = max(own.y + own.height // 2 for own in boxes.values()) + _MARGIN
    frame = left, top, right - left, bottom - top
    shown = tuple(boxes[key] for key in ends)
    return Picture(shown, tuple(lines), frame, len(clouds) - len(drawn), cards)


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


def _place(names: Sequence[str], width: int, height: int) -> dict[str, tuple[int, int]]:
    """Centres of boxes: of two side by side, else on ellipses around the first, from the left clockwise."""
    places = {names[0]: (0, 0)}
    if len(names) == 2:
        return places | {names[1]: (width + _BESIDE, 0)}
    ring, left = 0, names[1:]
    while left:
        ring += 1
        own, left = left[: _RING * ring], left[_RING * ring :]
        across, up = ring * (width + _GAP), ring * (height + _GAP)
        for place, name in enumerate(own):
            angle = pi + _TURN * (ring - 1) + 2 * pi * place / len(own)
            places[name] = round(across * cos(angle)), round(up * sin(angle))
    return places
