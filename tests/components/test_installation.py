"""Programs that attach roles by typed calls: what is made, what it is called, and what mistakes are told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_azure_native as azure
import pytest
from pulumi_azure_native import network

from swyx_components import (
    Installation,
    LinkManager,
    PhoneManager,
    Role,
    Site,
    SwyxGate,
    SwyxIt,
    SwyxPhoneL420,
    SwyxServer,
    VirtualNetwork,
    Vpc,
)
from swyx_components.components import site
from swyx_components.planner import plan_site
from swyx_components.testing import nic_id
from tests.tools.components.recorder import Cloud, Recording, failure, record

CLOUD = Cloud(
    vpcs={"aachen": "vpc-1"},
    interfaces={
        "10.1.0.10": "eni-10",
        "10.1.0.11": "eni-11",
        "10.1.0.12": "eni-12",
        "i-10": "eni-10",
        "id-of-ac-server": "eni-10",
        "id-of-ac-link": "eni-11",
        "id-of-ac-gate": "eni-12",
    },
    subnets={"bochum": {"servers": ["10.2.0.0/24"]}},
    nics={"bo-server": ["10.2.0.10"]},
)
SITE = "swyx:index:SwyxSite"
ATTACHMENT = (
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
)
ASSOCIATION = (
    "azure:network/networkInterfaceSecurityGroupAssociation:"
    "NetworkInterfaceSecurityGroupAssociation"
)
AT = "tests/components/test_installation.py"


def instance(name: str, address: str, **more: Any) -> aws.ec2.Instance:
    return aws.ec2.Instance(
        name, ami="ami-12345678", instance_type="t3.micro", private_ip=address, **more
    )


def design() -> Installation:
    """The program of the design, as it is written there."""
    vpc = aws.ec2.Vpc("aachen", cidr_block="10.1.0.0/24")
    server_vm = instance("ac-server", "10.1.0.10")
    gate_vm = instance("ac-gate", "10.1.0.12")
    link_vm = instance("ac-link", "10.1.0.11")
    bo_interface = network.NetworkInterface.get("bo-server", nic_id("bo-server"))

    with Installation(dcom="restricted", h245="tunnelled") as swyx:
        aachen = swyx.site("aachen", Vpc(vpc.id))
        aachen.attach(SwyxServer, PhoneManager, to=server_vm, address="10.1.0.10")
        aachen.attach(SwyxGate, to=gate_vm, address="10.1.0.12")
        link = aachen.attach(LinkManager, to=link_vm, address="10.1.0.11")
        aachen.network("ac-office", "10.1.20.0/24", SwyxIt, SwyxPhoneL420)

        bochum = swyx.site("bochum", VirtualNetwork(resource_group="bochum", name="bochum"))
        bochum.attach(SwyxServer, PhoneManager, to=bo_interface, address="10.2.0.10")
        bochum.network("bo-office", "10.2.20.0/24", SwyxIt, SwyxPhoneL420)
        swyx.link(aachen, bochum, through=link)
    return swyx


def aachen_of(swyx: Installation, **options: Any) -> Site[Any]:
    """A site with one machine that is looked up by its address."""
    site = swyx.site("aachen", Vpc(tags={"Name": "aachen"}), **options)
    site.attach(SwyxServer, address="10.1.0.10", name="ac-server")
    return site


def made_by(program: Callable[[Installation], object], **settings: Any) -> Recording:
    def run() -> None:
        with Installation(dcom="restricted", h245="tunnelled", **settings) as swyx:
            program(swyx)

    return record(run, CLOUD)


def refused(program: Callable[[Installation], object], **settings: Any) -> list[str]:
    """What is said of a program, without its heading; nothing of a site is made."""

    def run() -> None:
        with Installation(dcom="restricted", h245="tunnelled", **settings) as swyx:
            program(swyx)

    heading, *lines = failure(run, CLOUD)
    assert heading == "swyx_components:"
    return [line.strip() for line in lines]


def attached(made: Recording) -> list[tuple[str, str]]:
    return sorted((each.name, each.inputs["networkInterfaceId"]) for each in made.of(ATTACHMENT))


# ---- what is made


def test_the_program_of_the_design_makes_both_sites() -> None:
    made = record(design, CLOUD)
    assert sorted(each.name for each in made.of(SITE)) == ["aachen", "bochum"]
    assert [
        (each.type, each.name, each.parent) for each in made.resources if each.parent in ("aachen",)
    ] == [
        ("swyx:index:LinkManager", "aachen.linkmanager", "aachen"),
        ("swyx:index:SwyxGate", "aachen.swyxgate", "aachen"),
        ("swyx:index:HostGroup", "aachen.swyxserver-phonemanager", "aachen"),
    ]
    assert attached(made) == [
        ("aachen.linkmanager-eni-11", "eni-11"),
        ("aachen.swyxgate-eni-12", "eni-12"),
        ("aachen.swyxserver-phonemanager-eni-10", "eni-10"),
    ]
    (association,) = made.of(ASSOCIATION)
    assert association.inputs["networkInterfaceId"] == nic_id("bo-server")
    proofs = {name: made.outputs[name]["summary"]["proof"] for name in ("aachen", "bochum")}
    assert [proof.partition(",")[0] for proof in proofs.values()] == [
        "aachen: 51 requirements compared",
        "bochum: 13 requirements compared",
    ]


def test_what_was_attached_answers() -> None:
    answers: dict[str, Any] = {}

    def program() -> None:
        swyx = design()
        server, bo_server = swyx["aachen"]["ac-server"], swyx["bochum"]["bo-server"]
        answers["component"] = server.component.pulumi_resource_name
        server.security_group_ids.apply(lambda ids: answers.update(groups=ids))
        server.interface_ids.apply(lambda ids: answers.update(interfaces=ids))
        bo_server.security_group_ids.apply(lambda ids: answers.update(nsg=ids))

    record(program, CLOUD)
    assert answers == {
        "component": "aachen.swyxserver-phonemanager",
        "groups": ["id-of-aachen.swyxserver-phonemanager-sg"],
        "interfaces": ["eni-10"],
        "nsg": ["id-of-bochum.bo-server-nsg"],
    }


def test_leaving_the_block_by_an_exception_makes_nothing() -> None:
    def program() -> None:
        with pytest.raises(ZeroDivisionError), Installation(dcom="restricted") as swyx:
            aachen_of(swyx)
            raise ZeroDivisionError

    assert record(program, CLOUD).resources == []


def test_a_site_without_a_cloud_is_planned_and_not_made() -> None:
    """So one module of the topology serves a stack for each site: each binds its own."""

    def topology() -> Installation:
        swyx = Installation(dcom="restricted", h245="tunnelled")
        for name, start in (("aachen", "10.1.0"), ("bochum", "10.2.0")):
            site = swyx.site(name)
            site.attach(SwyxServer, LinkManager, address=f"{start}.10", name=f"{name}-server")
        swyx.link(swyx["aachen"], swyx["bochum"], through=swyx["aachen"]["aachen-server"])
        return swyx

    def program() -> None:
        with topology() as swyx:
            swyx.site("aachen", Vpc("vpc-1"))
            swyx["aachen"]["aachen-server"].attach(to="i-10")

    made = record(program, CLOUD)
    assert [each.name for each in made.of(SITE)] == ["aachen"]
    assert attached(made) == [("aachen.swyxserver-linkmanager-eni-10", "eni-10")]
    assert any(each.name.endswith("10.2.0.10_32") for each in made.resources)


def test_sites_are_made_once_where_deploy_is_called_in_the_block() -> None:
    ids: list[pulumi.Output[list[str]]] = []

    def program(swyx: Installation) -> None:
        site = aachen_of(swyx)
        swyx.deploy()
        ids.append(site["ac-server"].security_group_ids)

    assert len(made_by(program).of(SITE)) == 1
    assert len(ids) == 1


def test_an_installation_of_a_file_is_bound_to_clouds(tmp_path: Path) -> None:
    path = tmp_path / "installation.yaml"
    path.write_text(
        "swyxware: '6.01'\ndecisions: {dcom: restricted, h245: tunnelled}\nsites:\n  aachen:\n"
        "    machines: {ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}}\n"
    )

    def program() -> None:
        with Installation.load(path) as swyx:
            swyx.site("aachen", Vpc(tags={"Name": "aachen"}))

    assert attached(record(program, CLOUD)) == [("aachen.swyxserver-eni-10", "eni-10")]


def test_the_file_of_a_program_has_what_the_program_says() -> None:
    texts: list[str] = []

    def program(swyx: Installation) -> None:
        site = swyx.site("acme", h245=(41000, 41099), ports={SwyxIt: {"media": (50000, 50199)}})
        server = site.attach(
            SwyxServer,
            LinkManager,
            address=["10.1.0.10", "fd00::10"],
            name="server",
            ports={SwyxServer: {"h225": 1720}},
        )
        site.network("office", ["10.1.20.0/24", "10.1.21.0/24"], SwyxIt)
        site.extra_rule("out", server, "10.1.0.2", "udp", 53, reason="names")
        site.extra_rule("in", server, ["10.1.9.0/28"], "tcp", [3389, (5000, 5010)], reason="admin")
        swyx.provider("carrier", "203.0.113.0/28", through=server, media_ports=(10000, 20000))
        swyx.provider(
            "trunk",
            through=server,
            media_ports="10000-20000",
            signalling_cidrs="203.0.113.16/30",
            media_cidrs=["203.0.113.64/26"],
        )
        texts.append(swyx.to_yaml())

    made_by(program, quotas={"aws": {"rules_per_group": 100}})
    assert texts[0] == (
        "swyxware: '6.01'\n"
        "decisions: {dcom: restricted, h245: tunnelled}\n"
        "quotas:\n"
        "  aws: {rules_per_group: 100}\n"
        "sites:\n"
        "  acme:\n"
        "    decisions: {h245: 41000-41099}\n"
        "    ports:\n"
        "      SwyxIt: {media: 50000-50199}\n"
        "    machines:\n"
        "      server:\n"
        "        addresses: [10.1.0.10, 'fd00::10']\n"
        "        roles: [SwyxServer, LinkManager]\n"
        "        ports:\n"
        "          SwyxServer: {h225: 1720}\n"
        "    networks:\n"
        "      office:\n"
        "        cidrs: [10.1.20.0/24, 10.1.21.0/24]\n"
        "        roles: [SwyxIt]\n"
        "    extra_rules:\n"
        "    - direction: out\n"
        "      from: server\n"
        "      to: [10.1.0.2]\n"
        "      protocol: udp\n"
        "      ports: 53\n"
        "      reason: names\n"
        "    - direction: in\n"
        "      to: server\n"
        "      from: [10.1.9.0/28]\n"
        "      protocol: tcp\n"
        "      ports: [3389, 5000-5010]\n"
        "      reason: admin\n"
        "sip_providers:\n"
        "  carrier:\n"
        "    cidrs: [203.0.113.0/28]\n"
        "    link_manager: server\n"
        "    media_ports: 10000-20000\n"
        "    sip_port: 5060\n"
        "  trunk:\n"
        "    signalling_cidrs: [203.0.113.16/30]\n"
        "    media_cidrs: [203.0.113.64/26]\n"
        "    link_manager: server\n"
        "    media_ports: 10000-20000\n"
        "    sip_port: 5060\n"
    )


# ---- what a machine is, and is called

TARGETS: list[tuple[str, Callable[[], Any], str]] = [
    ("an instance of the program", lambda: instance("vm", "10.1.0.10"), "vm"),
    ("an id of an instance", lambda: "i-10", "aachen-swyxserver"),
    ("an id of an interface", lambda: "eni-10", "aachen-swyxserver"),
    (
        "an output of an instance's id",
        lambda: pulumi.Output.from_input("i-10"),
        "aachen-swyxserver",
    ),
    (
        "an output of an interface's id",
        lambda: pulumi.Output.from_input("eni-10"),
        "aachen-swyxserver",
    ),
    ("an instance looked up", lambda: aws.ec2.Instance.get("found", "i-10"), "found"),
    (
        "an interface looked up",
        lambda: aws.ec2.get_network_interface(id="eni-10"),
        "aachen-swyxserver",
    ),
    ("nothing", lambda: None, "aachen-swyxserver"),
]


@pytest.mark.parametrize(("title", "target", "name"), TARGETS, ids=[each[0] for each in TARGETS])
def test_a_machine_is_whatever_names_it_in_the_cloud(
    title: str, target: Callable[[], Any], name: str
) -> None:
    """Its interface is the one with its address, and it has the best name that is known of it."""
    names: list[str] = []

    def program(swyx: Installation) -> None:
        site = swyx.site("aachen", Vpc("vpc-1"))
        names.append(site.attach(SwyxServer, to=target(), address="10.1.0.10").name)

    cloud_key = "id-of-vm"
    CLOUD.interfaces[cloud_key] = "eni-10"
    assert attached(made_by(program)) == [("aachen.swyxserver-eni-10", "eni-10")]
    assert names == [name]


def test_a_name_tag_of_what_was_looked_up_is_a_machines_name() -> None:
    """Without a name of its own, as an Instance and an interface of EC2 have none."""

    class Found:
        id, arn, instance_type, tags = "i-10", "arn:...", "t3.micro", {"Name": "ac-server"}

    found: Any = Found()
    names: list[str] = []

    def program(swyx: Installation) -> None:
        site = swyx.site("aachen", Vpc("vpc-1"))
        names.append(site.attach(SwyxServer, to=found, address="10.1.0.10").name)

    made_by(program)
    assert names == ["ac-server"]


@pytest.mark.parametrize("how", ["id", "resource", "output"])
def test_an_interface_on_azure_is_an_arm_id_or_what_has_one(how: str) -> None:
    names: list[str] = []

    def program(swyx: Installation) -> None:
        to: Any = {
            "id": lambda: nic_id("bo-server"),
            "resource": lambda: network.NetworkInterface.get("nic", nic_id("bo-server")),
            "output": lambda: pulumi.Output.from_input(nic_id("bo-server")),
        }[how]()
        site = swyx.site("bochum", VirtualNetwork(resource_group="bochum", name="bochum"))
        names.append(site.attach(SwyxServer, to=to, address="10.2.0.10").name)

    (association,) = made_by(program).of(ASSOCIATION)
    assert association.inputs["networkInterfaceId"] == nic_id("bo-server")
    assert names == [{"id": "bo-server", "resource": "nic", "output": "bochum-swyxserver"}[how]]


def test_an_interface_on_azure_is_made_in_a_subnet() -> None:
    def program(swyx: Installation) -> None:
        place = VirtualNetwork(resource_group="bochum", location="westeurope")
        site = swyx.site("bochum", place)
        site.attach(
            SwyxServer,
            address="10.2.0.10",
            subnet_id=pulumi.Output.from_input("/subnets/servers"),
            interface={"enable_accelerated_networking": True},
        )

    (made,) = made_by(program).of("azure-native:network:NetworkInterface")
    assert made.name == "bochum.bochum-swyxserver-nic"
    assert made.inputs["enableAcceleratedNetworking"] is True


def test_a_preview_of_an_id_that_is_not_known_names_its_machine() -> None:
    def program() -> None:
        with Installation(dcom="restricted", h245="tunnelled") as swyx:
            vpc = aws.ec2.Vpc("aachen", cidr_block="10.1.0.0/24")
            site = swyx.site("aachen", Vpc(vpc))
            site.attach(SwyxServer, to=instance("ac-server", "10.1.0.10"), address="10.1.0.10")

    made = record(program, CLOUD, preview=True)
    assert [each.name for each in made.of(ATTACHMENT)] == ["aachen.swyxserver-ac-server"]


def test_a_machine_outside_the_cloud_is_a_peer_without_a_group() -> None:
    def program(swyx: Installation) -> None:
        aachen_of(swyx).machine("ac-isdn", SwyxGate, address="10.1.0.99")

    made = made_by(program)
    assert attached(made) == [("aachen.swyxserver-eni-10", "eni-10")]
    assert [each.name for each in made.of("swyx:index:SwyxGate")] == []
    assert any(each.name.endswith("10.1.0.99_32") for each in made.resources)


def test_a_managed_network_hands_out_its_group() -> None:
    answers: list[Any] = []

    def program() -> None:
        with Installation(dcom="restricted", h245="tunnelled") as swyx:
            desktops = aachen_of(swyx).network("desktops", "10.1.30.0/24", SwyxIt, managed=True)
        answers.append(desktops.component.pulumi_resource_name)
        desktops.security_group_ids.apply(answers.append)

    record(program, CLOUD)
    assert answers == ["aachen.desktops", ["id-of-aachen.desktops-sg"]]


# ---- as any component


def test_two_accounts_and_two_subscriptions_in_one_program() -> None:
    def program(swyx: Installation) -> None:
        for number, name in enumerate(("one", "two"), 1):
            provider = aws.Provider(name, region="eu-central-1")
            options = pulumi.ResourceOptions(provider=provider)
            site = swyx.site(name, Vpc("vpc-1"), opts=options)
            site.attach(SwyxServer, address=f"10.1.0.1{number}", name=f"{name}-server")
        for name in ("three", "four"):
            providers: list[pulumi.ProviderResource] = [
                azure.Provider(name, subscription_id=name),
            ]
            options = pulumi.ResourceOptions(providers=providers)
            place = VirtualNetwork(resource_group=name, location="westeurope")
            site_ = swyx.site(name, place, opts=options, attach=False)
            site_.attach(SwyxServer, address=f"10.{len(name)}.1.10", name=f"{name}-server")

    made = made_by(program)
    used = {
        (each.name.partition(".")[0], each.provider)
        for each in made.resources
        if each.type
        in ("aws:ec2/securityGroup:SecurityGroup", "azure-native:network:NetworkSecurityGroup")
    }
    assert used == {(name, name) for name in ("one", "two", "three", "four")}


def test_protect_aliases_transforms_and_dependencies_are_those_of_a_component() -> None:
    def program(swyx: Installation) -> None:
        first = aws.ec2.Vpc("first", cidr_block="10.3.0.0/24")
        aachen_of(
            swyx,
            resource_name="telephony",
            opts=pulumi.ResourceOptions(
                protect=True,
                aliases=[pulumi.Alias(name="aachen")],
                transformations=[
                    lambda args: (
                        pulumi.ResourceTransformationResult(
                            {**args.props, "tags": {**args.props["tags"], "by": "us"}}, args.opts
                        )
                        if args.type_ == "aws:ec2/securityGroup:SecurityGroup"
                        else None
                    )
                ],
                depends_on=[first],
            ),
        )

    made = made_by(program)
    (site,) = made.of(SITE)
    (group,) = made.of("aws:ec2/securityGroup:SecurityGroup")
    assert (site.name, site.protect, site.aliases, site.after) == (
        "telephony",
        True,
        ("aachen",),
        frozenset({"first"}),
    )
    assert (group.name, group.protect) == ("telephony.swyxserver-sg", True)
    assert group.inputs["tags"]["by"] == "us"


# ---- mistakes


class NotARole:
    pass


def late(swyx: Installation) -> None:
    site = aachen_of(swyx)
    swyx.deploy()
    site.network("office", "10.1.20.0/24", SwyxIt)


MISTAKES: list[tuple[str, Callable[[Installation], object], str]] = [
    (
        "a role as a text",
        lambda swyx: swyx.site("a").attach("SwyxServer", address="10.1.0.10"),  # type: ignore[arg-type]
        "sites.a: 'SwyxServer' is not a role such as SwyxServer; give classes of roles, or your own "
        "subclasses of Role or NetworkRole.",
    ),
    (
        "a class that is no role",
        lambda swyx: swyx.site("a").attach(NotARole, address="10.1.0.10"),  # type: ignore[arg-type]
        "sites.a: NotARole is not a role such as SwyxServer; give classes of roles, or your own subclasses "
        "of Role or NetworkRole.",
    ),
    (
        "a server on a network",
        lambda swyx: swyx.site("a").network("lan", "10.1.20.0/24", SwyxServer),  # type: ignore[arg-type]
        "sites.a: SwyxServer is not a role of a network, such as SwyxIt; give classes of roles, or your "
        "own subclasses of Role or NetworkRole.",
    ),
    (
        "a machine without roles",
        lambda swyx: swyx.site("a").attach(address="10.1.0.10"),
        "sites.a: None is not a role such as SwyxServer; give classes of roles, or your own subclasses of "
        "Role or NetworkRole.",
    ),
    (
        "a word for a cloud",
        lambda swyx: swyx.site("a", "aws"),  # type: ignore[call-overload]
        "sites.a: 'aws' is not a cloud network; write Vpc(vpc.id), or "
        "VirtualNetwork(resource_group=..., name=...).",
    ),
    (
        "a misspelt key of a machine",
        lambda swyx: swyx.site("a").attach(SwyxServer, address="10.1.0.10", instanceid="i-1"),  # type: ignore[call-arg]
        "sites.a.machines.a-swyxserver: unknown argument instanceid; known are address, "
        "attach, instance_id, "
        "interface, interface_id, interface_ids, name, ports, subnet_id, to; remove it or correct "
        "its spelling.",
    ),
    (
        "two machines of one name",
        lambda swyx: [
            aachen_of(swyx),
            swyx["aachen"].attach(SwyxGate, address="10.1.0.11", name="ac-server"),
        ],
        f"sites.aachen.machines.ac-server: ac-server is already declared ({AT}:LINE); use another "
        "name (for a machine or a link, give name=).",
    ),
    (
        "a name that is none",
        lambda swyx: swyx.site("a").attach(SwyxServer, address="10.1.0.10", name="ac server"),
        'sites.a.machines."ac server": invalid name ac server; use 1 to 40 letters, digits, - and _, '
        "starting with a letter or digit (for a machine, give name=).",
    ),
    (
        "a link through a name",
        lambda swyx: swyx.link(swyx.site("a"), swyx.site("b"), through="ac-link"),  # type: ignore[arg-type]
        "'ac-link' is not a machine; give what attach(...) or machine(...) returned, or site[NAME].",
    ),
    (
        "a machine that there is not",
        lambda swyx: aachen_of(swyx)["ac-servre"],
        "unknown machine ac-servre; the site aachen has ac-server; remove it or correct its spelling.",
    ),
    (
        "a site that there is not",
        lambda swyx: swyx["aachen"],
        "unknown site aachen; the installation has none.",
    ),
    (
        "an answer before anything is made",
        lambda swyx: aachen_of(swyx)["ac-server"].security_group_ids,
        "sites.aachen: nothing is created for this site yet; read it after the with block, or after "
        "deploy().",
    ),
    (
        "an answer of a site in no cloud",
        lambda swyx: swyx.site("a").component,
        "sites.a: nothing is created for this site: it has no cloud; give it a Vpc or a "
        "VirtualNetwork, or read a site that has one.",
    ),
]


def without_lines(text: str) -> str:
    """With the number of each line of this file as LINE."""
    import re

    return re.sub(rf"{AT}:[0-9]+", f"{AT}:LINE", text)


@pytest.mark.parametrize(("title", "program", "sentence"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_a_sentence_with_its_line(
    title: str, program: Callable[[Installation], object], sentence: str
) -> None:
    assert [without_lines(line) for line in refused(program)] == [f"{AT}:LINE: {sentence}"]


def test_the_line_is_where_the_program_says_it() -> None:
    def program(swyx: Installation) -> None:
        aachen_of(swyx)
        here = program.__code__.co_firstlineno
        swyx.site("b", h254="tunnelled").attach(  # type: ignore[call-overload]
            SwyxServer, address="10.1.0.300"
        )
        assert here

    start = program.__code__.co_firstlineno
    assert refused(program) == [
        f"{AT}:{start + 3}: sites.b.h254: unknown key `h254`; remove it; the keys are machines, networks, "
        "decisions, ports, flows, control_path, sip_devices, summary, egress, extra_rules.",
        f"{AT}:{start + 3}: sites.b.machines.b-swyxserver.addresses[0]: `10.1.0.300` is not an IPv4 "
        f"or IPv6 address; write an address such as 10.1.0.10 or "
        "2001:db8::10.",
    ]


def test_a_wrong_decision_is_found_at_the_installation() -> None:
    (line,) = refused(aachen_of, cornet=4062)
    assert without_lines(line).startswith(f"{AT}:LINE: decisions.cornet: ")


def test_an_output_where_the_structure_must_be_known_is_a_sentence() -> None:
    def program(swyx: Installation) -> None:
        address: Any = instance("vm", "10.1.0.10").private_ip
        swyx.site("aachen", Vpc("vpc-1")).attach(SwyxServer, address=address, name="ac-server")

    def run() -> None:
        with pytest.raises(pulumi.RunError) as caught, Installation(dcom="restricted") as swyx:
            program(swyx)
        said.append(without_lines(str(caught.value)))

    said: list[str] = []
    record(run, CLOUD)
    assert (
        said[0]
        .splitlines()[1]
        .startswith(f"  {AT}:LINE: sites.aachen.machines.ac-server.addresses[0]: this is an output")
    )


def test_a_machine_of_the_other_cloud_is_a_sentence() -> None:
    def program() -> None:
        with Installation(dcom="restricted", h245="tunnelled") as swyx:
            vm: Any = instance("vm", "10.2.0.10")
            place = VirtualNetwork(resource_group="bochum", name="bochum")
            swyx.site("bochum", place).attach(SwyxServer, to=vm, address="10.2.0.10")

    lines = [without_lines(line) for line in failure(program, CLOUD)]
    assert lines[1:] == [
        f"  {AT}:LINE: machines.vm: `to` is a Instance, which is not a machine of Azure; give an "
        "Instance or NetworkInterface (AWS), a NetworkInterface (Azure), or the id of one."
    ]


def test_what_the_cloud_does_not_have_is_told_with_the_line_of_its_machine() -> None:
    def program(swyx: Installation) -> None:
        site = swyx.site("aachen", Vpc(tags={"Name": "aachen"}))
        site.attach(SwyxServer, address="10.1.0.77")

    start = program.__code__.co_firstlineno
    assert refused(program) == [
        f"{AT}:{start + 2}: machines.aachen-swyxserver: no network interface in vpc-1 has the "
        "address 10.1.0.77 "
        "of aachen-swyxserver; start the machine with this address, correct the address, or write "
        "machines.aachen-swyxserver.interface_ids (attach: false leaves the machine alone)."
    ]


def test_nothing_is_declared_once_sites_are_made() -> None:
    said: list[str] = []

    def program() -> None:
        with (
            pytest.raises(pulumi.RunError) as caught,
            Installation(dcom="restricted", h245="tunnelled") as swyx,
        ):
            late(swyx)
        said.append(without_lines(str(caught.value)))

    record(program, CLOUD)
    assert said[0].splitlines()[1] == (
        f"  {AT}:LINE: sites.aachen.networks.office: the sites are already deployed, so nothing more "
        f"can be declared; declare it in the "
        "with block, or before deploy()."
    )


def test_every_site_is_planned_before_any_is_made() -> None:
    def program(swyx: Installation) -> None:
        aachen_of(swyx)
        other = swyx.site("bochum", Vpc("vpc-1"))
        other.attach(SwyxServer, LinkManager, address="10.2.0.10", name="bo-server")
        other.network("bo-office", [f"10.3.{n}.0/24" for n in range(0, 250, 2)], SwyxIt)

    lines = [without_lines(line) for line in refused(program)]
    assert lines[0].startswith(f"{AT}:LINE: sites.bochum.groups.swyxserver-linkmanager: ")


def test_an_installation_is_read_once_and_each_site_planned_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned: list[str] = []

    def plan(installation: Any, name: str) -> Any:
        planned.append(name)
        return plan_site(installation, name)

    def program(swyx: Installation) -> None:
        aachen_of(swyx)
        bochum = swyx.site("bochum", Vpc("vpc-1"), attach=False)
        bochum.attach(SwyxServer, address="10.2.0.10", name="bo-server")

    monkeypatch.setattr(site, "plan_site", plan)
    monkeypatch.setattr(site, "read_installation", None)
    assert len(made_by(program).of(SITE)) == 2
    assert sorted(planned) == ["aachen", "bochum"]


def test_a_role_of_ones_own_catalogue_is_a_class_of_ones_own() -> None:
    class Registrar(Role):
        pass

    swyx = Installation()
    swyx.site("a").attach(Registrar, address="10.1.0.10")
    assert swyx.document["sites"]["a"]["machines"] == {
        "a-registrar": {"addresses": ["10.1.0.10"], "roles": ["Registrar"]}
    }
