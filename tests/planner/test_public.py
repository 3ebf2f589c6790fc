"""No rule of any cloud reaches every address unless each extra rule behind it says that it may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import assess_site

Rule = tuple[str, str, bool]  # peers, ports, acknowledged
LOWER, UPPER, ALL = "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0"


def public_messages(rules: Sequence[Rule], cloud: str, **site: Any) -> list[str]:
    server = {"addresses": ["10.1.0.10", "fd00:1::10"], "roles": ["SwyxServer"]}
    extra = [
        {"direction": "in", "to": "server", "from": peers.split(), "reason": "web"}
        | ({"protocol": "tcp", "ports": ports} if ports else {"protocol": "icmp"})
        | ({"acknowledge_public": True} if acknowledged else {})
        for peers, ports, acknowledged in rules
    ]
    aachen = {"machines": {"server": server}, "extra_rules": extra, **site}
    installation = load_installation({"swyxware": "6.01", "sites": {"aachen": aachen}})
    found = assess_site(
        plan_site(installation, "aachen"), installation, PLATFORMS.get(cloud)
    ).messages
    return [str(message) for message in found if message.id == "rules-public"]


@pytest.mark.parametrize("cloud", ["", "aws", "azure"])
@pytest.mark.parametrize(
    "rules",
    [
        [(LOWER, "443", False), (UPPER, "443", False)],
        [("::/1", "443", False), ("8000::/1", "443", False)],
        [(LOWER, "443", True), (UPPER, "400-500", False)],
        [(LOWER, "443", True), (LOWER, "444", True), (UPPER, "443-444", False)],
        [(LOWER, "", False), (UPPER, "", False)],
        [(ALL, "443", True), (LOWER, "80", False), (UPPER, "80", False)],
    ],
)
def test_extra_rules_that_are_everything_only_together_are_refused(
    rules: list[Rule], cloud: str
) -> None:
    found = public_messages(rules, cloud)
    assert found
    assert all(
        text.startswith("sites.aachen.extra_rules: the addresses of extra:") for text in found
    )
    assert all("`acknowledge_public: true`" in text for text in found)


@pytest.mark.parametrize("cloud", ["", "aws", "azure"])
@pytest.mark.parametrize(
    "rules",
    [
        [(LOWER, "443", True), (UPPER, "443", True)],
        [(LOWER, "443", True), (UPPER, "440-450", True)],
        [(ALL, "443", True), (UPPER, "443", False)],
        [(ALL, "443", True), (ALL, "444", True)],
        [(LOWER, "443", False), (UPPER, "80", False)],
        [(f"{LOWER} {UPPER}", "", True)],
        [(f"{ALL} ::/0", "443", True)],
    ],
)
def test_what_is_acknowledged_or_no_whole_family_is_accepted(rules: list[Rule], cloud: str) -> None:
    assert public_messages(rules, cloud) == []


@pytest.mark.parametrize("cloud", ["", "aws", "azure"])
def test_a_flow_and_an_extra_rule_that_are_everything_together_are_refused(cloud: str) -> None:
    (text,) = public_messages([(LOWER, "5060", False)], cloud, sip_devices=[UPPER])
    assert "C16, extra:aachen:0 at server together cover 0.0.0.0/0" in text
    assert public_messages([(LOWER, "5061", False)], cloud, sip_devices=[UPPER]) == []


def test_ports_that_a_cloud_can_not_tell_apart_count_as_it_has_them() -> None:
    """AWS matches no source ports, so the media of a provider joins there with any other peer's."""
    data: dict[str, Any] = {"swyxware": "6.01", "decisions": {"h245": "tunnelled"}}
    machines = {
        "server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]},
        "link": {"addresses": ["10.1.0.11"], "roles": ["LinkManager"]},
    }
    rule = {"direction": "in", "to": "link", "from": [LOWER], "protocol": "udp", "reason": "test"}
    rule["ports"] = "55000-56000"
    data["sites"] = {"aachen": {"machines": machines, "extra_rules": [rule]}}
    data["sip_providers"] = {
        "carrier": {"cidrs": [UPPER], "link_manager": "link", "media_ports": "10000-20000"}
    }
    installation = load_installation(data)
    plan = plan_site(installation, "aachen")
    found = {
        cloud: [m.id for m in assess_site(plan, installation, PLATFORMS.get(cloud)).messages]
        for cloud in ("", "aws", "azure")
    }
    assert {cloud: "rules-public" in ids for cloud, ids in found.items()} == {
        "": False,
        "aws": True,
        "azure": False,
    }
