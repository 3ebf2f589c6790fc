"""Both ways: the rendered rules let pass exactly what the port model requires.

The oracle is `tests.oracle`, which knows the port model and the clouds' semantics and nothing of the product.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.messages import Severity
from swyx_components.planner import plan_sites
from swyx_components.planner.model import RenderedSite, Rule
from swyx_components.planner.render import render_site
from tests.oracle.assess import assess_site
from tests.oracle.clouds import Aws, Azure
from tests.oracle.domain import Direction, Oracle
from tests.oracle.expected import fewest_in_group
from tests.oracle.installations import installations
from tests.oracle.minimum import least_products
from tests.oracle.packets import Packet, fixture, packed_exceptions, packets, some_addresses, titles
from tests.oracle.regions import V6, Region
from tests.oracle.rendered import aws_cloud, azure_cloud

Plain = dict[str, Any]
FIXTURES = ("one_role_a_machine", "packed")
CLOUDS = ("aws", "azure")
READ: dict[str, Callable[[RenderedSite], Aws | Azure]] = {"aws": aws_cloud, "azure": azure_cloud}

slowly = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def rendered_sites(plain: Plain, cloud: str) -> dict[str, RenderedSite]:
    """Every site of an installation as one cloud would hold it."""
    installation = load_installation(plain)
    found = {}
    for plan in plan_sites(installation):
        assert [str(m) for m in plan.messages if m.severity is Severity.ERROR] == []
        found[plan.site] = render_site(plan, installation, PLATFORMS[cloud])
    return found


# --- packet by packet ----------------------------------------------------------------------------


class Deployed:
    """A fixture, and both its sites in one cloud."""

    def __init__(self, name: str, cloud: str) -> None:
        plain = fixture(name)
        self.oracle = Oracle(plain)
        self.clouds = {
            site: READ[cloud](rendered) for site, rendered in rendered_sites(plain, cloud).items()
        }
        self._regions: dict[tuple[str, Direction], Region] = {}

    def region(self, machine: str, direction: Direction) -> Region:
        """What the cloud lets pass at a machine, computed once."""
        if (machine, direction) not in self._regions:
            endpoint = self.oracle.estate.machine(machine)
            cloud = self.clouds[endpoint.site]
            interface = cloud.interface_of(str(endpoint.prefixes[0].network_address))
            self._regions[machine, direction] = cloud.region(interface, direction)
        return self._regions[machine, direction]

    def answers(self, packet: Packet) -> set[bool]:
        """What each managed end says about a packet, at the edges of its peer's prefixes."""
        return {
            self.region(machine, direction).holds(
                packet.protocol, address, packet.source, packet.port
            )
            for machine, direction, peer in packet.ends()
            for address in some_addresses(peer)
        }


@cache
def deployed(name: str, cloud: str) -> Deployed:
    return Deployed(name, cloud)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("name", FIXTURES)
@pytest.mark.parametrize("title", titles("allowed"))
def test_every_step_of_a_call_scenario_passes_at_both_ends(
    title: str, name: str, cloud: str
) -> None:
    world = deployed(name, cloud)
    steps = packets("allowed", title, world.oracle.estate)
    assert steps
    assert [step.text() for step in steps if world.answers(step) != {True}] == []


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("title", titles("denied"))
def test_a_packet_of_the_deny_list_passes_at_neither_end(title: str, cloud: str) -> None:
    world = deployed("one_role_a_machine", cloud)
    steps = packets("denied", title, world.oracle.estate)
    assert steps
    assert [step.text() for step in steps if world.answers(step) != {False}] == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_packed_machines_open_of_the_deny_list_exactly_what_another_role_explains(
    cloud: str,
) -> None:
    world = deployed("packed", cloud)
    estate = world.oracle.estate
    steps = [step for title in titles("denied") for step in packets("denied", title, estate)]
    opened = {step.text() for step in steps if world.answers(step) != {False}}
    explained = {step.text() for step in packed_exceptions(estate, cloud == "azure")}
    assert sorted(opened - explained) == []
    assert sorted(explained - opened) == []


# --- exactly, as sets ----------------------------------------------------------------------------


