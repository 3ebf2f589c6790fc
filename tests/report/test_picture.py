"""Sites and links as a picture: what is drawn, and that no two boxes cover each other."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any, NamedTuple

import pytest

from swyx_components.installation import load_installation
from swyx_components.report.html.picture import MOST_DRAWN, Picture, draw_sites
from tests.tools.report_pages import page_of

Plain = dict[str, Any]
MEMBER = r'((?:<rect class="outside"[^>]*>)?)<text class="member"[^>]*>(.*?)</text><text[^>]*>(.*?)</text>'
LINE = r'<line x1="(-?\d+)" y1="(-?\d+)" x2="(-?\d+)" y2="(-?\d+)">'


def sites(count: int, *links: tuple[int, int]) -> Plain:
    """Sites with a LinkManager each, linked by that of the first of each pair."""
    return {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": {
            f"s{n}": {
                "machines": {
                    f"s{n}-server": {"addresses": [f"10.{n}.0.10"], "roles": ["SwyxServer"]},
                    f"s{n}-link": {"addresses": [f"10.{n}.0.11"], "roles": ["LinkManager"]},
                }
            }
            for n in range(count)
        },
        "links": {
            f"l{a}-{b}": {"sites": [f"s{a}", f"s{b}"], "link_manager": f"s{a}-link"}
            for a, b in links
        },
    }


def drawn(source: Plain) -> Picture:
    installation = load_installation(source)
    return draw_sites(installation, dict.fromkeys(installation.sites, ""))


class Seen(NamedTuple):
    """What a reader of the picture sees of a box or a line."""

    name: str
    words: str
    members: tuple[tuple[str, str, bool], ...] = ()


def boxes_of(source: Plain) -> list[Seen]:
    """Each box with its members: name, roles, whether outside the cloud."""
    boxes = []
    for text in re.findall(r"<g class.*?</g>", page_of(source), flags=re.DOTALL):
        ((name, words),) = re.findall(r"<title>(.*?): (.*?)</title>", text)
        members = tuple(
            (own, roles.removeprefix("outside the cloud: "), bool(mark))
            for mark, own, roles in re.findall(MEMBER, text)
        )
        boxes.append(Seen(name, words, members))
    return boxes


def lines_of(source: Plain) -> list[Seen]:
    """Each line's label and title."""
    page = page_of(source)
    labels = re.findall(r'<text class="on-line.*?>(.*?)</text>', page)
    titles = re.findall(f"{LINE}<title>(.*?)</title></line>", page)
    return [Seen(label, title[-1]) for label, title in zip(labels, titles, strict=True)]


def star(count: int) -> Plain:
    return sites(count, *((0, n) for n in range(1, count)))


def chain(count: int) -> Plain:
    return sites(count, *((n, n + 1) for n in range(count - 1)))


def two_hubs(branches: int) -> Plain:
    """Two linked sites with as many others each."""
    ends = ((hub, 2 + hub * branches + n) for hub in (0, 1) for n in range(branches))
    return sites(2 + 2 * branches, (0, 1), *ends)


def carried(source: Plain, providers: int) -> Plain:
    """The same with SIP providers that the first site reaches."""
    return source | {
        "sip_providers": {
            f"carrier-{n}": {
                "cidrs": [f"203.0.113.{n}/32"],
                "link_manager": "s0-link",
                "media_ports": "10000-20000",
            }
            for n in range(providers)
        }
    }


def test_few_sites_show_who_is_there() -> None:
    source = sites(2, (0, 1))
    assert boxes_of(source) == [
        Seen(
            name,
            "2 machines",
            ((f"{name}-link", "LinkManager", False), (f"{name}-server", "SwyxServer", False)),
        )
        for name in ("s0", "s1")
    ]
    assert lines_of(source) == [Seen("s0-link", "l0-1: s0 to s1, shared, through s0-link")]


