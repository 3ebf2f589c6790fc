"""The policy pack: what each policy says of resources, as the engine hands them over."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
import swyx_policies
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

SITE = "swyx:index:SwyxSite"
SERVER = "swyx:index:SwyxServer"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
IN = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
NSG = "azure-native:network:NetworkSecurityGroup"
RULE = "azure-native:network:SecurityRule"
SUMMARY = {
    "rules": 1.0,
    "public": [],
    "decisions": {"dcom": "restricted", "h245": "windows-2008", "cornet": "4060-4061"},
}
Props = dict[str, Any]


def resource(
    kind: str,
    name: str,
    props: Props,
    parent: PolicyResource | None = None,
    **taken: PolicyResource,
) -> PolicyResource:
    """A resource; `taken` are properties whose value another resource gives."""
    types = f"{parent.urn.split('::')[2]}${kind}" if parent else kind
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], None)
    urn = f"urn:pulumi:prod-1::telephony::{types}::{name}"
    known = unknown_checking_proxy(props)
    named = {key: [each] for key, each in taken.items()}
    return PolicyResource(kind, known, urn, name, options, None, parent, [], named)


def on_aws(planned: Props | None = None, **summary: Any) -> list[PolicyResource]:
    """Aachen with a group of one rule; the cloud has not yet given the group an id."""
    site = resource(SITE, "aachen", {"summary": SUMMARY | summary})
    role = resource(SERVER, "aachen.swyxserver", {}, site)
    group = resource(GROUP, "aachen.swyxserver-sg", {"id": UNKNOWN_STRING_VALUE}, role)
    name = "aachen.swyxserver-in-tcp-443-peer"
    props = {"securityGroupId": UNKNOWN_STRING_VALUE, "cidrIpv4": "10.1.0.0/24", **(planned or {})}
    return [site, role, group, resource(IN, name, props, role, securityGroupId=group)]


def on_azure(*rules: Props, **summary: Any) -> list[PolicyResource]:
    """Bochum with a network security group of these rules."""
    site = resource(SITE, "bochum", {"summary": SUMMARY | summary})
    props = {"name": "bochum.bo-server-nsg", "securityRules": list(rules)}
    return [site, resource(NSG, "bochum.bo-server-nsg", props, site)]


def inbound(source: str | list[str], access: str = "Allow") -> Props:
    """An inbound rule of Azure."""
    key = "sourceAddressPrefix" if isinstance(source, str) else "sourceAddressPrefixes"
    way = {"direction": "Inbound", "destinationAddressPrefix": "*"}
    return {"name": "in-tcp-443-ipv4", "access": access, key: source, **way}


def found(policy: str, resources: list[PolicyResource], **config: Any) -> list[str]:
    """What a policy says of a stack."""
    said: list[str] = []
    (own,) = [each for each in swyx_policies.POLICIES if each.name == policy]
    own.validate(
        StackValidationArgs(resources, config, {}), lambda text, urn=None: said.append(text)
    )
    return said


def found_of(
    policy: str, kind: str, props: Props, protect: bool = False, **config: Any
) -> list[str]:
    """What a policy says of one resource of a site, by what its program says."""
    said: list[str] = []
    (own,) = [each for each in swyx_policies.POLICIES if each.name == policy]
    options = PolicyResourceOptions(protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], None)
    urn = f"urn:pulumi:prod-1::telephony::{SITE}${kind}::group"
    known: Mapping[str, Any] = unknown_checking_proxy(props)
    args = ResourceValidationArgs(kind, known, urn, "group", options, None, config, {})
    own.validate(args, lambda text, urn=None: said.append(text))
    return said


@pytest.mark.parametrize("policy", ["swyx-planned-rules", "swyx-public-rules", "swyx-decisions"])
@pytest.mark.parametrize("stack", [on_aws(), on_azure(inbound("10.2.0.0/24")), []])
def test_what_sites_make_breaks_no_policy(policy: str, stack: list[PolicyResource]) -> None:
    assert found(policy, stack) == []


def test_a_rule_that_takes_its_group_from_a_site_was_not_planned() -> None:
    stack = on_aws()
    props = {"securityGroupId": UNKNOWN_STRING_VALUE, "cidrIpv4": "10.9.0.0/16"}
    by_hand = resource(IN, "rdp", props, securityGroupId=stack[2])
    assert found("swyx-planned-rules", [*stack, by_hand]) == [
        "rdp is a rule of the Swyx group aachen.swyxserver-sg that no site planned. Remove it, and "
        "declare its purpose under extra_rules of the site."
    ]


def test_a_rule_that_names_the_group_by_its_id_or_name_was_not_planned() -> None:
    stack = on_azure(inbound("10.2.0.0/24"))
    by_hand = resource(RULE, "rdp", {"networkSecurityGroupName": "bochum.bo-server-nsg"})
    foreign = resource(RULE, "web", {"networkSecurityGroupName": "web-nsg"})
    (text,) = found("swyx-planned-rules", [*stack, by_hand, foreign])
    assert text.startswith("rdp is a rule of the Swyx group bochum.bo-server-nsg ")


def test_a_deployed_group_is_known_by_its_id_or_else_by_where_the_rule_took_it_from() -> None:
    stack = on_aws({"securityGroupId": "sg-1"})
    other = resource(GROUP, "web", {"id": "sg-9"})
    by_hand = resource(IN, "rdp", {"securityGroupId": "sg-1"}, securityGroupId=stack[2])
    foreign = resource(IN, "http", {"securityGroupId": "sg-9"}, securityGroupId=stack[2])
    for props in ({"id": "sg-1"}, {}):
        stack[2].props = unknown_checking_proxy(props)
        (text,) = found("swyx-planned-rules", [*stack, by_hand])
        assert text.startswith("rdp is a rule of the Swyx group aachen.swyxserver-sg ")
    stack[2].props = unknown_checking_proxy({"id": "sg-1"})
    assert found("swyx-planned-rules", [*stack, other, foreign]) == []


def test_a_rule_of_another_group_may_name_a_swyx_group_as_its_peer() -> None:
    stack = on_aws()
    other = resource(GROUP, "web", {"id": "sg-9"})
    props = {"securityGroupId": "sg-9", "referencedSecurityGroupId": UNKNOWN_STRING_VALUE}
    rule = resource(IN, "from-swyx", props, referencedSecurityGroupId=stack[2])
    assert found("swyx-planned-rules", [*stack, other, rule]) == []


@pytest.mark.parametrize(
    "stack",
    [
        [*on_aws(), resource(IN, "rdp", {}, on_aws()[0])],
        on_azure(inbound("10.2.0.0/24"), inbound("10.9.0.0/16")),
    ],
)
def test_more_rules_within_a_site_than_it_planned_are_found(stack: list[PolicyResource]) -> None:
    if stack[-1].parent is not None and stack[-1].resource_type == IN:
        stack[-1].parent = stack[0]
    (text,) = found("swyx-planned-rules", stack)
    assert " has 2 rules, and 1 are planned. Remove what adds rules to its groups" in text


def test_inline_rules_of_a_security_group_are_found() -> None:
    assert found_of("swyx-inline-rules", GROUP, {"description": "x"}) == []
    assert found_of("swyx-inline-rules", GROUP, {"ingress": UNKNOWN_STRING_VALUE}) == [
        "group has ingress rules that no site planned. Remove the transform that adds them, and declare "
        "their purpose under extra_rules of the site."
    ]


@pytest.mark.parametrize(
    ("stack", "name", "source"),
    [
        (on_aws({"cidrIpv4": "0.0.0.0/0"}), "aachen.swyxserver/in-tcp-443-peer", "0.0.0.0/0"),
        (on_aws({"cidrIpv6": "::/0"}), "aachen.swyxserver/in-tcp-443-peer", "::/0"),
        (on_azure(inbound("*")), "bochum.bo-server/in-tcp-443-ipv4", "*"),
        (on_azure(inbound("Internet")), "bochum.bo-server/in-tcp-443-ipv4", "Internet"),
        (on_azure(inbound(["10.0.0.0/8", "::/0"])), "bochum.bo-server/in-tcp-443-ipv4", "::/0"),
    ],
)
def test_a_public_rule_is_found_unless_it_was_acknowledged(
    stack: list[PolicyResource], name: str, source: str
) -> None:
    assert found("swyx-public-rules", stack) == [
        f"{name} is open to {source}. Name the required addresses, or write the rule under "
        "extra_rules of the site with acknowledge_public: true."
    ]
    summary = SUMMARY | {"public": [name.partition(".")[2]]}
    stack[0].props = unknown_checking_proxy({"summary": summary})
    assert found("swyx-public-rules", stack) == []


def test_a_rule_that_denies_everybody_is_not_public() -> None:
    assert found("swyx-public-rules", on_azure(inbound("*", access="Deny"))) == []


def test_a_site_that_decides_otherwise_than_its_company_is_found() -> None:
    required = {"h245": "tunnelled", "dcom": "restricted"}
    assert found("swyx-decisions", on_aws(), decisions=required) == [
        "aachen is planned with h245: windows-2008, but the company requires h245: tunnelled. Write that "
        "under decisions of the installation."
    ]


def test_what_a_site_leaves_open_opens_nothing_and_is_allowed() -> None:
    stack = on_aws(decisions={"dcom": "restricted"})
    assert found("swyx-decisions", stack, decisions={"h245": "tunnelled"}) == []


def test_groups_of_a_protected_stack_must_be_protected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod-1")
    patterns = {"stacks": ["prod-*"]}
    for kind in (GROUP, NSG):
        assert found_of("swyx-protected-groups", kind, {}, **patterns) == [
            "group could be deleted, and prod-1 is a protected stack. Give the site "
            "opts=pulumi.ResourceOptions(protect=True)."
        ]
        assert found_of("swyx-protected-groups", kind, {}, protect=True, **patterns) == []
        assert found_of("swyx-protected-groups", kind, {}, stacks=["live"]) == []
    assert found_of("swyx-protected-groups", IN, {}, **patterns) == []
