"""Arguments that `SwyxSite` can't work with: sentences, before anything is looked up or made."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import swyx_components
from swyx_components import SwyxSite
from tests.tools.components.estate import AWS, AZURE, EXAMPLE, INSTALLATION
from tests.tools.components.recorder import Cloud, failure, record

LATER = pulumi.Output.from_input("x")
PLAIN = (
    "this is an output, but its value must be known when the program runs; write the value itself, or read "
    "it from the stack's configuration; only ids may be outputs, one per list entry."
)
ON_AWS = "attach, instance_id, interface_id, interface_ids"


def fax(**binding: Any) -> dict[str, Any]:
    return {**AWS, "machines": {"ac-fax": binding}}


def tags(**tags: Any) -> dict[str, Any]:
    return {**AWS, "tags": tags}


ARGUMENTS: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "A cloud that there is not",
        {"cloud": "gcp", "network": {"project": "p"}},
        ["cloud: 'gcp' is not one of aws, azure; write cloud: aws, or cloud: azure."],
    ),
    (
        "A misspelt argument",
        {**AWS, "machine": {}},
        [
            "unknown argument machine; known are attach, cloud, installation, machines, network, "
            "site, tags, topology; remove it or correct its spelling."
        ],
    ),
    (
        "No installation",
        {**AWS, "installation": None},
        [
            "the argument installation is missing; write installation: stacks/installation.yaml, or "
            "topology: {...}."
        ],
    ),
    (
        "An installation twice",
        {**AWS, "topology": {"sites": {}}},
        ["only one of installation, topology may be given; keep one."],
    ),
    (
        "A network of the other cloud",
        {**AZURE, "cloud": "aws"},
        [
            "network: resource_group is an argument for Azure, and this site is in AWS (known there: "
            "vpc_id, vpc_tags); remove it.",
            "network: virtual_network is an argument for Azure, and this site is in AWS (known there: "
            "vpc_id, vpc_tags); remove it.",
        ],
    ),
    (
        "A network without what it is found by",
        {"cloud": "aws", "network": {}},
        [
            "network: the argument vpc_id or vpc_tags is missing; write network: {vpc_tags: {Name: aachen}}, "
            "or network: {resource_group: bochum, virtual_network: bochum}."
        ],
    ),
    (
        "A network of a cloud that is not known",
        {"cloud": "aws", "network": {"vpc_id": "vpc-1", "project": "p"}},
        [
            "network: unknown argument project; known are vpc_id, vpc_tags; remove it or correct its "
            "spelling."
        ],
    ),
    (
        "A machine bound as in the other cloud",
        fax(subnet_id="s"),
        [
            f"machines.ac-fax: subnet_id is an argument for Azure, and this site is in AWS (known "
            f"there: {ON_AWS}); "
            "remove it."
        ],
    ),
    (
        "A machine's misspelt key",
        fax(interfaces=["eni-1"]),
        [
            f"machines.ac-fax: unknown argument interfaces; known are {ON_AWS}; remove it or correct "
            f"its spelling."
        ],
    ),
    (
        "A text where a list is meant",
        fax(interface_ids="eni-1"),
        [
            "machines.ac-fax.interface_ids: 'eni-1' is not a list of ids; write interface_ids: [ID, ...]."
        ],
    ),
    (
        "A list where an id is meant",
        fax(instance_id=["i-1"]),
        [
            "machines.ac-fax.instance_id: a list is not an id, as a string or an output; write "
            "instance_id: ID."
        ],
    ),
    (
        "A number among ids",
        fax(interface_ids=["eni-1", 7]),
        [
            "machines.ac-fax.interface_ids[1]: 7 is not an id, as a string or an output; write "
            "interface_ids[1]: ID."
        ],
    ),
    (
        "A text where true or false is meant",
        {**fax(attach="false"), "attach": "no"},
        [
            "attach: 'no' is not true or false; write attach: false.",
            "machines.ac-fax.attach: 'false' is not true or false; write attach: false.",
        ],
    ),
    (
        "A machine that is no mapping",
        {**AWS, "machines": {"ac-fax": "eni-1"}},
        ["machines.ac-fax: 'eni-1' is not a mapping; write ac-fax: {...}."],
    ),
    (
        "A list where the properties of an interface are meant",
        {**AZURE, "site": "bochum", "machines": {"bo-gate": {"interface": []}}},
        ["machines.bo-gate.interface: a list is not a mapping; write interface: {...}."],
    ),
    (
        "A machine that the site does not have",
        {**AWS, "machines": {"ac-fex": {}}},
        [
            "machines.ac-fex: unknown machine ac-fex; the site aachen has ac-link, ac-fax, ac-gate, "
            "ac-server; remove it or correct its spelling."
        ],
    ),
    (
        "A tag whose value is a number",
        tags(cost=4711),
        ['tags.cost: 4711 is not a string; write cost: "4711".'],
    ),
    (
        "Tags that AWS keeps to itself or can't hold",
        tags(**{"AWS:x": "1", "k" * 129: "1", "a": "v" * 257, "b": "a|b", "": "x"}),
        [
            "tags.: AWS would refuse this tag: a key has at least 1 character; correct it.",
            "tags.AWS:x: AWS would refuse this tag: no key may begin with `aws:`; correct it.",
            "tags.a: AWS would refuse this tag: a value has at most 256 characters, this one 257; correct "
            "it.",
            "tags.b: AWS would refuse this tag: a value can't have '|'; correct it.",
            f"tags.{'k' * 129}: AWS would refuse this tag: a key has at most 128 characters, this one 129; "
            "correct it.",
        ],
    ),
    (
        "More tags than there is room for",
        tags(**{f"t{number}": "x" for number in range(27)}),
        [
            "tags: 27 tags where 26 are allowed: AWS takes 50 per resource, and the component writes "
            "the others; "
            "remove some."
        ],
    ),
    (
        "Tags that Azure can't hold",
        {**AZURE, "site": "bochum", "tags": {"a/b": "x", "k" * 513: "x", "c": "v" * 257}},
        [
            "tags.a/b: Azure would refuse this tag: a key can't have '/'; correct it.",
            "tags.c: Azure would refuse this tag: a value has at most 256 characters, this one 257; correct "
            "it.",
            f"tags.{'k' * 513}: Azure would refuse this tag: a key has at most 512 characters, this one 513; "
            "correct it.",
        ],
    ),
    ("Outputs as tags", {**AWS, "tags": LATER}, [f"tags: {PLAIN}"]),
    ("An output as a tag's value", tags(team=LATER), [f"tags.team: {PLAIN}"]),
    ("An output as the installation", {**AWS, "installation": LATER}, [f"installation: {PLAIN}"]),
    (
        "An output as an address",
        {
            **AWS,
            "installation": {"sites": {"acme": {"machines": {"server": {"addresses": [LATER]}}}}},
        },
        [f"installation.sites.acme.machines.server.addresses[0]: {PLAIN}"],
    ),
    (
        "An output as the list of ids",
        fax(interface_ids=LATER),
        [f"machines.ac-fax.interface_ids: {PLAIN}"],
    ),
    ("An output as a switch", fax(attach=LATER), [f"machines.ac-fax.attach: {PLAIN}"]),
    (
        "An output as a machine",
        {**AWS, "machines": {"ac-fax": LATER}},
        [f"machines.ac-fax: {PLAIN}"],
    ),
    ("An output as all machines", {**AWS, "machines": LATER}, [f"machines: {PLAIN}"]),
    ("An output as the network", {"cloud": "aws", "network": LATER}, [f"network: {PLAIN}"]),
    (
        "An output as the tags of a VPC",
        {"cloud": "aws", "network": {"vpc_tags": {"Name": LATER}}},
        [f"network.vpc_tags.Name: {PLAIN}"],
    ),
    ("An output as the site", {**AWS, "site": LATER}, [f"site: {PLAIN}"]),
]


@pytest.mark.parametrize(("title", "args", "sentences"), ARGUMENTS, ids=[a[0] for a in ARGUMENTS])
def test_wrong_arguments_are_sentences(
    title: str, args: dict[str, Any], sentences: list[str]
) -> None:
    full: Any = {"installation": INSTALLATION, "site": "aachen", **args}
    lines = failure(lambda: SwyxSite("aachen", full), EXAMPLE)
    assert lines == ["swyx_components:", *(f"  {sentence}" for sentence in sentences)]


def test_a_topology_is_an_installation_without_unions() -> None:
    """Extra rules name their machine and its peers, DCOM has a key for each of its two ranges."""
    shared = {
        "machines": {
            "server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]},
            "gate": {"addresses": ["10.1.0.11"], "roles": ["SwyxGate"]},
        },
        "networks": {"office": {"cidrs": ["10.1.20.0/24"], "roles": ["SwyxIt"]}},
        "ports": {"SwyxGate": {"media": "51500-51599"}},
    }
    rule = {"protocol": "tcp", "ports": ["3389"], "reason": "administration"}
    file = {
        "swyxware": "6.01",
        "decisions": {
            "dcom": {"server": "40000-40099", "client": "40100-40199"},
            "h245": "tunnelled",
        },
        "sites": {
            "acme": {
                **shared,
                "extra_rules": [
                    {"direction": "in", "to": "server", "from": ["10.1.99.0/28"], **rule},
                    {"direction": "out", "from": "gate", "to": ["10.1.99.0/28"], **rule},
                ],
            }
        },
    }
    topology: Any = {
        "decisions": {
            "dcom_server": "40000-40099",
            "dcom_client": "40100-40199",
            "h245": "tunnelled",
        },
        "sites": {
            "acme": {
                **shared,
                "extra_rules": [
                    {"direction": "in", "machine": "server", "peers": ["10.1.99.0/28"], **rule},
                    {"direction": "out", "machine": "gate", "peers": ["10.1.99.0/28"], **rule},
                ],
            }
        },
    }
    cloud = Cloud(
        interfaces={"10.1.0.10": "eni-10", "10.1.0.11": "eni-11"}, vpcs={"aachen": "vpc-1"}
    )
    own: Any = {"site": "acme", **AWS}
    rules = []
    for args in ({**own, "installation": file}, {**own, "topology": topology}):
        made = record(partial(SwyxSite, "acme", args), cloud).resources
        rules.append({each.name: each.inputs for each in made if each.parent})
    assert rules[0] == rules[1]
    assert "acme.swyxserver-in-tcp-3389-10.1.99.0_28" in rules[0]


def test_tags_at_the_limit_are_taken() -> None:
    most = {f"t{number}": "v" * 256 for number in range(24)} | {"k" * 128: "Wände + a@b", "e": ""}
    full: Any = {"installation": INSTALLATION, "site": "aachen", **AWS, "tags": most}
    made = record(lambda: SwyxSite("aachen", full), EXAMPLE)
    counts = [len(each.inputs["tags"]) for each in made.resources if "tags" in each.inputs]
    assert max(counts) <= 50


def test_an_id_that_is_an_output_without_a_value_is_a_sentence() -> None:
    """As of a stack reference whose stack has no such output."""
    full: Any = {
        "installation": INSTALLATION,
        "site": "aachen",
        **fax(interface_id=pulumi.Output.from_input(None)),
    }
    assert failure(lambda: SwyxSite("aachen", full), EXAMPLE)[1:] == [
        "  machines.ac-fax.interface_id: None is not an id; write the id itself, or an output of it."
    ]


@pytest.mark.parametrize(
    ("cloud", "name", "package"),
    [("aws", "AWS", "pulumi_aws"), ("azure", "Azure", "pulumi_azure_native")],
)
def test_an_extra_that_is_not_installed_is_named(
    cloud: str, name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"swyx_components.clouds.{cloud}.resources", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    own = {"aws": AWS, "azure": AZURE}[cloud]
    full: Any = {"installation": INSTALLATION, "site": "aachen", **own}
    assert failure(lambda: SwyxSite("aachen", full), EXAMPLE)[1:] == [
        f"  cloud: a site in {name} needs the Python package {package}, which is not installed; run "
        f"`pip install 'swyx-components[{cloud}]'`."
    ]


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_every_row_of_the_limits_is_read(cloud: str) -> None:
    """By name: what only the file has is a limit that nobody heeds."""
    package = Path(swyx_components.__file__).parent
    rows = yaml.safe_load((package / "clouds" / cloud / "limits.yaml").read_text())
    code = "".join(path.read_text() for path in sorted(package.rglob("*.py")))
    names = [name for part in ("quotas", "priorities", "texts") for name in rows.get(part, ())]
    assert [name for name in names if f'"{name}"' not in code] == []