@pytest.mark.parametrize(
    "source",
    [
        sites(1),
        sites(2),
        sites(3, (0, 1)),
        star(5),
        star(30),
        star(60),
        chain(12),
        chain(60),
        sites(9),
        two_hubs(20),
        carried(star(4), 4),
    ],
    ids=[
        *("one", "two", "apart", "star-5", "star-30", "star-60", "chain-12", "chain-60"),
        *("unlinked", "two-hubs-20", "cards-and-providers"),
    ],
)
def test_no_two_boxes_cover_each_other_and_all_lie_inside(source: Plain) -> None:
    picture = drawn(source)
    for one, other in combinations(picture.boxes, 2):
        wide, high = (one.width + other.width) / 2, (one.height + other.height) / 2
        assert abs(one.x - other.x) >= wide or abs(one.y - other.y) >= high, (one, other)
    left, top, width, height = picture.frame
    for box in picture.boxes:
        assert left + box.width / 2 <= box.x <= left + width - box.width / 2
        assert top + box.height / 2 <= box.y <= top + height - box.height / 2
    providers = source.get("sip_providers", {})
    assert len(picture.boxes) == len(source["sites"]) + len(providers)
    assert len(picture.lines) == len(source["links"]) + len(providers)


def test_a_hub_stands_in_the_middle() -> None:
    hub, *branches = drawn(star(8)).boxes
    assert hub.end.name == "s0"
    assert abs(sum(box.x - hub.x for box in branches)) <= len(branches)
    assert abs(sum(box.y - hub.y for box in branches)) <= len(branches)


def test_two_stand_side_by_side_in_the_order_of_their_names() -> None:
    for source in (sites(2), sites(2, (1, 0))):
        left, right = drawn(source).boxes
        assert (left.end.name, right.end.name) == ("s0", "s1")
        assert (left.y, right.x - left.x) == (right.y, 640)


@pytest.mark.parametrize(
    "source",
    [star(19), star(30), chain(8), chain(20)],
    ids=["star-19", "star-30", "chain-8", "chain-20"],
)
def test_no_line_runs_through_the_middle_of_another_box(source: Plain) -> None:
    picture = drawn(source)
    for line in picture.lines:
        one, other = line.near, line.far
        for box in picture.boxes:
            cross = (other.x - one.x) * (box.y - one.y) - (other.y - one.y) * (box.x - one.x)
            between = (one.x - box.x) * (other.x - box.x) + (one.y - box.y) * (other.y - box.y)
            assert box in (one, other) or between >= 0 or abs(cross) >= 1000, (line, box)


def test_of_too_many_the_linked_ones_are_drawn_and_the_rest_counted() -> None:
    picture = drawn(sites(80, (70, 71), (70, 72)))
    assert (len(picture.boxes), picture.left_out) == (MOST_DRAWN, 20)
    assert {"s70", "s71", "s72"} <= {box.end.name for box in picture.boxes}
    assert "Only the 60 sites with the most links are drawn" in page_of(carried(sites(61), 2))


def test_a_provider_is_drawn_beside_the_site_of_its_link_manager() -> None:
    source = sites(2, (0, 1))
    source["sip_providers"] = {
        "carrier": {
            "cidrs": ["203.0.113.0/28"],
            "link_manager": "s1-link",
            "media_ports": "10000-20000",
        }
    }
    assert boxes_of(source)[-1] == Seen("carrier", "SIP provider")
    words = "carrier: SIP provider, reached through s1-link of s1"
    assert lines_of(source)[-1] == Seen("s1-link", words)


def test_the_order_of_the_file_moves_nothing() -> None:
    source = star(7)
    turned = {**source, "sites": dict(reversed(source["sites"].items()))}
    assert drawn(source) == drawn(turned)


