"""The protocol base, over gRPC, with a provider whose cloud is a dictionary."""

# ruff: noqa: E501 - one fact a row reads better than wrapped ones

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from types import MappingProxyType

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.provider import (
    UNKNOWN,
    CloudError,
    Failure,
    InitFailed,
    Props,
    Provider,
    ResourceHandler,
    State,
    start_server,
)
from sandbox.provider.compare import compare
from sandbox.provider.values import decode, encode

GROUP = "aws:ec2/securityGroup:SecurityGroup"
URN = f"urn:pulumi:dev::project::swyx:index:SwyxSite${GROUP}::web"


class Groups(ResourceHandler):
    token = GROUP
    name_property = "name"
    defaults = MappingProxyType({"description": "Managed by Pulumi"})
    replace_on = frozenset({"name", "description"})
    computed = frozenset({"vpcId"})

    def __init__(self) -> None:
        self.cloud: dict[str, Props] = {}

    def check(self, inputs: Props) -> list[Failure]:
        return [Failure("description", "too long")] if len(inputs["description"]) > 99 else []

    def create(self, inputs: Props) -> State:
        if inputs["name"] == "refused":
            raise CloudError(
                "InvalidGroup.Duplicate", "there is one already", "CreateSecurityGroup"
            )
        self.cloud["sg-1"] = inputs
        outputs = {**inputs, "arn": "arn:1"}
        if inputs["name"] == "half":
            raise InitFailed(
                id="sg-1", inputs=inputs, outputs=outputs, reasons=["the tags are missing"]
            )
        return State(id="sg-1", inputs=inputs, outputs=outputs)

    def read(self, id: str, inputs: Props, outputs: Props) -> State | None:
        live = self.cloud.get(id)
        return None if live is None else State(id=id, inputs=live, outputs={**live, "arn": "arn:1"})

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        self.cloud[id] = new
        return State(id=id, inputs=new, outputs={**new, "arn": "arn:1"})

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        self.cloud.pop(id, None)


class DictionaryProvider(Provider):
    name = "aws"
    sdk_package = "pulumi_aws"

    def __init__(self) -> None:
        self.handlers = [Groups()]
        self.functions = {
            "aws:ec2/getVpc:getVpc": lambda arguments: {"id": "vpc-1", "asked": arguments}
        }

    def configure(self, config: Props) -> None:
        self.config = config


@pytest.fixture(scope="module")
def stub() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    server, port = start_server(DictionaryProvider())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0)


def check(stub, news: Props, olds: Props | None = None, urn: str = URN):
    request = provider_pb2.CheckRequest(
        urn=urn, news=encode(news), olds=encode(olds or {}), randomSeed=b"s" * 32
    )
    reply = stub.Check(request)
    return decode(reply.inputs), [(each.property, each.reason) for each in reply.failures]


def diff(stub, old: Props, new: Props, ignore: tuple[str, ...] = ()):
    return stub.Diff(
        provider_pb2.DiffRequest(
            id="sg-1",
            urn=URN,
            olds=encode(old),
            old_inputs=encode(old),
            news=encode(new),
            ignoreChanges=ignore,
        )
    )


def test_the_name_and_the_defaults_are_filled_in_and_the_old_name_is_kept(stub):
    first, failures = check(stub, {})
    assert failures == []
    assert first["name"].startswith("web-") and first["description"] == "Managed by Pulumi"
    assert first["__defaults"] == ["description", "name"]
    assert (
        check(stub, {"tags": {"a": "b"}}, olds={**first, "name": "web-old"})[0]["name"] == "web-old"
    )


