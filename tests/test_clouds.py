"""The one place that knows both clouds: what is foreseen for a site that is bound to none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from swyx_components import clouds
from swyx_components.clouds import (
    CLOUDS,
    count_quotas,
    foresee_quotas,
    judge_site,
    most_rules,
    render_site,
)
from swyx_components.installation import load_installation
from swyx_components.installation.model import Egress, Installation
from swyx_components.messages import Severity
from swyx_components.planner import plan_site
from swyx_components.planner.model import Direction, SitePlan
from swyx_components.sets.ports import PortRange


def hub(networks: int, machines: int = 1) -> Installation:
    """A site with many networks, whose CIDRs can't be joined."""
    site = {
        "machines": {
            "server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
            **{
                f"gate{n}": {"addresses": [f"10.0.1.{n}"], "roles": ["SwyxGate"]}
                for n in range(machines)
            },
        },
        "networks": {
            f"n{n}": {"cidrs": [f"10.{1 + n // 100}.{2 * (n % 100)}.0/24"], "roles": ["SwyxIt"]}
            for n in range(networks)
        },
    }
    decisions = {"dcom": "restricted", "h245": "tunnelled"}
    return load_installation({"swyxware": "6.01", "decisions": decisions, "sites": {"hub": site}})


def plan(installation: Installation) -> SitePlan:
    return plan_site(installation, "hub")


@pytest.mark.parametrize("networks", [1, 10, 25, 40, 60, 120])
def test_a_site_that_is_not_counted_fits_both_clouds(networks: int) -> None:
    """The shortcut may only skip what would have found nothing, and its bound holds for AWS."""
    installation = hub(networks)
    site = plan(installation)
    for cloud in CLOUDS:
        rendered = render_site(cloud, site, installation)
        if cloud in clouds._clouds_that_surely_fit(site):
            assert all(usage.used <= usage.limit for usage in count_quotas(cloud, rendered))
        if cloud == "aws":
            most = max(
                sum(spec.direction is direction for spec in entry.specs)
                for entry in rendered.groups
                for direction in Direction
            )
            assert most <= most_rules(site)


@pytest.mark.parametrize("egress", ["closed", "open"])
@pytest.mark.parametrize(("limit", "most"), [(1, 1), (5, 2), (20, 3), (40, 10), (60, 5), (500, 5)])
def test_what_is_foreseen_is_what_the_rendered_site_uses(
    limit: int, most: int, egress: str
) -> None:
    """Whether one security group holds the rules, some are filled, or each peer has its own."""
    quotas = {"aws": {"rules_per_group": limit, "groups_per_interface": most}}
    installation = replace(hub(30, machines=2), quotas=quotas)
    site = replace(plan(installation), egress=Egress(egress))
    for cloud in CLOUDS:
        rendered = render_site(cloud, site, installation)
        assert foresee_quotas(cloud, site, installation) == count_quotas(cloud, rendered)


def test_what_a_cloud_would_refuse_is_a_warning_that_names_it() -> None:
    installation = hub(200)
    found = [
        m
        for m in judge_site(plan(installation), installation).messages
        if m.id == "quota-would-exceed"
    ]
    assert found
    assert {dict(message.values)["cloud"] for message in found} == {"aws"}
    assert all(message.severity is Severity.WARNING for message in found)


def test_on_that_cloud_it_is_an_error() -> None:
    installation = hub(200)
    assert judge_site(plan(installation), installation, "aws").has_errors
    assert not judge_site(plan(installation), installation, "azure").has_errors


def test_a_lower_quota_of_the_file_is_counted_even_for_a_small_site() -> None:
    quotas = {"aws": {"rules_per_group": 2, "groups_per_interface": 2}}
    installation = replace(hub(3), quotas=quotas)
    found = [m.id for m in judge_site(plan(installation), installation).messages]
    assert "quota-would-exceed" in found


def test_a_site_with_errors_is_neither_rendered_nor_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    data: dict[str, Any] = {"swyxware": "6.01", "sites": {"hub": {}}}
    data["sites"]["hub"]["machines"] = {
        "server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
        "conference": {"addresses": ["10.0.0.2"], "roles": ["ConferenceManager"]},
    }
    installation = load_installation(data)
    judged = judge_site(plan(installation), installation, "aws")
    assert judged.has_errors
    assert (judged.rendered, judged.proof) == (None, None)


def test_a_writer_that_makes_another_plan_than_was_needed_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The proof stands between the writer and whoever uses what it wrote."""

    def render_less(cloud: str, site: SitePlan, installation: Installation) -> Any:
        rendered = render_site(cloud, site, installation)
        first = rendered.groups[0]
        return replace(
            rendered, groups=(replace(first, specs=first.specs[1:]), *rendered.groups[1:])
        )

    installation = hub(2)
    monkeypatch.setattr(clouds, "render_site", render_less)
    judged = clouds.judge_site(plan(installation), installation, "aws")
    assert [m.id for m in judged.messages if m.severity is Severity.ERROR] == ["proof-failed"]


@pytest.mark.parametrize(
    ("spoil", "sign"),
    [
        (lambda rules: rules[1:], "1 missing and 0 in excess"),
        (
            lambda rules: (replace(rules[0], ports=PortRange(1, 65535)), *rules[1:]),
            "0 missing and 1 in",
        ),
        (lambda rules: (replace(rules[0], flows=()), *rules[1:]), ""),
    ],
    ids=["a rule less", "a rule wider", "only what people read"],
)
def test_a_plan_for_no_cloud_is_proved_too(spoil: Any, sign: str) -> None:
    installation = hub(1)
    good = plan(installation)
    first = good.group("swyxserver")
    others = (group for group in good.groups if group is not first)
    bad = replace(good, groups=(replace(first, rules=spoil(first.rules)), *others))
    found = [m for m in judge_site(bad, installation).messages if m.id == "proof-failed"]
    assert [sign in str(message) for message in found] == ([True] if sign else [])
    proof = judge_site(good, installation).proof
    assert proof is not None
    assert proof.holds
    assert proof.compared > 0


def test_an_unknown_cloud_is_a_programming_error() -> None:
    installation = hub(1)
    with pytest.raises(ValueError, match="'gcp' is none of aws, azure"):
        render_site("gcp", plan(installation), installation)