def differences(plain: Plain) -> list[str]:
    """Missing and excess packets at every machine, for both clouds."""
    oracle = Oracle(plain)
    return [
        f"{cloud}: {line}"
        for cloud in CLOUDS
        for site, rendered in rendered_sites(plain, cloud).items()
        for line in assess_site(oracle, site, READ[cloud](rendered))
    ]


@pytest.mark.parametrize("name", FIXTURES)
def test_the_fixtures_have_nothing_missing_and_nothing_in_excess(name: str) -> None:
    assert differences(fixture(name)) == []


@slowly
@given(installations())
def test_random_installations_have_nothing_missing_and_nothing_in_excess(plain: Plain) -> None:
    assert differences(plain) == []


def drop_a_rule(cloud: Aws) -> None:
    cloud.groups["swyxserver"]["IpPermissions"].pop()


def widen_a_rule(cloud: Aws) -> None:
    cloud.groups["swyxserver"]["IpPermissions"][0]["ToPort"] += 1


def add_a_rule(cloud: Aws) -> None:
    remote_desktop = {"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389}
    peers = {"IpRanges": [{"CidrIp": "10.1.20.0/24"}]}
    cloud.groups["swyxserver"]["IpPermissions"].append(remote_desktop | peers)


@pytest.mark.parametrize("damage", [drop_a_rule, widen_a_rule, add_a_rule])
def test_the_oracle_sees_one_rule_dropped_widened_or_added(damage: Callable[[Aws], None]) -> None:
    plain = fixture("one_role_a_machine")
    cloud = aws_cloud(rendered_sites(plain, "aws")["aachen"])
    before = assess_site(Oracle(plain), "aachen", cloud)
    damage(cloud)
    assert assess_site(Oracle(plain), "aachen", cloud) != before


def test_the_oracle_sees_a_missing_deny_at_the_end_of_an_azure_group() -> None:
    plain = fixture("one_role_a_machine")
    cloud = azure_cloud(rendered_sites(plain, "azure")["bochum"])
    for group in cloud.security_groups.values():
        rules = group["properties"]["securityRules"]
        rules[:] = [rule for rule in rules if rule["properties"]["access"] == "Allow"]
    excess = [line for line in assess_site(Oracle(plain), "bochum", cloud) if "excess" in line]
    assert {line.split()[0] for line in excess} == set(plain["sites"]["bochum"]["machines"])


def rules_and_bound(plain: Plain) -> tuple[int, int]:
    """How many allowing rules Azure would hold, and how many are needed at the least."""
    oracle, rules, least = Oracle(plain), 0, 0
    for rendered in rendered_sites(plain, "azure").values():
        for entry in rendered.groups:
            rules += sum(spec.allow for spec in entry.rules)
            for direction in ("in", "out"):
                region = oracle.region(entry.group.name, direction, match_source_ports=True)
                for boxes in region.boxes.values():
                    for v6 in (False, True):
                        own = [box for box in boxes if (box.peers[0] >= V6) is v6]
                        least += least_products(own) if own else 0
    return rules, least


def test_azure_needs_no_rule_more_where_machines_carry_several_roles() -> None:
    machines = {
        "server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer", "PhoneManager"]},
        "gate": {"addresses": ["10.1.0.11"], "roles": ["SwyxGate", "ConferenceManager"]},
    }
    phones = {"cidrs": ["10.1.20.0/24"], "roles": ["SwyxIt", "SwyxPhoneL420"]}
    decisions = {"dcom": "restricted", "h245": "tunnelled"}
    sites = {"aachen": {"machines": machines, "networks": {"office": phones}}}
    rules, least = rules_and_bound({"swyxware": "6.01", "decisions": decisions, "sites": sites})
    assert rules == least


@settings(slowly, max_examples=25)
@given(installations())
def test_azure_has_at_most_a_twentieth_more_rules_than_the_lower_bound(plain: Plain) -> None:
    rules, least = rules_and_bound(plain)
    assert rules <= 1.05 * least


# --- stable --------------------------------------------------------------------------------------


