"""What a site is judged to be: refused by a quota, not proven, or fit for its cloud."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from swyx_components.clouds import PLATFORMS
from swyx_components.clouds.aws import Aws
from swyx_components.installation import load_installation
from swyx_components.installation.model import Egress
from swyx_components.messages import Message, Severity
from swyx_components.planner.assess import assess_site
from swyx_components.planner.describe import Provenance
from swyx_components.planner.minimise import NEUTRAL
from swyx_components.planner.model import Capabilities, HostGroup, Rule
from swyx_components.sets.ports import PortSet
from tests.clouds.test_platforms import hub, plan


def test_what_a_cloud_would_refuse_is_a_warning_that_names_it() -> None:
    installation = hub(200)
    found = [
        m
        for m in assess_site(plan(installation), installation, None, PLATFORMS.values()).messages
        if m.id == "quota-would-exceed"
    ]
    assert found
    assert {dict(message.values)["cloud"] for message in found} == {"aws"}
    assert all(message.severity is Severity.WARNING for message in found)


def test_a_summary_is_proposed_only_where_a_site_is_linked() -> None:
    """A quota that grows with peers' addresses: a `summary` of a linked site may lower it."""
    data: dict[str, Any] = {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "quotas": {"aws": {"rules_per_group": 2}},
        "sites": {
            "hub": {"machines": {"server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]}}},
            "far": {"machines": {"other": {"addresses": ["10.2.0.1"], "roles": ["SwyxServer"]}}},
        },
    }
    data["sites"]["hub"]["machines"]["link"] = {"addresses": ["10.0.0.2"], "roles": ["LinkManager"]}
    data["sites"]["hub"]["networks"] = {
        f"n{n}": {"cidrs": [f"10.1.{2 * n}.0/24"], "roles": ["SwyxIt"]} for n in range(9)
    }
    data["sites"]["far"]["networks"] = {
        f"f{n}": {"cidrs": [f"10.2.{2 * n + 2}.0/24"], "roles": ["SwyxIt"]} for n in range(4)
    }
    remedies = []
    for links in ({}, {"one": {"sites": ["hub", "far"], "link_manager": "link"}}):
        installation = load_installation({**data, "links": links} if links else data)
        result = assess_site(plan(installation), installation, None, PLATFORMS.values())
        remedies.append([str(m) for m in result.messages if m.id == "quota-would-exceed"])
    assert remedies[0] and not any("summary" in remedy for remedy in remedies[0])
    assert any("or declare a `summary` for its 1 linked site (" in r for r in remedies[1])


def test_on_that_cloud_it_is_an_error() -> None:
    installation = hub(200)
    assert assess_site(plan(installation), installation, PLATFORMS["aws"]).has_errors
    assert not assess_site(plan(installation), installation, PLATFORMS["azure"]).has_errors


def test_a_lower_quota_of_the_file_is_counted_even_for_a_small_site() -> None:
    quotas = {"aws": {"rules_per_group": 2, "groups_per_interface": 2}}
    installation = replace(hub(3), quotas=quotas)
    found = [
        m.id
        for m in assess_site(plan(installation), installation, None, PLATFORMS.values()).messages
    ]
    assert "quota-would-exceed" in found


def test_a_site_with_errors_is_neither_rendered_nor_proved() -> None:
    data: dict[str, Any] = {"swyxware": "6.01", "sites": {"hub": {}}}
    data["sites"]["hub"]["machines"] = {
        "server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
        "conference": {"addresses": ["10.0.0.2"], "roles": ["ConferenceManager"]},
    }
    installation = load_installation(data)
    result = assess_site(plan(installation), installation, PLATFORMS["aws"])
    assert result.has_errors
    assert (result.rendered.capabilities, result.proof) == (NEUTRAL, None)


def test_a_writer_that_makes_another_plan_than_was_needed_is_refused() -> None:
    """The proof stands between the writer and whoever uses what it wrote."""

    class Less(Aws):
        @staticmethod
        def render_group(
            group: HostGroup, egress: Egress, capabilities: Capabilities, provenance: Provenance
        ) -> tuple[Rule, ...]:
            return Aws.render_group(group, egress, capabilities, provenance)[1:]

    installation = hub(2)
    result = assess_site(plan(installation), installation, Less())
    assert [m.id for m in result.messages if m.severity is Severity.ERROR] == ["proof-failed"]


@pytest.mark.parametrize(
    ("spoil", "sign"),
    [
        (lambda rules: rules[1:], "1 missing, 0 in excess"),
        (
            lambda rules: (rules[0]._replace(ports=PortSet.of((1, 65535))), *rules[1:]),
            "0 missing, 1 in",
        ),
        (lambda rules: (rules[0]._replace(flows=()), *rules[1:]), ""),
    ],
    ids=["a rule less", "a rule wider", "only what people read"],
)
def test_a_plan_for_no_cloud_is_proved_too(spoil: Any, sign: str) -> None:
    installation = hub(1)
    good = plan(installation)
    first = good.group("swyxserver")
    others = (group for group in good.groups if group is not first)
    bad = replace(good, groups=(replace(first, rules=spoil(first.rules)), *others))
    found = [m for m in assess_site(bad, installation).messages if m.id == "proof-failed"]
    assert [sign in str(message) for message in found] == ([True] if sign else [])
    proof = assess_site(good, installation).proof
    assert proof is not None
    assert proof.holds
    assert proof.compared > 0


_SIGNS = "Büro \u2013 Köln & \u201eBonn\u201c \u20ac5"
_REASONS = {
    "Fernwartung für Café Größe": [
        "descriptions on AWS, Azure show `Fernwartung für Café Größe` as `Fernwartung fuer Cafe Groesse`"
    ],
    "AT&T": ["descriptions on AWS show `AT&T` as `AT_T`"],
    _SIGNS: [
        f"descriptions on AWS show `{_SIGNS}` as `Buero - Koeln _ _Bonn_ EUR5`",
        f'descriptions on Azure show `{_SIGNS}` as `Buero - Koeln & "Bonn" EUR5`',
    ],
    "für Обслуживание B1": [
        "descriptions on AWS, Azure can't hold `Обслуживание` of `für Обслуживание B1`: they show "
        "`fuer ____________ B1`, plans and reports keep the original; add it in Latin letters"
    ],
    "plain": [],
}


@pytest.mark.parametrize("reason", _REASONS)
def test_a_reason_is_told_as_the_clouds_show_it(reason: str) -> None:
    told = [m for m in _told_of(reason) if m.id in ("reason-respelled", "reason-unwritable")]
    assert [str(m).removesuffix(".") for m in told] == [
        f"sites.hub.extra_rules[0].reason: {text}" for text in _REASONS[reason]
    ]


def test_on_a_cloud_a_reason_is_told_for_that_one() -> None:
    assert not [m for m in _told_of("AT&T", "azure") if m.id == "reason-respelled"]
    (told,) = [m for m in _told_of("AT&T", "aws") if m.id == "reason-respelled"]
    assert str(told).endswith("descriptions on AWS show `AT&T` as `AT_T`.")


def test_a_purpose_of_an_own_catalogue_is_told_like_a_reason() -> None:
    sip = {"transports": ["udp"], "phase": "control", "purpose": "calls"}
    catalogue = {
        "version": "1",
        "source": "port sheet",
        "roles": {"Reg": {"kind": "server", "listeners": {"sip": {**sip, "ports": 5060}}}},
        "flows": {
            "S1": {
                "evidence": "stated",
                "purpose": "связь",
                "legs": [{"scope": "site", "from": ["Reg"], "to": ["Reg"], "ports": ["sip"]}],
            }
        },
    }
    machines = {"reg": {"addresses": ["10.0.0.1"], "roles": ["Reg"]}}
    installation = load_installation(
        {"catalogue": catalogue, "sites": {"hub": {"machines": machines}}}
    )
    result = assess_site(plan(installation), installation, PLATFORMS["aws"])
    (told,) = [m for m in result.messages if m.id == "reason-unwritable"]
    assert str(told).startswith(
        "catalogue.flows.S1.purpose: descriptions on AWS can't hold `связь`"
    )


def _told_of(reason: str, cloud: str = "") -> tuple[Message, ...]:
    """What is told of a site with an extra rule for this reason."""
    rule = {
        "direction": "in",
        "to": "one",
        "from": ["10.1.0.0/24"],
        "protocol": "tcp",
        "ports": 3389,
    }
    site = {
        "machines": {"one": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]}},
        "extra_rules": [{**rule, "reason": reason}],
    }
    decisions = {"dcom": "restricted", "h245": "tunnelled"}
    data = {"swyxware": "6.01", "decisions": decisions, "sites": {"hub": site}}
    installation = load_installation(data)
    clouds = PLATFORMS.values()
    return assess_site(plan(installation), installation, PLATFORMS.get(cloud), clouds).messages
