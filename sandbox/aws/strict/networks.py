"""VPCs and subnets: their blocks, what keeps them from being deleted; and how resources are found."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2 import utils
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses.vpcs import VPCs
from moto.ec2.utils import random_vpc_cidr_association_id

from sandbox.aws.strict.rules import canonical_cidr
from sandbox.aws.strict.wrap import refuse, wrap

BLOCKS_PER_VPC = 50
"""CIDR blocks of one family a VPC; 5 by default, 50 once raised, which a scattered site needs."""


def patch() -> None:
    """What is in use stays; blocks of both families are added; searches find as EC2's do."""
    wrap(EC2Backend, "delete_subnet", _delete_subnet)
    wrap(EC2Backend, "delete_vpc", _delete_vpc)
    wrap(EC2Backend, "create_vpc", _then_let_through)
    wrap(EC2Backend, "associate_vpc_cidr_block", _then_let_through)
    wrap(VPC, "associate_vpc_cidr_block", _associate_ipv4)
    wrap(VPCs, "associate_vpc_cidr_block", _associate)
    wrap(TaggedEC2Resource, "get_tags", _get_tags)
    wrap(utils, "is_filter_matching", _is_matching)


def _delete_subnet(original: Any, backend: Any, subnet_id: str) -> Any:
    if any(each.subnet.id == subnet_id for each in backend.enis.values()):
        raise refuse("network-in-use", kind="subnet", id=subnet_id)
    return original(backend, subnet_id)


def _delete_vpc(original: Any, backend: Any, vpc_id: str) -> Any:
    groups = list(backend.groups.get(vpc_id, {}).values())
    subnets = backend.describe_subnets(filters={"vpc-id": vpc_id})
    if subnets or any(not group.is_default for group in groups):
        raise refuse("network-in-use", kind="vpc", id=vpc_id)
    for group in groups:
        group.is_default = False  # a default group goes with its VPC, and only so
    return original(backend, vpc_id)


def _then_let_through(original: Any, backend: Any, *arguments: Any, **keywords: Any) -> Any:
    """After a VPC was made or given a block."""
    made = original(backend, *arguments, **keywords)
    _let_ipv6_through(made if isinstance(made, VPC) else backend.get_vpc(arguments[0]))
    return made


def _let_ipv6_through(vpc: Any) -> None:
    """The default network ACL of a VPC that has an IPv6 block allows IPv6 too; moto leaves that out."""
    backend = vpc.ec2_backend
    acls = backend.network_acls.values()
    default = next((acl for acl in acls if acl.vpc_id == vpc.id and acl.default), None)
    if default is None or not vpc.get_cidr_block_association_set(ipv6=True):
        return
    if any(entry.ipv6_cidr_block for entry in default.network_acl_entries):
        return
    for egress in (False, True):
        for number, action in ((101, "allow"), (32768, "deny")):
            unused = (None, None, None, None)  # ICMP type and code, ports
            backend.create_network_acl_entry(
                default.id, number, "-1", action, egress, None, *unused, "::/0"
            )


def _associate_ipv4(
    original: Any, vpc: Any, cidr_block: str, *arguments: Any, **keywords: Any
) -> Any:
    if cidr_block and len(vpc.get_cidr_block_association_set()) >= BLOCKS_PER_VPC:
        raise refuse("cidr-limit", id=vpc.id)
    if not cidr_block or any(arguments) or any(keywords.values()):
        return original(vpc, cidr_block, *arguments, **keywords)
    return _add_block(vpc, canonical_cidr(cidr_block, 4))


def _associate(original: Any, response: Any) -> Any:
    block = response._get_param("Ipv6CidrBlock")
    return _associate_ipv6(response, block) if block else original(response)


def _associate_ipv6(response: Any, block: str) -> ActionResult:
    """A VPC's IPv6 block from the account's own pool, which moto leaves out."""
    vpc = response.ec2_backend.get_vpc(response._get_param("VpcId"))
    association = _add_block(vpc, canonical_cidr(block, 6))
    _let_ipv6_through(vpc)
    return ActionResult(
        {
            "VpcId": vpc.id,
            "Ipv6CidrBlockAssociation": {
                "AssociationId": association["association_id"],
                "Ipv6CidrBlock": association["cidr_block"],
                "Ipv6CidrBlockState": {"State": "associated"},
            },
        }
    )


def _add_block(vpc: Any, block: str) -> dict[str, Any]:
    association = {
        "association_id": random_vpc_cidr_association_id(),
        "cidr_block_state": {"state": "associated", "StatusMessage": None},
        "cidr_block": block,
        "ipv6_pool": "sandbox",
        "ipv6_cidr_block_network_border_group": None,
    }
    vpc._cidr_block_association_set[association["association_id"]] = association
    return association


def _get_tags(_: Any, resource: Any) -> list[dict[str, str]]:
    """By id; moto searches the tags of every resource, which makes a large account slow."""
    tags = resource.ec2_backend.tags.get(resource.id, {}) if resource.id else {}
    return [{"resource_id": resource.id, "key": key, "value": value} for key, value in tags.items()]


def _is_matching(original: Any, resource: Any, name: str, wanted: Any) -> Any:
    """A filter with several values finds what has any of them; moto wants all of a resource."""
    if not isinstance(wanted, list) or len(wanted) < 2:
        return original(resource, name, wanted)
    return any(original(resource, name, [each]) for each in wanted)
