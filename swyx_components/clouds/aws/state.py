"""The EC2 resources of a stack's state, in the shapes in which EC2 describes them."""

from collections.abc import Iterator, Mapping
from typing import Any

from swyx_components.analysis.deployed.shaped import check_shape
from swyx_components.analysis.deployed.stack_state import Resource, StackState
from swyx_components.clouds.aws.client import Json

_GROUP = "aws:ec2/securityGroup:SecurityGroup"
_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_ATTACHMENT = (
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
)
_INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
_RULE_KEYS = {
    "fromPort": "FromPort",
    "toPort": "ToPort",
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "description": "Description",
}


def describe_state(state: StackState) -> Iterator[Json]:
    """What the state holds of EC2, one document for each `describe` command."""
    for resource in state.of_type(_GROUP, _INGRESS, _EGRESS, _ATTACHMENT, _INTERFACE):
        check_shape(resource.values, _SHAPE, resource.name)
    groups = list(state.of_type(_GROUP))
    if groups:
        names = {id: name for name, id in state.told("group_ids").items() if isinstance(id, str)}
        site = state.sites[0] if len(state.sites) == 1 else ""
        yield {"SecurityGroups": [_group(group, names, site) for group in groups]}
        rules = [_rule(rule) for rule in state.of_type(_INGRESS, _EGRESS)]
        yield {"SecurityGroupRules": [rule for rule in rules if rule["GroupId"]]}
        yield {"NetworkInterfaces": list(_interfaces(state, groups))}


_SHAPE = {
    "tags?": dict,
    "tagsAll?": dict,
    "privateIps?": [str],
    "ipv6Addresses?": [str],
    "securityGroups?": [str],
    "fromPort?": int,
    "toPort?": int,
}


def _group(group: Resource, names: Mapping[str, str], site: str) -> Json:
    """The tags say what it is; where they are sealed, what the site's component gave out does."""
    tags = group.values.get("tags") or group.values.get("tagsAll") or {}
    if not tags and group.id in names:
        tags = {"swyx:site": site, "swyx:group": names[group.id]}
    return {
        "GroupId": group.id,
        "GroupName": str(group.values.get("name") or group.name),
        "VpcId": str(group.values.get("vpcId") or ""),
        "Tags": [{"Key": key, "Value": str(value)} for key, value in tags.items()],
    }


def _rule(rule: Resource) -> Json:
    values = rule.values
    record: dict[str, Any] = {
        "SecurityGroupRuleId": rule.id,
        "GroupId": str(values.get("securityGroupId") or ""),
        "IsEgress": rule.type == _EGRESS,
        "IpProtocol": str(values.get("ipProtocol") or ""),
        **{ours: values[key] for key, ours in _RULE_KEYS.items() if values.get(key) is not None},
    }
    if values.get("referencedSecurityGroupId"):
        record["ReferencedGroupInfo"] = {"GroupId": str(values["referencedSecurityGroupId"])}
    return record


def _interfaces(state: StackState, groups: list[Resource]) -> Iterator[Json]:
    """Interfaces as far as the stack attaches or makes them; `Machine` is whose the component said it is."""
    owners = {
        id: machine
        for machine, ids in state.told("interface_ids").items()
        for id in (ids if isinstance(ids, list) else ())
        if isinstance(id, str)
    }
    members: dict[str, set[str]] = {}
    for attachment in state.of_type(_ATTACHMENT):
        interface, group = (
            str(attachment.values.get(key) or "")
            for key in ("networkInterfaceId", "securityGroupId")
        )
        members.setdefault(interface, set()).add(group)
    made = {each.id: each for each in state.of_type(_INTERFACE)}
    vpc = next((str(group.values.get("vpcId") or "") for group in groups), "")
    for id in sorted({*members, *made}):
        values = made[id].values if id in made else {}
        own = {*members.get(id, ()), *(values.get("securityGroups") or ())}
        yield {
            "NetworkInterfaceId": id,
            "VpcId": vpc,
            "SubnetId": str(values.get("subnetId") or ""),
            "Groups": [{"GroupId": group} for group in sorted(own)],
            "PrivateIpAddresses": [
                {"PrivateIpAddress": ip} for ip in values.get("privateIps") or ()
            ],
            "Ipv6Addresses": [{"Ipv6Address": ip} for ip in values.get("ipv6Addresses") or ()],
            "Machine": owners.get(id, ""),
            "Complete": False,  # what else sits on it is not the stack's
        }
