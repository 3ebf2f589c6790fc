"""A hub whose branches are of several kinds, many of each: planned as if every branch were the only one."""

import copy
from typing import Any

import pytest

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.endpoints import Endpoint, Flow
from swyx_components.planner.render import render_site
from tests.oracle.assess import assess_site as compare_with_oracle
from tests.oracle.domain import Oracle
from tests.oracle.rendered import aws_cloud, azure_cloud

Plain = dict[str, Any]
Connection = tuple[object, ...]
HUB: Plain = {
    "machines": {
        "hub-server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]},
        "hub-fax": {"addresses": ["10.1.0.11"], "roles": ["SwyxFaxServer"]},
        "hub-link": {"addresses": ["10.1.0.12"], "roles": ["LinkManager"]},
    },
    "networks": {"hub-lan": {"cidrs": ["10.1.1.0/24"], "roles": ["SwyxIt"]}},
}
# What a kind of branch has besides its server and its network, and how it is linked.
KINDS: dict[str, Plain] = {
    "plain": {},
    "fax": {
        "machines": {"fax": {"addresses": ["11"], "roles": ["SwyxFaxServer"]}},
        "decisions": {"fax_transport": "both"},
    },
    "moved": {"ports": {"SwyxServer": {"media": "55000-55099"}}},
    "moved machine": {
        "machines": {
            "gate": {
                "addresses": ["12"],
                "roles": ["SwyxGate"],
                "ports": {"SwyxGate": {"media": "56000-56099"}},
            }
        }
    },
    "fewer flows": {"flows": {"disable": ["M2", "C6"]}},
    "summarised": {"summary": ["0/24"]},
    "chained": {
        "machines": {"link": {"addresses": ["13"], "roles": ["LinkManager"]}},
        "link": {"mode": "chained", "link_managers": {"hub": "hub-link", "BRANCH": "BRANCH-link"}},
    },
    "serving the hub": {
        "machines": {"link": {"addresses": ["13"], "roles": ["LinkManager"]}},
        "link": {"link_manager": "BRANCH-link"},
    },
}


def branch(name: str, net: str, kind: Plain) -> Plain:
    """The site, its addresses completed with its net; without the link."""
    site = copy.deepcopy({key: value for key, value in kind.items() if key != "link"})
    machines = {
        "server": {"addresses": ["10"], "roles": ["SwyxServer"]},
        **site.get("machines", {}),
    }
    site["machines"] = {
        f"{name}-{own}": {**machine, "addresses": [f"{net}.{machine['addresses'][0]}"]}
        for own, machine in machines.items()
    }
    site["networks"] = {f"{name}-lan": {"cidrs": [f"{net}.128/25"], "roles": ["SwyxIt"]}}
    if "summary" in site:
        site["summary"] = [f"{net}.0/24"]
    return site


def link(name: str, kind: Plain) -> Plain:
    written = kind.get("link", {"link_manager": "hub-link"})
    text = {
        key: {
            end.replace("BRANCH", name): own.replace("BRANCH", name) for end, own in value.items()
        }
        if isinstance(value, dict)
        else value.replace("BRANCH", name)
        for key, value in written.items()
    }
    return {"sites": ["hub", name], **text}


def mixed(each: int, h245: str | None = "41000-41099") -> Plain:
    """Branches of every kind in turns, so that neighbours in address and name are of different kinds."""
    sites: Plain = {"hub": HUB}
    links: Plain = {}
    for number in range(each * len(KINDS)):
        kind = list(KINDS.values())[number % len(KINDS)]
        name = f"b{number:02}"
        sites[name] = branch(name, f"10.2.{number}", kind)
        links[f"l{number:02}"] = link(name, kind)
    decisions = {"dcom": "restricted"} | ({"h245": h245} if h245 else {})
    return {"swyxware": "6.01", "decisions": decisions, "sites": sites, "links": links}


def only(plain: Plain, name: str) -> Plain:
    """The hub with one of its branches."""
    number = name.removeprefix("b")
    sites = {site: plain["sites"][site] for site in ("hub", name)}
    return {**plain, "sites": sites, "links": {f"l{number}": plain["links"][f"l{number}"]}}


def told(flow: Flow) -> Connection:
    def end(endpoint: Endpoint) -> Connection:
        return (
            endpoint.site,
            endpoint.label,
            endpoint.kind.roles,
            endpoint.prefixes,
            endpoint.summary,
        )

    return flow._replace(initiator=end(flow.initiator), responder=end(flow.responder))  # type: ignore[arg-type]


def flows_with(plain: Plain, name: str) -> list[Connection]:
    """The flows between the hub and one site, in their order."""
    plan = plan_site(load_installation(plain), "hub")
    return [told(flow) for flow in plan.flows if name in (flow.initiator.site, flow.responder.site)]


def test_every_branch_has_the_flows_that_it_has_where_it_is_the_only_one() -> None:
    plain = mixed(3)
    for name in plain["links"]:
        name = name.replace("l", "b")
        assert flows_with(plain, name) == flows_with(only(plain, name), name) != []


def test_the_kinds_of_branches_differ_in_their_flows() -> None:
    """Otherwise the test before would say little."""
    plain = mixed(1)
    kinds = set()
    for number in range(len(KINDS)):
        own = flows_with(plain, f"b{number:02}")
        kinds.add(str(own).replace(f"b{number:02}", "b").replace(f"10.2.{number}", "net"))
    assert len(kinds) == len(KINDS)


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_the_oracle_agrees_about_the_rules_of_a_mixed_hub(cloud: str) -> None:
    plain = mixed(3)
    installation = load_installation(plain)
    rendered = render_site(plan_site(installation, "hub"), installation, PLATFORMS[cloud])
    read = aws_cloud if cloud == "aws" else azure_cloud
    assert compare_with_oracle(Oracle(plain), "hub", read(rendered)) == []


def test_a_missing_decision_names_every_branch_though_they_are_alike() -> None:
    plan = plan_site(load_installation(mixed(2, h245=None)), "hub")
    missing = [str(message) for message in plan.messages if message.id == "decision-missing"]
    first, second = (
        [text.replace(name, "branch") for text in missing if f"sites.{name}." in text]
        for name in ("b00", "b08")
    )
    assert first == second != []


def test_more_branches_of_known_kinds_make_no_other_rules_but_longer_lists() -> None:
    fewer, more = mixed(2), mixed(3)
    before, after = (
        {
            (rule.direction, rule.protocol, rule.ports, rule.source_ports, rule.groups): rule
            for rule in plan_site(load_installation(plain), "hub").group("linkmanager").rules
        }
        for plain in (fewer, more)
    )
    assert before.keys() == after.keys()
    assert all(after[key].flows == rule.flows for key, rule in before.items())