def specs_by_group(plain: Plain) -> dict[tuple[str, str, str], tuple[Rule, ...]]:
    """(cloud, site, group) -> its rules, names and priorities included."""
    return {
        (cloud, site, each.group.name): each.rules
        for cloud in CLOUDS
        for site, rendered in rendered_sites(plain, cloud).items()
        for each in rendered.groups
    }


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same data with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@settings(slowly, max_examples=25)
@given(installations(most_sites=3), st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_nothing(plain: Plain, chance: random.Random) -> None:
    assert specs_by_group(shuffled(plain, chance)) == specs_by_group(plain)


def another_site() -> Plain:
    """A site that nobody is linked with."""
    return {
        "machines": {
            "island-server": {"addresses": ["10.77.0.10"], "roles": ["SwyxServer", "SwyxGate"]},
            "island-desk": {"addresses": ["10.77.0.11"], "roles": ["SwyxIt"]},
        },
        "networks": {"island-office": {"cidrs": ["10.77.20.0/24"], "roles": ["SwyxIt"]}},
    }


@settings(slowly, max_examples=25)
@given(installations(most_sites=3))
def test_a_new_site_without_links_changes_no_rule_of_the_others(plain: Plain) -> None:
    before = specs_by_group(plain)
    edited = copy.deepcopy(plain)
    edited["sites"] = {"an-island": another_site()} | edited["sites"]
    after = specs_by_group(edited)
    assert {key: specs for key, specs in after.items() if key[1] != "an-island"} == before


@settings(slowly, max_examples=25)
@given(installations(most_sites=3))
def test_an_extra_rule_changes_no_rule_of_another_group(plain: Plain) -> None:
    before = specs_by_group(plain)
    site = min(plain["sites"])
    machine = next(
        name for name, m in plain["sites"][site]["machines"].items() if "SwyxServer" in m["roles"]
    )
    edited = copy.deepcopy(plain)
    peers = [
        "fd99:5::/64"
        if all(":" in a for a in edited["sites"][site]["machines"][machine]["addresses"])
        else "10.99.5.0/24"
    ]
    rule = {
        "direction": "in",
        "to": machine,
        "from": peers,
        "protocol": "tcp",
        "ports": 8443,
        "reason": "a test",
    }
    edited["sites"][site].setdefault("extra_rules", []).append(rule)
    after = specs_by_group(edited)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    own = {
        (cloud, site, group)
        for cloud in CLOUDS
        for group in groups_with(plain, site, machine, cloud)
    }
    assert changed == own


def groups_with(plain: Plain, site: str, machine: str, cloud: str) -> Iterator[str]:
    for each in rendered_sites(plain, cloud)[site].groups:
        if machine in {m.name for m in each.group.machines}:
            yield each.group.name


@pytest.mark.parametrize(("cloud", "group"), [("aws", "linkmanager"), ("azure", "ac-link")])
def test_a_new_client_changes_over_the_link_only_the_linkmanagers_rules(
    cloud: str, group: str
) -> None:
    plain = fixture("one_role_a_machine")
    before = specs_by_group(plain)
    desk = {"addresses": ["10.2.1.3"], "roles": ["SwyxIt"]}
    plain["sites"]["bochum"]["machines"]["bo-desk-3"] = desk
    after = specs_by_group(plain)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert {key for key in changed if key[:2] == (cloud, "aachen")} == {(cloud, "aachen", group)}


# --- the fewest ----------------------------------------------------------------------------------


@settings(slowly, max_examples=40)
@given(installations(most_sites=3, quiet=True))
def test_the_number_of_aws_rules_is_the_brute_force_minimum(plain: Plain) -> None:
    oracle = Oracle(plain)
    wrong = []
    for site in rendered_sites(plain, "aws").values():
        groups = {g.group.name: [m.name for m in g.group.members] for g in site.groups}
        for each in site.groups:
            for direction in ("in", "out"):
                needed = fewest_in_group(oracle, groups, each.group.name, direction)
                real = Counter(
                    s.protocol.value for s in each.rules if s.direction.value == direction
                )
                if dict(real) != {protocol: count for protocol, count in needed.items() if count}:
                    wrong.append((site.plan.site, each.group.name, direction, needed, dict(real)))
    assert wrong == []
