"""More than any cloud would hold is refused with its figure, before a plan is tried for hours."""

from typing import Any

import pytest

from swyx_components.installation import read_installation

SERVER = {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]}
MERGE = "merge similar or adjacent entries, or"


def said_about(inside: dict[str, Any], **beside: Any) -> list[str]:
    """Every message about a file with one site `a`."""
    site = {**inside, "machines": {"s": SERVER, **inside.get("machines", {})}}
    installation = {"swyxware": "6.01", "sites": {"a": site}, **beside}
    return [str(message) for message in read_installation(installation)[1]]


def machine(number: int, **more: Any) -> dict[str, Any]:
    return {"addresses": [f"10.2.{number >> 8}.{number & 255}"], "roles": ["SwyxGate"], **more}


def blocks(count: int) -> list[str]:
    return [f"10.{64 + (i >> 8)}.{i & 255}.0/24" for i in range(count)]


def rule(count: int) -> dict[str, Any]:
    words = {"direction": "in", "to": "s", "protocol": "tcp", "ports": [80, 443], "reason": "web"}
    return {**words, "from": [f"10.99.{i >> 7}.{i << 1 & 255}" for i in range(count)]}


LARGE = {
    "machines": (
        lambda n: {"machines": {f"m{i}": machine(i) for i in range(n - 1)}},
        2000,
        "2,001 machines where a plan takes at most 2,000",
    ),
    "machines unlike each other": (
        lambda n: {
            "machines": {
                f"m{i}": machine(i, ports={"SwyxGate": {"media": f"{50000 + 2 * i}-50999"}})
                for i in range(n - 1)
            }
        },
        50,
        "51 machines unlike each other where a plan takes at most 50",
    ),
    "networks": (
        lambda n: {
            "networks": {
                f"n{i}": {"cidrs": [c], "roles": ["SwyxIt"]} for i, c in enumerate(blocks(n))
            }
        },
        300,
        "301 networks where a plan takes at most 300",
    ),
    "CIDRs": (
        lambda n: {
            "networks": {"n": {"cidrs": blocks(n - 1), "roles": ["SwyxIt"]}},
            "sip_devices": ["10.98.0.0/24"],
        },
        5000,
        "5,001 CIDRs of networks and SIP devices where a plan takes at most 5,000",
    ),
    "extra rules": (
        lambda n: {"extra_rules": [rule(n // 2)]},
        500,
        "502 pairs of ports and CIDRs in extra rules where a plan takes at most 500",
    ),
}


@pytest.mark.parametrize("title", LARGE)
def test_a_site_has_at_most_so_much_of_everything(title: str) -> None:
    write, most, sentence = LARGE[title]
    assert said_about(write(most)) == []
    more = most + (2 if title == "extra rules" else 1)
    assert said_about(write(more)) == [f"sites.a: {sentence}; {MERGE} split the site."]


def test_a_list_has_at_most_10000_entries() -> None:
    assert said_about({"sip_devices": ["10.0.0.0/8"] * 10_001}) == [
        "sites.a.sip_devices: the list has 10,001 entries where at most 10,000 are allowed; "
        f"{MERGE} split the installation."
    ]
    assert said_about({"extra_rules": [rule(1)] * 10_001}) == [
        "sites.a.extra_rules: the list has 10,001 entries where at most 10,000 are allowed; "
        f"{MERGE} split the installation."
    ]


def test_a_mapping_has_at_most_20000_entries_and_nothing_else_is_said_of_it() -> None:
    sites = {f"s{i}": {} for i in range(20_001)}
    links = {"l": {"sites": ["s1", "s2"], "link_manager": "x"}}
    _, messages = read_installation({"swyxware": "6.01", "sites": sites, "links": links})
    assert [str(message) for message in messages] == [
        "sites: the list has 20,001 entries where at most 20,000 are allowed; "
        f"{MERGE} split the installation."
    ]


def test_providers_of_one_link_manager_are_at_most_60() -> None:
    providers = {
        f"p{i}": {"cidrs": [f"203.0.113.{i}"], "link_manager": "l", "media_ports": "10000-20000"}
        for i in range(61)
    }
    manager = {"l": {"addresses": ["10.1.0.11"], "roles": ["LinkManager"]}}
    assert said_about({"machines": manager}, sip_providers=providers) == [
        "sites.a: 61 SIP providers where a plan takes at most 60; " + f"{MERGE} split the site."
    ]
    del providers["p0"]
    assert said_about({"machines": manager}, sip_providers=providers) == []