def test_a_name_that_the_program_gave_up_is_not_kept(stub):
    assert check(stub, {}, olds={"name": "fixed", "__defaults": []})[0]["name"] != "fixed"


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ({"descripton": "x"}, [("descripton", f"{GROUP} has no property 'descripton'; did you mean 'description'?")]),
        ({"ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 2, "colour": 3}]},
         [("ingress[0].colour", f"{GROUP} has no property 'colour'")]),
        ({"ingress": [{"protocol": "tcp", "fromPort": 1}]},
         [("ingress[0].toPort", f"{GROUP} requires the property 'toPort', and it is missing")]),
        ({"tags": "x"}, [("tags", f"{GROUP} wants a map for tags, not 'x'")]),
        ({"revokeRulesOnDelete": "maybe"}, [("revokeRulesOnDelete", f"{GROUP} wants true or false for revokeRulesOnDelete, not 'maybe'")]),
        ({"description": "x" * 100}, [("description", "too long")]),
    ],
)  # fmt: skip
def test_inputs_that_the_sdk_class_does_not_have_are_refused_by_name(stub, news, expected):
    assert check(stub, news)[1] == expected


def test_unknown_values_pass_the_check(stub):
    inputs, failures = check(stub, {"vpcId": UNKNOWN, "tags": UNKNOWN, "ingress": [UNKNOWN]})
    assert failures == [] and inputs["vpcId"] == UNKNOWN


def test_a_scalar_is_brought_into_the_kind_the_schema_names(stub):
    inputs, failures = check(
        stub,
        {
            "revokeRulesOnDelete": "true",
            "ingress": [{"protocol": 17, "fromPort": "1", "toPort": 2.0}],
        },
    )
    assert failures == []
    assert inputs["revokeRulesOnDelete"] is True
    assert inputs["ingress"] == [{"protocol": "17", "fromPort": 1, "toPort": 2}]


def test_a_diff_names_the_properties_and_what_replaces(stub):
    reply = diff(
        stub,
        {"name": "a", "tags": {"x": "1", "y": "2"}},
        {"name": "b", "tags": {"x": "1", "z": "3"}},
    )
    assert reply.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(reply.replaces) == ["name"] and list(reply.diffs) == ["name", "tags"]
    kinds = {
        path: provider_pb2.PropertyDiff.Kind.Name(each.kind)
        for path, each in reply.detailedDiff.items()
    }
    assert kinds == {"name": "UPDATE_REPLACE", "tags.y": "DELETE", "tags.z": "ADD"}


def test_equal_inputs_make_no_diff_and_ignored_changes_neither(stub):
    assert (
        diff(stub, {"name": "a", "tags": {}}, {"name": "a"}).changes
        == provider_pb2.DiffResponse.DIFF_NONE
    )
    ignored = diff(stub, {"tags": {"x": "1"}}, {"tags": {"x": "2"}}, ignore=("tags.x",))
    assert ignored.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_unknown_new_value_is_a_change(stub):
    assert list(diff(stub, {"name": "a"}, {"name": UNKNOWN}).replaces) == ["name"]


@pytest.mark.parametrize(("defaults", "expected"), [([], True), (["name"], False)])
def test_a_replacement_deletes_first_when_the_program_fixed_the_name(stub, defaults, expected):
    old = {"name": "a", "description": "x", "__defaults": defaults}
    assert diff(stub, old, {"name": "a", "description": "y"}).deleteBeforeReplace is expected


def test_a_preview_of_a_creation_leaves_the_outputs_unknown(stub):
    request = provider_pb2.CreateRequest(urn=URN, properties=encode({"name": "a"}), preview=True)
    assert decode(stub.Create(request).properties) == {
        "name": "a", "arn": UNKNOWN, "ownerId": UNKNOWN, "tagsAll": UNKNOWN, "vpcId": UNKNOWN,
    }  # fmt: skip


