"""What an installation becomes: frozen values, sorted, the best that can be made of a defective file."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from swyx_components.catalogue import load as catalogue_room
from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Transport
from swyx_components.catalogue.yaml_source import MOST_BYTES
from swyx_components.installation import load_installation, load_schema, read_installation
from swyx_components.installation.model import Egress, ExtraRule, Link, Provider
from swyx_components.messages import MOST_MESSAGES, SwyxError
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet
from swyx_components.sets.prefixes import Prefix
from tests.tools.example_files import BASE, merged, read_plain


def example(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = read_plain(BASE.read_text(encoding="utf-8"))
    return merged(data, changes) if changes else data


def texts(source: Any) -> list[str]:
    return [str(message) for message in read_installation(source, file="plan.yaml")[1]]


def test_the_example_becomes_frozen_values_in_order() -> None:
    installation = load_installation(BASE)
    aachen = installation.sites["aachen"]
    assert list(installation.sites) == ["aachen", "bochum"]
    assert [machine.name for machine in aachen.machines] == [
        "ac-fax",
        "ac-link",
        "ac-phones",
        "ac-server",
    ]
    assert aachen.machines[1].ports == ((("LinkManager", "local"), PortRange(64000, 64000)),)
    assert [network.name for network in aachen.networks] == ["ac-hall", "ac-office"]
    assert aachen.networks[1].roles == ("SwyxIt", "SwyxPhoneL420")
    assert aachen.ports == ((("SwyxIt", "media"), PortRange(50000, 50199)),)
    assert aachen.control_path == (("SwyxPhoneL440", "h323"),)
    assert aachen.sip_devices == (Prefix.parse("10.1.30.0/28"),)
    assert aachen.egress is Egress.CLOSED
    assert aachen.extra_rules == (
        ExtraRule(
            index=0,
            direction="in",
            machine="ac-server",
            peers=(Prefix.parse("10.1.99.0/24"),),
            protocol="tcp",
            ports=PortSet.of((3389, 3389)),
            reason="administration",
        ),
    )


def test_the_decisions_of_the_example_are_those_of_all_sites() -> None:
    installation = load_installation(BASE)
    decisions = installation.sites["aachen"].decisions
    assert decisions is installation.sites["bochum"].decisions
    assert (decisions.dcom_server, decisions.dcom_client) == (PortRange(40000, 40199),) * 2
    assert (decisions.dcom_preset, decisions.h245, decisions.cornet_pinned) == (
        "restricted",
        NO_PORTS,
        True,
    )


def test_links_and_providers_of_the_example_find_their_sites() -> None:
    installation = load_installation(BASE)
    assert installation.links == (
        Link(
            name="aachen-bochum",
            near="aachen",
            far="bochum",
            near_manager="ac-link",
        ),
    )
    assert installation.providers == (
        Provider(
            name="carrier",
            cidrs=(Prefix.parse("203.0.113.0/28"),),
            link_manager="ac-link",
            site="aachen",
            media_ports=PortRange(10000, 20000),
        ),
    )


def test_the_order_of_keys_and_lists_changes_nothing() -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return list(reversed(value)) if isinstance(value, list) and len(value) > 1 else value

    data = example()
    assert read_installation(turned(data)) == read_installation(data)


def test_whole_numbers_that_arrive_as_floats_are_whole_numbers() -> None:
    data = example(
        decisions={"cornet": [4060.0, 4061.0], "h245": 41000.0},
        sites={"bochum": {"ports": {"SwyxServer": {"sip": 5062.0}}}},
        sip_providers={"carrier": {"sip_port": 5080.0, "media_ports": 10000}},
        quotas={"aws": {"rules_per_group": 100.0}},
        swyxware=6.01,
    )
    installation = load_installation(data)
    assert installation.providers[0].sip_port == 5080
    assert installation.sites["bochum"].ports == ((("SwyxServer", "sip"), PortRange(5062, 5062)),)
    assert installation.sites["bochum"].decisions.h245 == PortSet.of((41000, 41000))
    assert installation.quotas == {"aws": {"rules_per_group": 100}}


def test_reading_leaves_the_given_data_alone() -> None:
    data = example()
    before = deepcopy(data)
    read_installation(data)
    assert data == before


def test_a_site_overrides_single_decisions() -> None:
    changes = {"dcom": {"server": "45000-45099"}, "fax_transport": "tcp"}
    sites = load_installation(example(sites={"bochum": {"decisions": changes}})).sites
    bochum = sites["bochum"].decisions
    assert (bochum.dcom_server, bochum.dcom_client, bochum.dcom_preset) == (
        PortRange(45000, 45099),
        None,
        "",
    )
    assert bochum.fax_transports == (Transport.TCP, Transport.UDP)
    assert bochum.h245 == sites["aachen"].decisions.h245 == NO_PORTS
    assert sites["aachen"].decisions.dcom_preset == "restricted"


def test_what_is_not_decided_stays_open_and_defaults_are_known_as_such() -> None:
    data = example()
    del data["decisions"]
    decisions = load_installation(data).sites["aachen"].decisions
    assert (decisions.dcom_server, decisions.dcom_client, decisions.h245) == (None, None, None)
    assert (decisions.fax_stated, decisions.cornet_pinned) == (False, False)
    assert decisions.cornet == PortSet.of((4060, 4061))


def test_media_of_a_link_manager_means_both_transports() -> None:
    ports = {"LinkManager": {"media": "55000-55999"}}
    site = load_installation(example(sites={"bochum": {"ports": ports}})).sites["bochum"]
    both = PortRange(55000, 55999)
    assert site.ports == (
        (("LinkManager", "media_tcp"), both),
        (("LinkManager", "media_udp"), both),
    )


def test_a_chained_link_begins_at_the_first_site_by_name() -> None:
    data = example()
    data["links"] = {
        "x": {
            "sites": ["bochum", "aachen"],
            "mode": "chained",
            "link_managers": {"bochum": "bo-link", "aachen": "ac-link"},
        }
    }
    assert load_installation(data).links == (
        Link(
            name="x",
            near="aachen",
            far="bochum",
            near_manager="ac-link",
            far_manager="bo-link",
        ),
    )


def test_a_shared_link_begins_at_the_site_of_its_link_manager() -> None:
    data = example(links={"aachen-bochum": {"link_manager": "bo-link"}})
    link = load_installation(data).links[0]
    assert (link.near, link.far, link.near_manager) == ("bochum", "aachen", "bo-link")


def test_with_errors_the_rest_is_there_for_the_planner() -> None:
    machines = {
        "bo-server": {"addresses": ["nowhere"]},
        "bo-x": {"addresses": ["10.2.0.12"], "roles": ["x"]},
    }
    data = example(sites={"bochum": {"machines": machines, "egress": "ajar"}}, colour="blue")
    installation, messages = read_installation(data)
    assert installation is not None and len(messages) == 4
    bochum = installation.sites["bochum"]
    assert [
        (machine.name, len(machine.addresses), machine.roles) for machine in bochum.machines
    ] == [
        ("bo-link", 1, ("LinkManager",)),
        ("bo-server", 0, ("SwyxServer",)),
    ]
    assert installation.links and installation.providers
    with pytest.raises(SwyxError) as caught:
        load_installation(data)
    assert caught.value.messages == messages


def test_nothing_is_made_of_another_version_or_of_what_is_no_mapping() -> None:
    assert read_installation(example(swyxware="7.00"))[0] is None
    assert read_installation(BASE.parent)[0] is None


def test_a_catalogue_of_ones_own_stands_beside_the_file(tmp_path: Path) -> None:
    bundled = Path(catalogue_room.__file__).with_name("v6_01.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(bundled.replace('"6.01"', '"6.01x"'), encoding="utf-8")
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        BASE.read_text(encoding="utf-8").replace('"6.01"', "6.01x\ncatalogue: own.yaml"),
        encoding="utf-8",
    )
    assert load_installation(plan).catalogue.version == "6.01x"
    plan.write_text("catalogue: own.yaml\n" + BASE.read_text(encoding="utf-8"), encoding="utf-8")
    assert [str(message) for message in read_installation(plan)[1]] == [
        f"{plan}: swyxware: swyxware is 6.01, but the catalogue own.yaml is for 6.01x; "
        'write `swyxware: "6.01x"` or name another catalogue.'
    ]


def test_files_that_are_none(tmp_path: Path) -> None:
    remedy = "name a file that exists and that you may read."
    absent = tmp_path / "absent.yaml"
    assert texts(absent) == [
        f"plan.yaml: top level: the file can't be read (No such file or directory); {remedy}"
    ]
    assert texts(tmp_path) == [
        f"plan.yaml: top level: the file can't be read (Is a directory); {remedy}"
    ]
    assert texts("a\0b") == [
        f"plan.yaml: top level: the file can't be read (embedded null byte); {remedy}"
    ]


def test_files_that_are_too_large_or_not_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    assert texts(path) == [
        "plan.yaml: top level: the file exceeds 5,000,000 bytes; "
        "split the installation, or write networks instead of single hosts."
    ]
    path.write_bytes(b'swyxware: "6.01"\n# b\xfcro\n')
    assert texts(path) == [
        "plan.yaml: line 2, column 4: the file is not UTF-8 (byte 0xFC); save the file as UTF-8."
    ]
    path.write_bytes(BASE.read_text(encoding="utf-8").encode("utf-16"))
    assert texts(path) == [
        "plan.yaml: line 1, column 1: the file is not UTF-8 (byte 0xFF); save the file as UTF-8."
    ]
    path.write_bytes(b"\xef\xbb\xbf" + BASE.read_bytes().replace(b"\n", b"\r\n"))
    assert texts(path) == []


def test_data_of_a_program_that_is_not_plain() -> None:
    circular: dict[str, Any] = {}
    circular["links"] = circular
    depth = ".".join(["links"] * 33)
    assert texts(circular) == [
        f"plan.yaml: {depth}: nesting exceeds 32 levels; "
        "compare with an example file; an installation nests 7 levels."
    ]
    assert texts(example(decisions={"dcom": object()})) == [
        "plan.yaml: decisions.dcom: a value of type object is not plain data; write text, a number, true "
        "or false, a list or a mapping that is known when the program runs."
    ]
    assert texts({**example(), 7: 1, "7": 2})[0] == (
        "plan.yaml: 7: duplicate key `7`, as text and as a number; keep one of the two."
    )


def test_messages_are_bounded() -> None:
    rules = [{"colour": "blue"}] * 500
    installation, messages = read_installation(example(sites={"aachen": {"extra_rules": rules}}))
    assert installation is None
    assert len(messages) == MOST_MESSAGES + 1
    assert [message.sentence for message in messages if message.id == "messages-cut"] == [
        f"only the first {MOST_MESSAGES} messages are shown; {3000 - MOST_MESSAGES} more are left out"
    ]


def test_the_schema_lists_what_the_catalogue_has() -> None:
    """Roles, listeners, flows, presets and paths stand in the schema so that editors complete them."""
    catalogue, defs = load_catalogue(), load_schema()["$defs"]
    on_networks = [role.name for role in catalogue.roles.values() if role.on_networks]
    others = [name for name in catalogue.roles if name not in on_networks]
    assert defs["network_role"]["enum"] == on_networks
    assert defs["role"]["anyOf"][0]["enum"] == others
    rows = catalogue.flows.values()
    assert defs["optional_flow"]["enum"] == [row.id for row in rows if row.may_be_enabled]
    assert defs["inferred_flow"]["enum"] == [row.id for row in rows if row.may_be_disabled]
    assert defs["decisions"]["properties"]["dcom"]["anyOf"][0]["enum"] == list(catalogue.presets)
    with_choice = [role for role in catalogue.roles.values() if role.control_paths]
    assert defs["role_with_paths"]["enum"] == [role.name for role in with_choice]
    assert {role.control_paths for role in with_choice} == {tuple(defs["control_path"]["enum"])}
    overrides = {
        name: sorted(set(entry["properties"]) - ({"media"} if name == "LinkManager" else set()))
        for name, entry in defs["overrides"]["properties"].items()
    }
    assert overrides == {
        role.name: sorted(one.key for one in role.listeners.values() if one.overridable)
        for role in catalogue.roles.values()
        if any(one.overridable for one in role.listeners.values())
    }


def test_every_key_of_the_schema_is_described_and_shown() -> None:
    for kind, definition in load_schema()["$defs"].items():
        for key, entry in definition.get("properties", {}).items() if kind != "overrides" else ():
            assert entry["description"].endswith("."), f"{kind}.{key}"
            assert entry["examples"], f"{kind}.{key}"


def test_the_examples_of_the_schema_are_yaml_as_the_reader_takes_it() -> None:
    from swyx_components.installation.schema import shape

    for kind in (
        "installation",
        "site",
        "machine",
        "network",
        "link",
        "provider",
        "extra_rule",
        "decisions",
    ):
        for key, written in shape(kind).examples.items():
            assert list(yaml.load(written, Loader=yaml.CSafeLoader)) == [key]