def test_several_links_of_two_sites_are_one_line_that_names_all() -> None:
    source = sites(2, (0, 1))
    name, link = next(iter(source["links"].items()))
    other = {"s0-l2": {"addresses": ["10.0.0.99"], "roles": ["LinkManager"]}}
    source["sites"][min(source["sites"])]["machines"] |= other
    source["links"]["second"] = {**link, "link_manager": "s0-l2"}
    (line,) = lines_of(source)
    assert line.name == f"{link['link_manager']}, s0-l2"
    assert name in line.words
    assert "second" in line.words


def crowded() -> Plain:
    """Two sites beside a centre; each has too many machines to be drawn as a card."""
    source = star(3)
    for name, site in source["sites"].items():
        for n in range(12):
            gate = {"addresses": [f"10.{name[1:]}.1.{n}"], "roles": ["SwyxGate"]}
            site["machines"][f"{name}-gate-{n}"] = gate
    return source


@pytest.mark.parametrize(
    ("manager", "label"), [("s1-link", "s1-link"), ("s1-linkmanager", "1 link")]
)
def test_a_name_that_does_not_fit_between_two_boxes_is_left_to_the_title(
    manager: str, label: str
) -> None:
    """Boxes of 150 with their centres 230 apart leave room for 13 letters."""
    source = crowded()
    machines = source["sites"]["s1"]["machines"]
    machines[manager] = machines.pop("s1-link")
    source["links"]["l0-1"]["link_manager"] = manager
    (line,) = (one for one in drawn(source).lines if one.links[0].name == "l0-1")
    assert (line.near.y == line.far.y, abs(line.near.x - line.far.x)) == (True, 230)
    assert Seen(label, f"l0-1: s1 to s0, shared, through {manager}") in lines_of(source)


def test_several_links_whose_names_do_not_fit_are_counted() -> None:
    source = crowded()
    source["links"]["l1-0"] = {"sites": ["s0", "s1"], "link_manager": "s1-link"}
    (line,) = (one for one in lines_of(source) if "l0-1" in one.words)
    assert line.name == "2 links"


def test_a_machine_outside_the_cloud_is_told_apart_and_stands_last() -> None:
    source = sites(1)
    source["sites"]["s0"]["machines"]["s0-isdn"] = {
        "addresses": ["10.0.0.12"],
        "roles": ["SwyxGate"],
        "outside": True,
    }
    source["sites"]["s0"]["networks"] = {"office": {"cidrs": ["10.0.1.0/24"], "roles": ["SwyxIt"]}}
    (box,) = boxes_of(source)
    assert box.words == "3 machines, 1 network"
    assert [(name, outside) for name, _, outside in box.members] == [
        ("s0-link", False),
        ("s0-server", False),
        ("office", False),
        ("s0-isdn", True),
    ]


def test_a_provider_above_leaves_no_gap_as_high_as_a_site() -> None:
    """Its box is 54 high, a site's as high as it has machines: the frame begins where a box does."""
    picture = drawn(carried(sites(2, (0, 1)), 2))
    highest = min(box.y - box.height // 2 for box in picture.boxes)
    assert highest - picture.frame[1] == 14


def test_a_label_is_beside_its_line_and_not_on_it() -> None:
    """Above a level line; right of one that falls to the right, left of one that rises."""
    assert labels(page_of(sites(2, (0, 1)))) == [("", 0)]
    found = labels(page_of(star(6)))
    assert {side for side, _ in found} == {"right", "left", ""}
    assert all(side == {1: "right", -1: "left", 0: ""}[slope] for side, slope in found)


def labels(page: str) -> list[tuple[str, int]]:
    """Each label's side, and whether its line falls (1) or rises (-1) to the right."""
    lines = [tuple(map(int, ends)) for ends in re.findall(LINE, page)]
    slopes = {
        ((x1 + x2) // 2, (y1 + y2) // 2 - 7): (x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in lines
    }
    found = []
    for side, x, y in re.findall(r'class="on-line (\w*)" x="(-?\d+)" y="(-?\d+)"', page):
        slope = slopes[int(x) - {"right": 6, "left": -6, "": 0}[side], int(y)]
        found.append((side, (slope > 0) - (slope < 0)))
    return found
