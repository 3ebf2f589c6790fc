"""The policy pack through the real engine: a preview that breaks a policy is stopped, with what to do."""

from __future__ import annotations

import json

import pytest

from sandbox.stacks import Pulumi
from tests.tools.engine.running import Project
from tests.tools.golden import ROOT

pytestmark = pytest.mark.usefixtures("standing")

PROGRAM = """
import pulumi
import pulumi_aws as aws
from swyx_components import Installation, SwyxGate, SwyxServer, VirtualNetwork, Vpc

broken = pulumi.Config().get("broken")
vpc = aws.ec2.Vpc("acme", cidr_block="10.8.0.0/24")


def change(args):
    # what a transform of a customer may do to what sites make
    if broken == "inline" and args.type_.endswith(":SecurityGroup"):
        args.props["ingress"] = []
    if broken == "public" and args.type_.endswith("IngressRule"):
        args.props["cidrIpv4"] = "0.0.0.0/0"
        args.props.pop("referencedSecurityGroupId", None)
    if broken == "public" and args.type_.endswith(":NetworkSecurityGroup"):
        for key in ("sourceAddressPrefixes", "sourceAddressPrefix"):
            args.props["securityRules"][0].pop(key, None)
        args.props["securityRules"][0]["sourceAddressPrefix"] = "Internet"
    if broken == "added" and args.type_.endswith(":NetworkSecurityGroup"):
        rule = {**args.props["securityRules"][0], "name": "rdp", "priority": 4000}
        args.props["securityRules"].append(rule)
    return pulumi.ResourceTransformResult(args.props, args.opts)


options = pulumi.ResourceOptions(transforms=[change], protect=broken != "protect")
with Installation(dcom="restricted", h245="tunnelled") as swyx:
    essen = swyx.site("essen", Vpc(vpc.id), attach=False, opts=options)
    essen.attach(SwyxServer, address="10.8.0.10", name="es-server")
    essen.attach(SwyxGate, address="10.8.0.11", name="es-gate")
    own = swyx.site(
        "ulm", VirtualNetwork(resource_group="ulm", location="westeurope"), attach=False, opts=options
    )
    own.attach(SwyxServer, address="10.9.0.10", name="ul-server")
    own.attach(SwyxGate, address="10.9.0.11", name="ul-gate")
    own.extra_rule("in", own["ul-server"], "0.0.0.0/0", "tcp", 443, reason="portal", acknowledge_public=True)

if broken == "by-hand":
    aws.vpc.SecurityGroupIngressRule(
        "rdp",
        security_group_id=essen["es-server"].security_group_ids[0],
        cidr_ipv4="10.99.0.0/28",
        ip_protocol="tcp",
        from_port=3389,
        to_port=3389,
    )
"""
CONFIG = {"aws:region": "eu-central-1", "azure-native:location": "westeurope"}
REQUIRED = {
    "swyx-decisions": {"decisions": {"h245": "tunnelled", "dcom": "restricted"}},
    "swyx-protected-groups": {"stacks": ["prod-*"]},
}
OTHERWISE = {"swyx-decisions": {"decisions": {"dcom": "windows-2008"}}}


@pytest.fixture(scope="module")
def project(engine: Pulumi, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("telephony")
    (folder / "Pulumi.yaml").write_text("name: telephony\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    return Project.start(engine, folder, "prod-1", folder, CONFIG)


def preview(
    project: Project, broken: str, required: dict[str, object] = REQUIRED
) -> tuple[int, str]:
    """A preview under the pack; its exit code, and what it said, in one line."""
    file = project.folder / "policies.json"
    file.write_text(json.dumps(required))
    pack = ("--policy-pack", str(ROOT / "policy"), "--policy-pack-config", str(file))
    code, said = project.run("preview", *pack, "--config", f"telephony:broken={broken}")
    return code, " ".join(said.split())


def test_what_sites_plan_passes_every_policy(project: Project) -> None:
    code, said = preview(project, "nothing")
    assert code == 0, said
    assert "violat" not in said and "can't run policy" not in said, said


@pytest.mark.parametrize(
    ("broken", "policy", "texts"),
    [
        (
            "by-hand",
            "swyx-planned-rules",
            [
                "rdp is a rule of the Swyx group essen.swyxgate-sg or essen.swyxserver-sg that no",
            ],
        ),
        ("added", "swyx-planned-rules", ["rules, and", "are planned. Remove what adds rules"]),
        # Whichever group comes first: the offline provider ends the preview at it.
        ("inline", "swyx-inline-rules", ["-sg has ingress rules that no site planned"]),
        ("public", "swyx-public-rules", ["is open to 0.0.0.0/0.", "is open to Internet."]),
        ("protect", "swyx-protected-groups", ["essen.swyxserver-sg could be deleted"]),
    ],
)
def test_a_preview_that_breaks_a_policy_is_stopped(
    project: Project, broken: str, policy: str, texts: list[str]
) -> None:
    code, said = preview(project, broken)
    assert code != 0, said
    assert f"[mandatory] {policy} " in said, said
    assert [text for text in texts if text not in said] == [], said


def test_a_preview_with_other_decisions_than_required_is_stopped(project: Project) -> None:
    code, said = preview(project, "nothing", OTHERWISE)
    assert code != 0, said
    for site in ("essen", "ulm"):
        assert (
            f"{site} is planned with dcom: restricted, but the company requires dcom: windows-2008"
            in said
        )