def test_a_resource_lives_from_creation_to_deletion(stub):
    created = stub.Create(
        provider_pb2.CreateRequest(
            urn=URN, properties=encode({"name": "a", "__defaults": ["name"]})
        )
    )
    assert created.id == "sg-1" and decode(created.properties)["arn"] == "arn:1"
    read = stub.Read(
        provider_pb2.ReadRequest(
            id="sg-1", urn=URN, inputs=encode({"name": "a", "__defaults": ["name"]})
        )
    )
    assert decode(read.inputs) == {"name": "a", "__defaults": ["name"]}
    updated = stub.Update(
        provider_pb2.UpdateRequest(
            id="sg-1",
            urn=URN,
            olds=created.properties,
            news=encode({"name": "a", "tags": {"x": "1"}}),
        )
    )
    assert decode(updated.properties)["tags"] == {"x": "1"}
    stub.Delete(provider_pb2.DeleteRequest(id="sg-1", urn=URN, properties=updated.properties))
    assert stub.Read(provider_pb2.ReadRequest(id="sg-1", urn=URN)).id == ""


def test_a_refusal_of_the_cloud_names_its_code(stub):
    with pytest.raises(grpc.RpcError) as refused:
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=encode({"name": "refused"})))
    assert (
        refused.value.details()
        == "CreateSecurityGroup: InvalidGroup.Duplicate: there is one already"
    )


def test_a_half_made_resource_keeps_its_id_and_outputs(stub):
    with pytest.raises(grpc.RpcError) as failed:
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=encode({"name": "half"})))
    metadata = dict(failed.value.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "sg-1" and decode(detail.properties)["arn"] == "arn:1"
    assert list(detail.reasons) == ["the tags are missing"]


def test_an_unknown_type_is_refused_with_the_types_there_are(stub):
    with pytest.raises(grpc.RpcError) as refused:
        check(stub, {}, urn="urn:pulumi:dev::project::aws:s3/bucket:Bucket::b")
    assert (
        refused.value.details()
        == f"the offline aws provider has no resource type aws:s3/bucket:Bucket; it has: {GROUP}"
    )


def test_a_function_answers_and_refuses_arguments_it_does_not_have(stub):
    token = "aws:ec2/getVpc:getVpc"
    reply = stub.Invoke(
        provider_pb2.InvokeRequest(tok=token, args=encode({"cidrBlock": "10.0.0.0/8"}))
    )
    assert decode(getattr(reply, "return")) == {"id": "vpc-1", "asked": {"cidrBlock": "10.0.0.0/8"}}
    refused = stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode({"colour": 1})))
    assert [each.property for each in refused.failures] == ["colour"]


def test_configuration_arrives_as_json_text_and_is_checked(stub):
    good = provider_pb2.CheckRequest(
        news=encode({"region": "eu-central-1", "defaultTags": '{"tags": {"a": "b"}}'})
    )
    assert list(stub.CheckConfig(good).failures) == []
    bad = provider_pb2.CheckRequest(
        news=encode({"regoin": "eu-central-1", "defaultTags": '{"tagz": {}}'})
    )
    assert [each.property for each in stub.CheckConfig(bad).failures] == [
        "defaultTags.tagz",
        "regoin",
    ]
    assert stub.Configure(
        provider_pb2.ConfigureRequest(args=encode({"region": "x"}))
    ).supportsPreview


def test_secrets_are_unwrapped_and_whole_numbers_stay_whole():
    signature = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": 7}
    assert decode(encode({"a": signature, "b": 1.5, "c": None, "d": [None, True]})) == {
        "a": 7,
        "b": 1.5,
        "d": [None, True],
    }


def test_keys_with_dots_are_quoted_in_paths():
    assert list(compare({"tags": {"a.b": "1"}}, {"tags": {"a.b": "2"}})) == ['tags["a.b"]']


def test_the_version_is_that_of_the_sdk(stub):
    assert stub.GetPluginInfo(empty_pb2.Empty()).version == importlib.metadata.version("pulumi-aws")


def test_the_first_requests_may_come_all_at_once():
    """The SDK loads itself at the first look, and not safely: the engine sends its first requests together."""
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from sandbox.provider.schema import find_inputs\n"
        "tokens = ['aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',"
        " 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule', 'aws:ec2/vpc:Vpc'] * 4\n"
        "with ThreadPoolExecutor(12) as pool:\n"
        "    print(len(list(pool.map(lambda token: find_inputs('pulumi_aws', token), tokens))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "12\n", done.stderr
