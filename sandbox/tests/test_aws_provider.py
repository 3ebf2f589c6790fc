"""The stand-in AWS provider over the provider protocol, against the offline EC2; no engine."""

# ruff: noqa: E501 - one fact a row reads better than wrapped ones

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.aws.estate import seed_site
from sandbox.aws.provider import AwsProvider
from sandbox.environment import is_loopback
from sandbox.provider import UNKNOWN, Props, start_server
from sandbox.provider.values import decode, encode
from sandbox.tests.offline import connect_ec2, running_ec2

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ATTACHMENT = (
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
)
INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
INSTANCE = "aws:ec2/instance:Instance"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"


def urn(token: str, name: str = "it") -> str:
    return f"urn:pulumi:dev::project::{token}::{name}"


@dataclass
class Held:
    """A resource as the engine would hold it."""

    token: str
    id: str
    inputs: Props
    outputs: Props


class Engine:
    """The calls that the engine makes, in its order."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    def check(
        self, token: str, news: Props, olds: Props | None = None, name: str = "it"
    ) -> tuple[Props, dict[str, str]]:
        request = provider_pb2.CheckRequest(
            urn=urn(token, name), news=encode(news), olds=encode(olds or {}), randomSeed=b"s"
        )
        reply = self.stub.Check(request)
        return decode(reply.inputs), {each.property: each.reason for each in reply.failures}

    def create(self, token: str, name: str = "it", **news: Any) -> Held:
        inputs, failures = self.check(token, news, name=name)
        assert failures == {}
        made = self.stub.Create(
            provider_pb2.CreateRequest(urn=urn(token, name), properties=encode(inputs))
        )
        return Held(token, made.id, inputs, decode(made.properties))

    def diff(self, held: Held, **news: Any) -> Any:
        inputs, failures = self.check(held.token, news, held.inputs)
        assert failures == {}
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=held.id, urn=urn(held.token), olds=encode(held.outputs),
                old_inputs=encode(held.inputs), news=encode(inputs),
            )
        )  # fmt: skip

    def update(self, held: Held, **news: Any) -> Held:
        inputs, failures = self.check(held.token, news, held.inputs)
        assert failures == {}
        reply = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=held.id, urn=urn(held.token), olds=encode(held.outputs),
                old_inputs=encode(held.inputs), news=encode(inputs),
            )
        )  # fmt: skip
        return Held(held.token, held.id, inputs, decode(reply.properties))

    def read(
        self, token: str, id: str, inputs: Props | None = None, outputs: Props | None = None
    ) -> Held | None:
        request = provider_pb2.ReadRequest(
            id=id, urn=urn(token), inputs=encode(inputs or {}), properties=encode(outputs or {})
        )
        reply = self.stub.Read(request)
        return (
            Held(token, reply.id, decode(reply.inputs), decode(reply.properties))
            if reply.id
            else None
        )

    def refresh(self, held: Held) -> Held | None:
        return self.read(held.token, held.id, held.inputs, held.outputs)

    def delete(self, held: Held) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=held.id,
                urn=urn(held.token),
                properties=encode(held.outputs),
                old_inputs=encode(held.inputs),
            )
        )

    def invoke(self, token: str, **arguments: Any) -> Props:
        reply = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode(arguments)))
        assert not reply.failures
        return decode(getattr(reply, "return"))


def changed(diff: Any) -> set[str]:
    return set(diff.detailedDiff)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_ec2() as found:
        yield found


@pytest.fixture(scope="module")
def engine(endpoint: str) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_REGION", "eu-central-1")
        patch.setenv("SANDBOX_AWS_DELETE_SECONDS", "0.6")
        server, port = start_server(AwsProvider())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(
                provider_pb2.ConfigureRequest(args=encode({"skipCredentialsValidation": "true"}))
            )
            yield Engine(stub)
        server.stop(0)


@pytest.fixture(scope="module")
def ec2(endpoint: str) -> Any:
    return connect_ec2(endpoint)


@pytest.fixture
def vpc(engine: Engine) -> Held:
    return engine.create(VPC, cidrBlock="10.1.0.0/16")


@pytest.fixture
def subnet(engine: Engine, vpc: Held) -> Held:
    return engine.create(SUBNET, vpcId=vpc.id, cidrBlock="10.1.0.0/24")


@pytest.fixture
def group(engine: Engine, vpc: Held) -> Held:
    return engine.create(GROUP, vpcId=vpc.id, tags={"Name": "g"})


def allow(engine: Engine, group: Held, **rule: Any) -> Held:
    given = {"ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "cidrIpv4": "10.0.0.0/8", **rule}
    kept = {name: value for name, value in given.items() if value is not None}
    return engine.create(INGRESS, securityGroupId=group.id, **kept)


def test_a_group_is_named_described_and_has_no_egress(
    engine: Engine, group: Held, ec2: Any
) -> None:
    found = ec2.describe_security_groups(GroupIds=[group.id])["SecurityGroups"][0]
    assert found["GroupName"].startswith("it-") and found["Description"] == "Managed by Pulumi"
    assert found["IpPermissionsEgress"] == [] and found["Tags"] == [{"Key": "Name", "Value": "g"}]
    assert group.outputs["tagsAll"] == {"Name": "g"} and group.outputs["region"] == "eu-central-1"
    assert changed(engine.diff(group, vpcId=group.inputs["vpcId"], tags={"Name": "g"})) == set()


@pytest.mark.parametrize("change", [{"name": "n"}, {"description": "d"}, {"vpcId": "vpc-2"}])
def test_a_groups_name_description_and_vpc_replace_it(
    engine: Engine, group: Held, change: Props
) -> None:
    news = {"vpcId": group.inputs["vpcId"], "tags": {"Name": "g"}, **change}
    assert list(engine.diff(group, **news).replaces) == list(change)


def test_a_groups_tags_change_in_place_and_drift_is_seen(
    engine: Engine, group: Held, ec2: Any
) -> None:
    vpc = group.inputs["vpcId"]
    diff = engine.diff(group, vpcId=vpc, tags={"Name": "h", "a": "b"})
    assert changed(diff) == {"tags.Name", "tags.a"} and not diff.replaces
    group = engine.update(group, vpcId=vpc, tags={"a": "b"})
    assert ec2.describe_security_groups(GroupIds=[group.id])["SecurityGroups"][0]["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    ec2.create_tags(Resources=[group.id], Tags=[{"Key": "by", "Value": "hand"}])
    fresh = engine.refresh(group)
    assert fresh is not None and fresh.inputs["tags"] == {"a": "b", "by": "hand"}
    assert changed(engine.diff(fresh, vpcId=vpc, tags={"a": "b"})) == {"tags.by"}


def test_a_refresh_of_an_unchanged_resource_changes_nothing(
    engine: Engine, group: Held, subnet: Held
) -> None:
    rule = allow(engine, group, description="why", tags={"flows": "M2"})
    reference = allow(engine, group, cidrIpv4=None, referencedSecurityGroupId=group.id)
    ipv6 = allow(engine, group, cidrIpv4=None, cidrIpv6="2001:DB8::/32")
    nic = engine.create(
        INTERFACE,
        subnetId=subnet.id,
        securityGroups=[group.id],
        privateIps=["10.1.0.9", "10.1.0.8"],
    )
    for held in (group, subnet, rule, reference, ipv6, nic):
        fresh = engine.refresh(held)
        assert fresh is not None and fresh.inputs == held.inputs, held.token


def test_a_group_in_use_is_not_deleted_and_a_gone_one_is(
    engine: Engine, group: Held, subnet: Held, ec2: Any
) -> None:
    nic = engine.create(INTERFACE, subnetId=subnet.id, securityGroups=[group.id])
    with pytest.raises(grpc.RpcError) as refused:
        engine.delete(group)
    assert refused.value.details().startswith("DeleteSecurityGroup: DependencyViolation: ")
    engine.delete(nic)
    engine.delete(group)
    engine.delete(group)
    assert engine.refresh(group) is None


def test_a_deletion_waits_for_the_last_use_to_end(
    engine: Engine, group: Held, subnet: Held
) -> None:
    nic = engine.create(INTERFACE, subnetId=subnet.id, securityGroups=[group.id])
    with ThreadPoolExecutor() as pool:
        deletion = pool.submit(engine.delete, group)
        engine.delete(nic)
        deletion.result(timeout=5)


def test_rules_that_are_resources_do_not_show_in_the_groups_diff(
    engine: Engine, group: Held
) -> None:
    allow(engine, group)
    fresh = engine.refresh(group)
    assert fresh is not None and fresh.inputs == group.inputs
    assert changed(engine.diff(fresh, vpcId=group.inputs["vpcId"], tags={"Name": "g"})) == set()


def test_what_the_stand_in_does_not_have_is_refused(engine: Engine) -> None:
    everything = {"protocol": "-1", "fromPort": 0, "toPort": 0}
    for token, news, name in (
        (GROUP, {"ingress": [everything]}, "ingress"),
        (VPC, {"cidrBlock": "10.0.0.0/16", "ipv6NetmaskLength": 56}, "ipv6NetmaskLength"),
        (INSTANCE, {"ami": "a", "instanceType": "t", "subnetId": "s", "userData": "x"}, "userData"),
    ):
        assert engine.check(token, news)[1] == {name: f"the offline provider does not have {name}"}


@pytest.mark.parametrize(
    ("rule", "failures"),
    [
        ({"cidrIpv4": "10.0.0.1/8"}, {"cidrIpv4": "'10.0.0.1/8' is not a network address: host bits are set; did you mean '10.0.0.0/8'?"}),
        ({"cidrIpv4": "2001:db8::/32"}, {"cidrIpv4": "'2001:db8::/32' is not an IPv4 CIDR block"}),
        ({"cidrIpv6": "2001:db8::/32"}, {"cidrIpv6": "a rule needs exactly one of cidrIpv4, cidrIpv6, prefixListId, "
                                         "referencedSecurityGroupId; it has cidrIpv4 and cidrIpv6"}),
        ({"cidrIpv4": None}, {"cidrIpv4": "a rule needs exactly one of cidrIpv4, cidrIpv6, prefixListId, "
                              "referencedSecurityGroupId; it has none"}),
        ({"toPort": None}, {"toPort": "toPort is required with protocol tcp"}),
        ({"toPort": 70000}, {"toPort": "toPort is 70000; a port is at most 65535"}),
        ({"ipProtocol": "-1"}, {"fromPort": "fromPort must not be given with protocol -1, which means every port",
                                "toPort": "toPort must not be given with protocol -1, which means every port"}),
        ({"sourcePort": 5}, {"sourcePort": f"{INGRESS} has no property 'sourcePort'; did you mean 'toPort'?"}),
        ({"securityGroupId": None}, {"securityGroupId": f"{INGRESS} requires the property 'securityGroupId', and it is missing"}),
    ],
)  # fmt: skip
def test_a_rule_that_the_provider_would_refuse_fails_its_check(
    engine: Engine, rule: Props, failures: dict[str, str]
) -> None:
    base = {
        "securityGroupId": "sg-1",
        "ipProtocol": "tcp",
        "fromPort": 80,
        "toPort": 80,
        "cidrIpv4": "10.0.0.0/8",
    }
    news = {name: value for name, value in {**base, **rule}.items() if value is not None}
    assert engine.check(INGRESS, news)[1] == failures


def test_a_rule_with_unknown_values_passes_its_check_and_previews(engine: Engine) -> None:
    news = {
        "securityGroupId": UNKNOWN,
        "ipProtocol": "udp",
        "fromPort": 1,
        "toPort": 2,
        "referencedSecurityGroupId": UNKNOWN,
    }
    inputs, failures = engine.check(INGRESS, news)
    assert failures == {}
    reply = engine.stub.Create(
        provider_pb2.CreateRequest(urn=urn(INGRESS), properties=encode(inputs), preview=True)
    )
    outputs = decode(reply.properties)
    assert reply.id == ""
    assert (
        outputs["securityGroupRuleId"] == UNKNOWN
        and outputs["fromPort"] == 1
        and outputs["tagsAll"] == {}
    )


def test_a_rule_changes_in_place_and_its_id_stays(engine: Engine, group: Held, ec2: Any) -> None:
    rule = allow(engine, group, description="old")
    diff = engine.diff(
        rule,
        securityGroupId=group.id,
        ipProtocol="6",
        fromPort=80,
        toPort=90,
        cidrIpv4="10.0.0.0/9",
        description="new",
    )
    assert changed(diff) == {"toPort", "cidrIpv4", "description"} and not diff.replaces
    engine.update(
        rule,
        securityGroupId=group.id,
        ipProtocol="tcp",
        fromPort=80,
        toPort=90,
        cidrIpv4="10.0.0.0/9",
        description="new",
    )
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule.id])["SecurityGroupRules"][
        0
    ]
    assert (found["ToPort"], found["CidrIpv4"], found["Description"]) == (90, "10.0.0.0/9", "new")


def test_another_group_or_another_kind_of_source_replaces_a_rule(
    engine: Engine, group: Held
) -> None:
    rule = allow(engine, group)
    same = {"ipProtocol": "tcp", "fromPort": 80, "toPort": 80}
    assert list(
        engine.diff(rule, securityGroupId="sg-2", cidrIpv4="10.0.0.0/8", **same).replaces
    ) == ["securityGroupId"]
    replaced = engine.diff(
        rule, securityGroupId=group.id, referencedSecurityGroupId=group.id, **same
    ).replaces
    assert list(replaced) == ["cidrIpv4", "referencedSecurityGroupId"]


def test_a_rule_changed_or_deleted_by_hand_is_seen(engine: Engine, group: Held, ec2: Any) -> None:
    rule = allow(engine, group)
    request = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 9999, "CidrIpv4": "10.0.0.0/8"}
    changes = [{"SecurityGroupRuleId": rule.id, "SecurityGroupRule": request}]
    ec2.modify_security_group_rules(GroupId=group.id, SecurityGroupRules=changes)
    fresh = engine.refresh(rule)
    assert fresh is not None and fresh.inputs["toPort"] == 9999
    ec2.revoke_security_group_ingress(GroupId=group.id, SecurityGroupRuleIds=[rule.id])
    assert engine.refresh(rule) is None


def test_an_egress_rule_is_one_and_a_duplicate_is_an_error(
    engine: Engine, group: Held, ec2: Any
) -> None:
    rule = {"securityGroupId": group.id, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
    made = engine.create(EGRESS, **rule)
    assert ec2.describe_security_group_rules(SecurityGroupRuleIds=[made.id])["SecurityGroupRules"][
        0
    ]["IsEgress"]
    with pytest.raises(grpc.RpcError) as refused:
        engine.create(EGRESS, **rule)
    assert refused.value.details().startswith(
        "AuthorizeSecurityGroupEgress: InvalidPermission.Duplicate: "
    )
    engine.delete(made)
    assert engine.refresh(made) is None


def test_a_resource_is_imported_with_its_inputs(engine: Engine, group: Held) -> None:
    rule = allow(engine, group, description="why")
    imported = engine.read(INGRESS, rule.id)
    assert imported is not None and imported.inputs == {
        "securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "cidrIpv4": "10.0.0.0/8",
        "description": "why",
    }  # fmt: skip
    assert engine.read(INGRESS, "sgr-00000000000000000") is None


def test_attachments_are_added_to_what_is_there_many_at_once(
    engine: Engine, vpc: Held, subnet: Held, ec2: Any
) -> None:
    groups = [engine.create(GROUP, name=f"g{n}", vpcId=vpc.id) for n in range(5)]
    nic = engine.create(INTERFACE, subnetId=subnet.id, securityGroups=[groups[0].id])
    with ThreadPoolExecutor() as pool:
        made = pool.map(
            lambda each: engine.create(
                ATTACHMENT, networkInterfaceId=nic.id, securityGroupId=each.id
            ),
            groups[1:],
        )
        attachments = list(made)
    assert groups_of(ec2, nic.id) == {each.id for each in groups}
    with pytest.raises(grpc.RpcError) as refused:
        engine.create(ATTACHMENT, networkInterfaceId=nic.id, securityGroupId=groups[1].id)
    assert "already attached to EC2 Network Interface" in refused.value.details()
    for each in attachments:
        assert engine.refresh(each) is not None
        engine.delete(each)
        engine.delete(each)
        assert engine.refresh(each) is None
    assert groups_of(ec2, nic.id) == {groups[0].id}


def test_a_sixth_group_is_refused_with_ec2s_code(engine: Engine, vpc: Held, subnet: Held) -> None:
    groups = [engine.create(GROUP, name=f"g{n}", vpcId=vpc.id) for n in range(6)]
    nic = engine.create(
        INTERFACE, subnetId=subnet.id, securityGroups=[each.id for each in groups[:5]]
    )
    with pytest.raises(grpc.RpcError) as refused:
        engine.create(ATTACHMENT, networkInterfaceId=nic.id, securityGroupId=groups[5].id)
    assert "SecurityGroupsPerInterfaceLimitExceeded" in refused.value.details()


def test_an_instance_holds_its_addresses_and_groups(
    engine: Engine, group: Held, subnet: Held, ec2: Any
) -> None:
    inputs = {
        "ami": "ami-1",
        "instanceType": "t3.micro",
        "subnetId": subnet.id,
        "vpcSecurityGroupIds": [group.id],
    }
    instance = engine.create(INSTANCE, **inputs, privateIp="10.1.0.20")
    assert instance.outputs["privateIp"] == "10.1.0.20"
    assert groups_of(ec2, instance.outputs["primaryNetworkInterfaceId"]) == {group.id}
    assert list(engine.diff(instance, **inputs, privateIp="10.1.0.22").replaces) == ["privateIp"]
    other = engine.create(GROUP, vpcId=group.inputs["vpcId"], name="other")
    moved = engine.update(
        instance,
        **{**inputs, "vpcSecurityGroupIds": [other.id]},
        privateIp="10.1.0.20",
    )
    assert moved.outputs["vpcSecurityGroupIds"] == [other.id]
    engine.delete(moved)
    assert engine.refresh(moved) is None
    engine.delete(other)


def test_networks_come_and_go(engine: Engine, vpc: Held, subnet: Held) -> None:
    assert (
        vpc.outputs["defaultSecurityGroupId"].startswith("sg-")
        and vpc.outputs["enableDnsSupport"] is True
    )
    vpc = engine.update(vpc, cidrBlock="10.1.0.0/16", enableDnsHostnames=True, tags={"Name": "v"})
    assert vpc.outputs["enableDnsHostnames"] is True
    engine.delete(subnet)
    engine.delete(vpc)
    assert [engine.refresh(each) for each in (subnet, vpc)] == [None, None]


def test_machines_are_looked_up_by_address_and_the_network_by_tag(
    engine: Engine, endpoint: str
) -> None:
    machines = {"server": ["10.7.0.10", "2001:db8:7::10"], "phone": ["10.7.0.11"]}
    seed_site("lookup-a", machines, endpoint)
    seed_site("lookup-b", machines, endpoint)
    vpc = engine.invoke("aws:ec2/getVpc:getVpc", tags={"Name": "lookup-a"})
    for name, value in (
        ("addresses.private-ip-address", "10.7.0.10"),
        ("ipv6-addresses.ipv6-address", "2001:db8:7::10"),
    ):
        filters = [{"name": name, "values": [value]}, {"name": "vpc-id", "values": [vpc["id"]]}]
        found = engine.invoke("aws:ec2/getNetworkInterfaces:getNetworkInterfaces", filters=filters)
        assert len(found["ids"]) == 1
        single = engine.invoke("aws:ec2/getNetworkInterface:getNetworkInterface", filters=filters)
        assert single["id"] == found["ids"][0] and single["privateIps"] == ["10.7.0.10"]
    instance = engine.invoke(
        "aws:ec2/getInstance:getInstance", instanceTags={"Name": "phone", "swyx:site": "lookup-a"}
    )
    assert instance["privateIp"] == "10.7.0.11" and instance["networkInterfaceId"].startswith(
        "eni-"
    )
    subnets = engine.invoke(
        "aws:ec2/getSubnets:getSubnets", filters=[{"name": "vpc-id", "values": [vpc["id"]]}]
    )
    assert len(subnets["ids"]) == 1
    groups = engine.invoke(
        "aws:ec2/getSecurityGroups:getSecurityGroups",
        filters=[{"name": "vpc-id", "values": [vpc["id"]]}],
    )
    assert len(groups["ids"]) == 2


def test_a_lookup_that_finds_nothing_or_too_much_says_so(engine: Engine, endpoint: str) -> None:
    seed_site("lookup-c", {"server": ["10.8.0.10"], "phone": ["10.8.0.11"]}, endpoint)
    vpc = engine.invoke("aws:ec2/getVpc:getVpc", tags={"Name": "lookup-c"})
    for filters, words in (
        ([{"name": "vpc-id", "values": [vpc["id"]]}], "multiple EC2 Network Interfaces matched"),
        (
            [{"name": "vpc-id", "values": ["vpc-0"]}],
            "no matching EC2 Network Interface found for vpc-id=vpc-0",
        ),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            engine.invoke("aws:ec2/getNetworkInterface:getNetworkInterface", filters=filters)
        assert words in refused.value.details()


def test_default_tags_are_part_of_every_resources_tags(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    server, port = start_server(AwsProvider())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        engine = Engine(provider_pb2_grpc.ResourceProviderStub(channel))
        config = {
            "region": "eu-west-1",
            "defaultTags": json.dumps({"tags": {"owner": "us", "a": "default"}}),
        }
        engine.stub.Configure(provider_pb2.ConfigureRequest(args=encode(config)))
        vpc = engine.create(VPC, cidrBlock="10.0.0.0/16", tags={"a": "own"})
        assert (
            vpc.outputs["tagsAll"] == {"owner": "us", "a": "own"}
            and vpc.outputs["region"] == "eu-west-1"
        )
    server.stop(0)


@pytest.mark.parametrize(
    "endpoint_url",
    [
        "",
        "https://ec2.eu-central-1.amazonaws.com",
        "http://10.0.0.1:5000",
        "http://127.0.0.1.example.org",
    ],
)
def test_the_stand_in_refuses_to_run_against_anything_but_this_machine(
    endpoint_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint_url)
    server, port = start_server(AwsProvider())
    with (
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        provider_pb2_grpc.ResourceProviderStub(channel).Configure(
            provider_pb2.ConfigureRequest(args=encode({"region": "r"}))
        )
    assert "it only talks to an offline EC2 on this machine" in refused.value.details()
    server.stop(0)


def test_this_machine_is_recognised() -> None:
    assert (
        is_loopback("http://127.0.0.1:5000")
        and is_loopback("http://[::1]:5000")
        and is_loopback("http://localhost:5000")
    )


def test_the_plugin_process_prints_its_port_and_ends_with_its_parent() -> None:
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'sandbox.aws.provider'], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline().strip(), flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    pid, port = done.stdout.split()
    assert port.isdecimal()
    assert ends(int(pid))


def ends(pid: int) -> bool:
    """Whether the process is gone within a few seconds."""
    import time
    from pathlib import Path

    for _ in range(50):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


def groups_of(ec2: Any, interface: str) -> set[str]:
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    return {each["GroupId"] for each in found["Groups"]}
