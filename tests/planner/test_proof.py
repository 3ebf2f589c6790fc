"""The proof accepts what the writers render, and nothing that differs from it by a single thing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_sites
from swyx_components.planner.endpoints import Flows
from swyx_components.planner.model import (
    Direction,
    Protocol,
    RenderedSite,
    Rule,
)
from swyx_components.planner.proof import prove, prove_rules
from swyx_components.planner.render import render_site
from swyx_components.sets.ports import ALL_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import WIDTH, Prefix

EVERYWHERE = Prefix.parse("0.0.0.0/0")

# Two sites with a little of everything: several machines a group, networks, a link, extra rules, IPv6.
INSTALLATION: dict[str, Any] = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "41000-41099", "fax_transport": "both"},
    "sites": {
        "aachen": {
            "machines": {
                "ac-server": {"addresses": ["10.1.0.10", "fd00:1::10"], "roles": ["SwyxServer"]},
                "ac-link": {"addresses": ["10.1.0.11"], "roles": ["LinkManager"]},
                "ac-gate-1": {"addresses": ["10.1.0.12"], "roles": ["SwyxGate"]},
                "ac-gate-2": {"addresses": ["10.1.0.13"], "roles": ["SwyxGate"]},
                "ac-fax": {"addresses": ["10.1.0.17"], "roles": ["SwyxFaxServer"]},
            },
            "networks": {
                "ac-office": {"cidrs": ["10.1.20.0/24", "fd00:1:20::/64"], "roles": ["SwyxIt"]}
            },
            "extra_rules": [
                {
                    "direction": "in",
                    "to": "ac-server",
                    "from": ["10.1.99.0/24", "fd00:1:99::/64"],
                    "protocol": "icmp",
                    "reason": "monitoring",
                }
            ],
        },
        "bochum": {
            "machines": {
                "bo-server": {"addresses": ["10.2.0.10"], "roles": ["SwyxServer"]},
                "bo-fax": {"addresses": ["10.2.0.17"], "roles": ["SwyxFaxServer"]},
            },
            "egress": "open",
        },
    },
    "links": {"aachen-bochum": {"sites": ["aachen", "bochum"], "link_manager": "ac-link"}},
}


@cache
def rendered_sites(cloud: str) -> Mapping[str, RenderedSite]:
    installation = load_installation(INSTALLATION)
    return {
        plan.site: render_site(plan, installation, PLATFORMS[cloud])
        for plan in plan_sites(installation)
    }


def rules_of(rendered: RenderedSite) -> dict[str, tuple[Rule, ...]]:
    return {entry.group.name: entry.rules for entry in rendered.groups}


def group_of(rendered: RenderedSite, machine: str) -> str:
    return next(
        group.name
        for group in rendered.plan.groups
        if any(own.name == machine for own in group.machines)
    )


def allowing(cloud: str) -> Iterator[tuple[RenderedSite, str, int, Rule]]:
    """Every rule at Aachen that lets something pass: its site, group and place."""
    rendered = rendered_sites(cloud)["aachen"]
    for group, specs in rules_of(rendered).items():
        for place, spec in enumerate(specs):
            if spec.allow:
                yield rendered, group, place, spec


def with_specs(rendered: RenderedSite, group: str, specs: Sequence[Rule]) -> Any:
    return prove_rules(rendered, {**rules_of(rendered), group: tuple(specs)})


def replaced(specs: Sequence[Rule], place: int, *instead: Rule) -> list[Rule]:
    return [*specs[:place], *instead, *specs[place + 1 :]]


@pytest.mark.parametrize("cloud", PLATFORMS)
def test_the_proof_accepts_what_is_rendered_and_counts_both_ends(cloud: str) -> None:
    for name, rendered in rendered_sites(cloud).items():
        proof = prove(rendered)
        assert proof.holds, proof.missing + proof.excess
        assert proof.compared > 10
        assert str(proof) == f"{name}: {proof.compared} requirements compared, 0 missing, 0 excess"


Edit = Callable[[Rule], Rule | None]


def removed(spec: Rule) -> None:
    return None


def one_port_more(spec: Rule) -> Rule:
    ports = spec.ports or PortSet()
    return spec._replace(ports=ports | [(port.last + 1, port.last + 1) for port in ports])


def one_port_less(spec: Rule) -> Rule:
    ports = spec.ports or PortSet()
    return spec._replace(ports=ports - PortSet.of((ports[0].first, ports[0].first)))


def another_transport(spec: Rule) -> Rule:
    other = {
        Protocol.TCP: Protocol.UDP,
        Protocol.UDP: Protocol.TCP,
        Protocol.ICMP: Protocol.ICMPV6,
        Protocol.ICMPV6: Protocol.ICMP,
    }[spec.protocol]
    return spec._replace(protocol=other)


def any_protocol(spec: Rule) -> Rule:
    return spec._replace(protocol=Protocol.ANY, ports=None)


def no_source_ports(spec: Rule) -> Rule:
    return spec._replace(source_ports=None)


def other_source_ports(spec: Rule) -> Rule:
    sources = spec.source_ports or PortSet()
    return spec._replace(source_ports=PortSet(PortRange(a + 1, b + 1) for a, b in sources))


def source_ports_added(spec: Rule) -> Rule:
    return spec._replace(source_ports=PortSet.of((1024, 65535)))


def other_way(spec: Rule) -> Rule:
    other = Direction.OUT if spec.direction is Direction.IN else Direction.IN
    return spec._replace(direction=other)


def wider_cidr(spec: Rule) -> Rule:
    """Two bits, since the one address more that one bit adds may be the machine's own."""
    prefixes = []
    for prefix in spec.prefixes:
        length = max(prefix.length - 2, 0)
        mask = (1 << WIDTH[prefix.version]) - (1 << (WIDTH[prefix.version] - length))
        prefixes.append(Prefix(prefix.version, prefix.first & mask, length))
    return spec._replace(prefixes=tuple(prefixes))


