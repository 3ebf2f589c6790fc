"""Sites and links as a picture: where each box stands and where each line runs, decided without chance.

The site with most links stands in the middle, its neighbours in rings around it. What is linked to
nothing, or lies further out than rings can show, stands in rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, cos, pi, sin

from swyx_components.installation.model import Installation, Link

MOST_DRAWN = 60
"""Sites in one picture; beyond it those with the most links are drawn and the others counted."""

WIDTH, HEIGHT = 150, 54  # of a box
_GAP_X, _GAP_Y = 70, 34
_DEEPEST = 3  # rings; what is further out makes rows the better picture
_MARGIN = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A site or a provider; `x` and `y` are its centre, `words` what stands under its name."""

    name: str
    kind: str  # "site" or "provider"
    words: str
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A link between two boxes; `name` and `words` are told by its title."""

    name: str
    words: str
    x1: int
    y1: int
    x2: int
    y2: int
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn, its size, and how many sites are left out."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    left_out: int


_Point = tuple[int, int]


def draw_sites(installation: Installation, names: Sequence[str]) -> Picture:
    """The picture of some sites of an installation, their links and SIP providers."""
    wanted = set(names)
    links = [link for link in installation.links if {link.near, link.far} <= wanted]
    neighbours = _neighbours(names, links)
    drawn = sorted(wanted, key=lambda name: (-len(neighbours[name]), name))[:MOST_DRAWN]
    providers = [one for one in installation.providers if one.site in drawn][:MOST_DRAWN]
    joined = {name: set(neighbours[name]) & set(drawn) for name in drawn}
    for provider in providers:
        key = f"provider {provider.name}"
        joined[key] = {provider.site}
        joined[provider.site].add(key)
    places, width, height = _shift(_place(drawn, joined))
    sites = [_site_box(installation, name, places[name]) for name in sorted(drawn)]
    outside = [
        Box(name=one.name, kind="provider", words="SIP provider", x=x, y=y)
        for one in providers
        for x, y in (places[f"provider {one.name}"],)
    ]
    lines = [_link_line(link, places) for link in links if {link.near, link.far} <= places.keys()]
    lines += [
        _line(one.name, f"{one.name}: SIP provider of {one.link_manager}", ends, one.link_manager)
        for one in providers
        for ends in ((places[one.site], places[f"provider {one.name}"]),)
    ]
    return Picture(
        boxes=(*sites, *outside),
        lines=tuple(lines),
        width=width,
        height=height,
        left_out=len(wanted) - len(drawn),
    )


def _neighbours(names: Iterable[str], links: Iterable[Link]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in names}
    for link in links:
        found[link.near].add(link.far)
        found[link.far].add(link.near)
    return found


def _place(drawn: Sequence[str], joined: Mapping[str, set[str]]) -> dict[str, _Point]:
    """Centres of boxes: rings around the first, or rows."""
    rings = _rings(drawn[0], joined) if drawn else []
    reached = [name for ring in rings for name in ring]
    if len(joined) == 2:
        return {
            name: (0, place * 0) if not place else (WIDTH + 3 * _GAP_X, 0)
            for place, name in enumerate(sorted(joined))
        }
    if len(reached) < len(joined) or len(rings) > _DEEPEST + 1:
        return _rows([*reached, *(name for name in joined if name not in set(reached))])
    return _ellipses(rings)


def _rings(centre: str, joined: Mapping[str, set[str]]) -> list[list[str]]:
    """Names by their distance from the centre, neighbours of one name beside each other."""
    rings, seen = [[centre]], {centre}
    while True:
        ring = []
        for name in rings[-1]:
            new = sorted(joined[name] - seen)
            seen.update(new)
            ring += new
        if not ring:
            return rings
        rings.append(ring)


def _ellipses(rings: Sequence[Sequence[str]]) -> dict[str, _Point]:
    places: dict[str, _Point] = {rings[0][0]: (0, 0)}
    across, up = 0.0, 0.0
    for ring in rings[1:]:
        across = max(across + WIDTH + _GAP_X, len(ring) * (WIDTH + 12) / (2 * pi))
        up = max(up + HEIGHT + _GAP_Y * 2, len(ring) * (HEIGHT + 12) / (2 * pi))
        for place, name in enumerate(ring):
            angle = 2 * pi * place / len(ring) + pi
            places[name] = round(across * cos(angle)), round(up * sin(angle))
    return places


def _rows(names: Sequence[str]) -> dict[str, _Point]:
    """Rows that turn at their ends, so that a chain of sites reads on."""
    columns = max(1, ceil(len(names) ** 0.5))
    places: dict[str, _Point] = {}
    for place, name in enumerate(names):
        row, column = divmod(place, columns)
        column = column if row % 2 == 0 else columns - 1 - column
        places[name] = column * (WIDTH + _GAP_X), row * (HEIGHT + _GAP_Y)
    return places


def _shift(places: Mapping[str, _Point]) -> tuple[dict[str, _Point], int, int]:
    """The same places inside a frame that begins at 0, 0, and the size of the frame."""
    if not places:
        return {}, 0, 0
    left, top = (min(point[axis] for point in places.values()) for axis in (0, 1))
    right, bottom = (max(point[axis] for point in places.values()) for axis in (0, 1))
    dx, dy = WIDTH // 2 + _MARGIN - left, HEIGHT // 2 + _MARGIN - top
    moved = {name: (x + dx, y + dy) for name, (x, y) in places.items()}
    return moved, right - left + WIDTH + 2 * _MARGIN, bottom - top + HEIGHT + 2 * _MARGIN


def _site_box(installation: Installation, name: str, place: _Point) -> Box:
    site = installation.sites[name]
    counts = (("machine", len(site.machines)), ("network", len(site.networks)))
    words = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts)
    return Box(name=name, kind="site", words=words, x=place[0], y=place[1])


def _link_line(link: Link, places: Mapping[str, _Point]) -> Line:
    managers = " and ".join(filter(None, (link.near_manager, link.far_manager)))
    words = f"{link.name}: {link.near} to {link.far}, {link.mode.value}, by {managers}"
    return _line(link.name, words, (places[link.near], places[link.far]), managers)


def _line(name: str, words: str, ends: tuple[_Point, _Point], label: str) -> Line:
    (x1, y1), (x2, y2) = ends
    return Line(name=name, words=words, x1=x1, y1=y1, x2=x2, y2=y2, label=label)
