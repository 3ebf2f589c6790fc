"""Decisions with what they open, and two installations compared."""

from __future__ import annotations

from typing import Any

from swyx_components.installation import load_installation
from swyx_components.planner import plan_sites
from swyx_components.report.html.overview import Differences, list_settings
from tests.report.test_chapter import plain
from tests.tools.changes import compare_installations
from tests.tools.report_pages import rows_of


def settings_of(**aachen: Any) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    installation = load_installation(plain(**aachen))
    ids = {plan.site: {flow.flow for flow in plan.flows} for plan in plan_sites(installation)}
    return {row.key: (row.value, row.opens, row.flows) for row in list_settings(installation, ids)}


def test_each_decision_says_what_it_opens_and_for_which_flows() -> None:
    assert settings_of() == {
        "dcom (server)": (
            "40000-40199 (restricted)",
            "TCP 135, 40000-40199 towards SwyxServer",
            ("C1",),
        ),
        "dcom (client)": (
            "40000-40199 (restricted)",
            "TCP 135, 40000-40199 towards SwyxIt",
            ("C2",),
        ),
        "h245": ("tunnelled", "nothing: H.245 runs inside H.225", ()),
        "fax_transport": ("udp", "", ()),  # no fax and no PhoneManager: nothing uses these
        "cornet": ("4060-4061 (default)", "", ()),
        "egress": ("closed", "egress only for flows and extra rules", ()),
    }


def test_what_a_site_settles_for_itself_is_listed() -> None:
    told = settings_of(
        decisions={
            "dcom": {"server": "41000-41009", "client": "42000-42009"},
            "dcom_transport": "both",
        },
        ports={"SwyxIt": {"media": "50000-50019"}},
        egress="open",
        sip_devices=["10.1.30.0/28"],
    )
    assert told["dcom (client)"][:2] == (
        "42000-42009",
        "TCP and UDP 135, 42000-42009 towards SwyxIt",
    )
    assert told["egress"][1] == "all egress (unmanaged)"
    assert told["ports (SwyxIt.media)"][0] == "50000-50019"
    assert told["sip_devices"][0] == "10.1.30.0/28"


def test_sites_that_agree_share_a_row() -> None:
    source = plain()
    source["sites"]["bochum"] = {
        "machines": {"bo-server": {"addresses": ["10.2.0.10"], "roles": ["SwyxServer"]}},
        "networks": {"bo-office": {"cidrs": ["10.2.20.0/24"], "roles": ["SwyxIt"]}},
        "decisions": {"h245": "41000-41099"},
    }
    installation = load_installation(source)
    ids = {"aachen": {"C1", "C2", "M2"}, "bochum": {"C1", "C2", "M2"}}
    sites = {(row.key, row.value): row.sites for row in list_settings(installation, ids)}
    assert sites["dcom (server)", "40000-40199 (restricted)"] == ("aachen", "bochum")
    assert sites["h245", "tunnelled"] == ("aachen",)
    assert sites["h245", "41000-41099"] == ("bochum",)


# ---- differences


def compare(new: Any, old: Any) -> list[tuple[str, ...]]:
    changes = compare_installations(load_installation(old), load_installation(new))
    return rows_of(Differences("old.yaml", changes), new)


def test_an_installation_does_not_differ_from_itself() -> None:
    assert compare(plain(), plain()) == []


def test_a_moved_office_differs_in_itself_in_packets_and_in_each_of_its_rules() -> None:
    moved = plain(networks={"ac-office": {"cidrs": ["10.1.21.0/24"], "roles": ["SwyxIt"]}})
    rows = compare(moved, plain())
    place = "sites.aachen.networks.ac-office.cidrs"
    assert [row for row in rows if row[1] == "Edits of the file"] == [
        ("", "Edits of the file", place, "10.1.20.0/24 -> 10.1.21.0/24", ""),
    ]
    rules = [row for row in rows if row[1] == "Rules added and removed"]
    assert [row[0] for row in rules] == ["plan", "other"] * 6
    assert {row[2] for row in rules} == {"aachen/ac-server"}
    assert (
        "other",
        "Rules added and removed",
        "aachen/ac-server",
        "in tcp 135 from 10.1.20.0/24 [C1 L72 L115]",
        f"flows C1; since {place}",
    ) in rules
    assert (
        "",
        "Newly allowed",
        "ac-office (10.1.21.0/24) to ac-server",
        "tcp 135, 40000-40199",
        "ac-server",
    ) in rows


def test_a_new_site_is_one_edit_with_its_groups_and_rules() -> None:
    more = plain()
    more["sites"]["celle"] = {
        "machines": {"ce-server": {"addresses": ["10.3.0.10"], "roles": ["SwyxServer"]}},
        "networks": {"ce-office": {"cidrs": ["10.3.20.0/24"], "roles": ["SwyxIt"]}},
    }
    rows = [row for row in compare(more, plain()) if row[1] != "Newly allowed"]
    assert [row[:3] for row in rows] == [
        ("", "Edits of the file", "sites.celle"),
        ("", "Groups", "celle/swyxserver"),
        *[("plan", "Rules added and removed", "celle/ce-server")] * 6,
    ]
    assert {because.partition("; ")[2] for *_, because in rows[2:]} == {"since sites.celle"}


def test_edits_alike_are_one_row_and_counted_apart() -> None:
    old = plain()
    old["sites"]["bochum"] = {
        "machines": {
            "bo-server": {"addresses": ["10.2.0.10"], "roles": ["SwyxServer"]},
            "bo-gate": {"addresses": ["10.2.0.11"], "roles": ["SwyxGate"]},
        }
    }
    new = {**old, "decisions": {**old["decisions"], "h245": "41000-41099"}}
    changes = compare_installations(load_installation(old), load_installation(new))
    found = Differences("old.yaml", changes)
    (edit,) = (row for row in rows_of(found, new) if row[1] == "Edits of the file")
    places = "sites.aachen.decisions.h245, sites.bochum.decisions.h245"
    assert edit[2:4] == (places, "tunnelled -> 41000-41099")
    assert list(found.counts.items()) == [
        (("flow", "newly allowed"), 2),
        (("edit", "of the file"), 2),
        (("rule", "added"), 4),
    ]