def narrower_cidr(spec: Rule) -> Rule | None:
    kept = tuple(
        Prefix(prefix.version, prefix.first, prefix.length + 1)
        for prefix in spec.prefixes
        if prefix.length < WIDTH[prefix.version]
    )
    return spec._replace(prefixes=kept) if kept else None


def everywhere(spec: Rule) -> Rule:
    return spec._replace(prefixes=(EVERYWHERE,), groups=())


def another_group(spec: Rule) -> Rule:
    """The fax server in place of any other peer; in its own rules, nobody."""
    return spec._replace(groups=() if "swyxfaxserver" in spec.groups else ("swyxfaxserver",))


def denied(spec: Rule) -> Rule:
    return spec._replace(allow=False)


has_ports = lambda spec: spec.protocol.has_ports  # noqa: E731
has_sources = lambda spec: spec.source_ports is not None  # noqa: E731
has_prefixes = lambda spec: bool(spec.prefixes)  # noqa: E731
has_names = lambda spec: bool(spec.groups)  # noqa: E731
always = lambda spec: True  # noqa: E731

EDITS: list[tuple[Edit, Callable[[Rule], bool], set[str]]] = [
    (removed, always, {"aws", "azure"}),
    (denied, always, {"azure"}),
    (one_port_more, has_ports, {"aws", "azure"}),
    (one_port_less, has_ports, {"aws", "azure"}),
    (another_transport, always, {"aws", "azure"}),
    (any_protocol, always, {"aws", "azure"}),
    (no_source_ports, has_sources, {"azure"}),
    (other_source_ports, has_sources, {"azure"}),
    (source_ports_added, lambda spec: not has_sources(spec) and has_ports(spec), {"azure"}),
    (other_way, always, {"aws", "azure"}),
    (wider_cidr, has_prefixes, {"aws", "azure"}),
    (narrower_cidr, has_prefixes, {"aws", "azure"}),
    (everywhere, always, {"aws", "azure"}),
    (another_group, has_names, {"aws"}),
]


@pytest.mark.parametrize("cloud", PLATFORMS)
@pytest.mark.parametrize(("edit", "fits", "clouds"), EDITS, ids=[row[0].__name__ for row in EDITS])
def test_the_proof_rejects_each_rule_edited(
    cloud: str, edit: Edit, fits: Callable[[Rule], bool], clouds: set[str]
) -> None:
    tried = 0
    for rendered, group, place, spec in allowing(cloud):
        if cloud not in clouds or not fits(spec):
            continue
        edited = edit(spec)
        if edited == spec:
            continue
        tried += 1
        specs = rules_of(rendered)[group]
        proof = with_specs(rendered, group, replaced(specs, place, *([edited] if edited else [])))
        assert not proof.holds, f"{group}: {spec} as {edited}"
        assert {gap.group for gap in proof.missing + proof.excess} == {group}
    assert tried >= 2 or cloud not in clouds


def halves(prefix: Prefix) -> list[Prefix]:
    version, first, length = prefix
    second = first + (1 << (WIDTH[version] - length - 1))
    return [Prefix(version, each, length + 1) for each in (first, second)]


@pytest.mark.parametrize("cloud", PLATFORMS)
def test_a_prefix_in_halves_or_with_one_of_them_beside_it_allows_the_same(cloud: str) -> None:
    tried = 0
    for rendered, group, place, spec in allowing(cloud):
        if spec.prefixes and all(p.length < WIDTH[p.version] for p in spec.prefixes):
            cut = tuple(half for prefix in spec.prefixes for half in halves(prefix))
            for same in (cut, (*spec.prefixes, cut[0])):
                specs = replaced(rules_of(rendered)[group], place, spec._replace(prefixes=same))
                assert with_specs(rendered, group, specs).holds, f"{spec} as {same}"
                tried += 1
    assert tried >= 4


@pytest.mark.parametrize("cloud", PLATFORMS)
def test_what_is_lost_is_missing_and_what_is_gained_is_excess(cloud: str) -> None:
    for rendered, group, place, spec in allowing(cloud):
        specs = rules_of(rendered)[group]
        lost = with_specs(rendered, group, replaced(specs, place))
        assert lost.missing and not lost.excess
        gained = with_specs(rendered, group, [*specs, everywhere(spec)])
        assert gained.excess and not gained.missing


@pytest.mark.parametrize("cloud", PLATFORMS)
def test_a_group_without_any_rule_is_rejected(cloud: str) -> None:
    rendered = rendered_sites(cloud)["aachen"]
    for group in rules_of(rendered):
        assert not with_specs(rendered, group, ()).holds


def closed_by(rendered: RenderedSite, group: str, change: Callable[[Rule], Rule | None]) -> Any:
    """The proof with the deny at the end of each direction changed."""
    specs = [spec if spec.allow else change(spec) for spec in rules_of(rendered)[group]]
    return with_specs(rendered, group, [spec for spec in specs if spec is not None])


def test_a_platform_that_does_not_deny_by_default_needs_the_deny_at_the_end() -> None:
    rendered = rendered_sites("azure")["aachen"]
    for group in rules_of(rendered):
        proof = closed_by(rendered, group, lambda spec: None)
        assert proof.excess and not proof.missing
        for direction in Direction:
            one = closed_by(
                rendered, group, lambda spec, own=direction: None if spec.direction is own else spec
            )
            assert {gap.direction for gap in one.excess} == {direction}


def test_a_platform_that_denies_by_default_needs_no_deny() -> None:
    rendered = rendered_sites("aws")["aachen"]
    assert all(spec.allow for specs in rules_of(rendered).values() for spec in specs)


def test_a_rule_after_the_deny_lets_nothing_pass() -> None:
    for rendered, group, place, spec in allowing("azure"):
        late = spec._replace(priority=5000)
        proof = with_specs(rendered, group, replaced(rules_of(rendered)[group], place, late))
        assert proof.missing and not proof.excess


PARTIAL: dict[str, Edit] = {
    "one transport": lambda spec: spec._replace(protocol=Protocol.TCP),
    "some addresses": lambda spec: spec._replace(prefixes=(Prefix.parse("10.0.0.0/8"),)),
    "some ports": lambda spec: spec._replace(protocol=Protocol.TCP, ports=PortSet.of((0, 1023))),
    "some source ports": lambda spec: spec._replace(source_ports=PortSet.of((1024, 65535))),
}


@pytest.mark.parametrize(
    "narrow", PARTIAL.values(), ids=[name.replace(" ", "-") for name in PARTIAL]
)
def test_a_deny_that_closes_only_a_part_is_no_deny_at_the_end(narrow: Edit) -> None:
    rendered = rendered_sites("azure")["aachen"]
    for group in rules_of(rendered):
        assert closed_by(rendered, group, narrow).excess


def test_open_egress_leaves_what_goes_out_to_others() -> None:
    for cloud in PLATFORMS:
        rendered = rendered_sites(cloud)["bochum"]
        out = Rule(
            direction=Direction.OUT,
            protocol=Protocol.TCP,
            ports=PortSet.of((443, 443)),
            source_ports=None,
            prefixes=(EVERYWHERE,),
            priority=200,
        )
        for group, specs in rules_of(rendered).items():
            assert with_specs(rendered, group, [*specs, out]).holds
            assert not with_specs(rendered, group, [*specs, other_way(out)]).holds


def test_a_gap_names_group_direction_ports_and_peers() -> None:
    rendered = rendered_sites("aws")["aachen"]
    group = group_of(rendered, "ac-link")
    specs = rules_of(rendered)[group]
    extra = Rule(
        direction=Direction.IN,
        protocol=Protocol.TCP,
        ports=PortSet.of((22, 22), (80, 81)),
        source_ports=None,
        prefixes=(Prefix.parse("192.0.2.0/24"),),
    )
    proof = with_specs(rendered, group, [*specs, extra])
    assert [str(gap) for gap in proof.excess] == [
        f"{group} in tcp 22, 80-81 from 192.0.2.0-192.0.2.255"
    ]
    place = next(
        place for place, spec in enumerate(specs) if spec.ports == PortSet.of((65001, 65001))
    )
    proof = with_specs(rendered, group, replaced(specs, place))
    assert [str(gap) for gap in proof.missing] == [f"{group} in tcp 65001 from 10.2.0.10"]


def test_the_full_port_range_is_what_none_means() -> None:
    rendered = rendered_sites("azure")["aachen"]
    for group, specs in rules_of(rendered).items():
        spelt = [
            spec._replace(source_ports=spec.source_ports or ALL_PORTS) if spec.allow else spec
            for spec in specs
        ]
        assert with_specs(rendered, group, spelt).holds


def test_a_range_that_begins_with_a_machine_s_own_address_is_excess() -> None:
    rendered = rendered_sites("aws")["aachen"]
    group = group_of(rendered, "ac-server")
    ssh = Rule(Direction.IN, Protocol.TCP, PortSet.of((22, 22)), None)
    for cidr, expected in (
        ("fd00:1::10/128", []),
        ("fd00:1::10/127", [f"{group} in tcp 22 from fd00:1::10-fd00:1::11"]),
    ):
        extra = ssh._replace(prefixes=(Prefix.parse(cidr),))
        proof = with_specs(rendered, group, [*rules_of(rendered)[group], extra])
        assert [str(gap) for gap in proof.excess] == expected


@pytest.mark.parametrize("cloud", sorted(PLATFORMS))
def test_a_machine_that_a_group_lets_reach_itself_alone_is_no_excess(cloud: str) -> None:
    """A rule that names its own group lets nobody in where no two of its machines speak one IP version."""
    machines = {
        "server": {"addresses": ["10.1.0.10", "fd00:1::10"], "roles": ["SwyxServer"]},
        "old": {"addresses": ["10.1.0.11"], "roles": ["SwyxIt"]},
        "new": {"addresses": ["fd00:1::12"], "roles": ["SwyxIt"]},
        "gate": {"addresses": ["10.1.0.13", "fd00:1::13"], "roles": ["SwyxGate", "SwyxIt"]},
    }
    data = {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": {"aachen": {"machines": machines}},
    }
    installation = load_installation(data)
    (plan,) = plan_sites(installation)
    assert [m.name for m in plan.group("swyxit").machines] == ["new", "old"]
    rendered = render_site(plan, installation, PLATFORMS[cloud])
    assert prove(rendered).holds
    second = {**machines, "older": {"addresses": ["10.1.0.14"], "roles": ["SwyxIt"]}}
    data["sites"] = {"aachen": {"machines": second}}
    wider = load_installation(data)
    (plan,) = plan_sites(wider)
    rendered = render_site(plan, wider, PLATFORMS[cloud])
    fewer = Flows([[pair for pair in plan.flows.pairs if pair[0] is not pair[1]]])
    required = replace(rendered.plan, flows=fewer)
    excess = prove(replace(rendered, plan=required)).excess
    assert {gap.peers for gap in excess} == {"10.1.0.11", "10.1.0.14"}
