"""What EC2 enforces and moto does not: installed over moto's EC2 in this process, before its first request.

moto keeps the state and speaks the API. Each patch below is one fact of EC2; the checks are in ``strict_*``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2 import utils
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.vpcs import VPCs
from moto.ec2.utils import random_vpc_cidr_association_id

from sandbox.aws import strict_groups, strict_instances, strict_interfaces
from sandbox.aws.limits import Limits
from sandbox.aws.strict_permissions import canonical_cidr
from sandbox.aws.strict_rules import describe, identify, show_rule

BLOCKS_PER_VPC = 50
"""CIDR blocks of one family a VPC; 5 by default, 50 once raised, which a scattered site needs."""


def install(limits: Limits) -> None:
    """Make moto's EC2 strict."""
    _patch_groups(limits)
    _patch_rules(limits)
    _patch_interfaces(limits)
    _patch_instances()
    _patch_networks()
    _patch_tags()
    _patch_filters()


def _wrap(owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    setattr(owner, name, make(getattr(owner, name)))


def _patch_groups(limits: Limits) -> None:
    def make_create(original: Callable[..., Any]) -> Callable[..., Any]:
        def create(
            self: Any, name: str, description: str, vpc_id: str | None = None, tags: Any = None,
            force: bool = False, is_default: bool | None = None,
        ) -> Any:  # fmt: skip
            if not is_default and not force:
                strict_groups.check_new_group(self, name, description, vpc_id, limits)
            return original(
                self, name, description, vpc_id=vpc_id, tags=tags, force=True, is_default=is_default
            )

        return create

    def make_delete(original: Callable[..., Any]) -> Callable[..., Any]:
        def delete(self: Any, name: str | None = None, group_id: str | None = None) -> Any:
            group = self.get_security_group_by_name_or_id(group_id or name)
            strict_groups.check_deletion(self, group.id if group else str(group_id or name))
            return original(self, group_id=group.id)

        return delete

    _wrap(EC2Backend, "create_security_group", make_create)
    _wrap(EC2Backend, "delete_security_group", make_delete)


def _patch_rules(limits: Limits) -> None:
    def authorize(response: Any, *, is_egress: bool) -> ActionResult:
        response.error_on_dryrun()
        tags = response._parse_tag_specification().get("security-group-rule", {})
        rules = strict_groups.authorize(
            response.ec2_backend,
            _group_of(response),
            _permissions_of(response),
            limits,
            is_egress=is_egress,
            tags=tags,
        )
        return ActionResult(
            {"Return": True, "SecurityGroupRules": [show_rule(each) for each in rules]}
        )

    def modify(response: Any) -> ActionResult:
        response.error_on_dryrun()
        requests = response._get_param("SecurityGroupRules", [])
        by_id = {each["SecurityGroupRuleId"]: each["SecurityGroupRule"] for each in requests}
        strict_groups.modify_rules(response.ec2_backend, _group_of(response), by_id, limits)
        return ActionResult({"Return": True})

    def update(response: Any, *, is_egress: bool) -> ActionResult:
        by_id = response._get_param("SecurityGroupRuleDescriptions", [])
        permissions = response._get_param("IpPermissions", [])
        strict_groups.update_descriptions(
            response.ec2_backend, _group_of(response), permissions, by_id, is_egress=is_egress
        )
        return ActionResult({"Return": True})

    owner: Any = SecurityGroups
    owner.authorize_security_group_ingress = lambda self: authorize(self, is_egress=False)
    owner.authorize_security_group_egress = lambda self: authorize(self, is_egress=True)
    owner.modify_security_group_rules = modify
    owner.update_security_group_rule_descriptions_ingress = lambda self: update(
        self, is_egress=False
    )
    owner.update_security_group_rule_descriptions_egress = lambda self: update(self, is_egress=True)
    rule: Any = SecurityGroupRule
    rule.description = property(describe)
    rule.group_owner_id = property(lambda self: self.owner_id)
    rule.__eq__ = lambda self, other: identify(self) == identify(other)


def _group_of(response: Any) -> str:
    """The id of the group that a request names by id or by name."""
    name = response._get_param("GroupId") or response._get_param("GroupName") or ""
    group = response.ec2_backend.get_security_group_by_name_or_id(name)
    return str(group.id if group else name)


def _permissions_of(response: Any) -> list[dict[str, Any]]:
    """The request's IpPermissions; the old spelling with one rule at the top level is turned into one."""
    listed: list[dict[str, Any]] = response._get_param("IpPermissions", [])
    if listed:
        return listed
    names = ("IpProtocol", "FromPort", "ToPort")
    single = {name: response._get_param(name) for name in names}
    cidr = response._get_param("CidrIp")
    return [{**single, "IpRanges": [{"CidrIp": cidr}] if cidr else []}]


def _patch_interfaces(limits: Limits) -> None:
    def make_delete(original: Callable[..., Any]) -> Callable[..., Any]:
        def delete(self: Any, eni_id: str) -> Any:
            strict_interfaces.check_interface_deletion(self.get_network_interface(eni_id))
            return original(self, eni_id)

        return delete

    def make_filter(original: Callable[..., Any]) -> Callable[..., Any]:
        def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
            found = strict_interfaces.find_filter_value(self, filter_name)
            return original(self, filter_name, method_name) if found is None else found

        return get_filter_value

    _patch_new_interfaces(limits)
    _patch_interface_changes(limits)
    _wrap(EC2Backend, "delete_network_interface", make_delete)
    _wrap(NetworkInterface, "get_filter_value", make_filter)
    interface: Any = NetworkInterface
    interface.group_set = property(lambda self: list(dict.fromkeys(self._group_set)))
    subnet: Any = Subnet
    subnet.get_available_subnet_ip = lambda self, instance: strict_interfaces.pick_address(
        self.ec2_backend, self
    )


def _patch_new_interfaces(limits: Limits) -> None:
    def make_create(original: Callable[..., Any]) -> Callable[..., Any]:
        def create(
            self: Any, subnet: Any, private_ip_address: Any, private_ip_addresses: Any = None,
            group_ids: list[str] | None = None, *arguments: Any, **keywords: Any,
        ) -> Any:  # fmt: skip
            subnet = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
            strict_interfaces.check_groups(self, group_ids or [], subnet.vpc_id, limits)
            ipv6 = keywords.get("ipv6_addresses") or []
            wanted = strict_interfaces.requested_addresses(
                private_ip_address, private_ip_addresses or [], ipv6
            )
            strict_interfaces.check_addresses(self, subnet, wanted)
            if not private_ip_address and not private_ip_addresses and subnet.cidr_block:
                private_ip_address = strict_interfaces.pick_address(self, subnet)
            addresses = private_ip_address, private_ip_addresses
            return original(self, subnet, *addresses, group_ids, *arguments, **keywords)

        return create

    _wrap(EC2Backend, "create_network_interface", make_create)


def _patch_interface_changes(limits: Limits) -> None:
    def modify(
        self: Any, eni_id: str, group_ids: list[str], source_dest_check: Any = None,
        description: str | None = None,
    ) -> None:  # fmt: skip
        interface = self.get_network_interface(eni_id)
        if not group_ids and source_dest_check is None and description is None:
            raise EC2ClientError("InvalidParameterCombination", "No attributes specified.")
        strict_interfaces.check_groups(self, group_ids, interface.vpc_id, limits)
        if group_ids:
            interface._group_set = [
                strict_groups.find_group(self, each) for each in dict.fromkeys(group_ids)
            ]
        if source_dest_check is not None:
            interface.source_dest_check = source_dest_check
        interface.description = interface.description if description is None else description

    backend: Any = EC2Backend
    backend.modify_network_interface_attribute = modify


def _patch_instances() -> None:
    def make_prepare(original: Callable[..., Any]) -> Callable[..., Any]:
        def prepare(
            self: Any, nic_spec: list[dict[str, Any]], *arguments: Any, **keywords: Any
        ) -> None:
            original(self, nic_spec, *arguments, **keywords)
            strict_instances.complete_interfaces(self, nic_spec)

        return prepare

    def make_run(original: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: Any, *arguments: Any, **keywords: Any) -> Any:
            strict_instances.check_launch_addresses(
                self,
                keywords.get("subnet_id"),
                keywords.get("private_ip"),
                keywords.get("nics") or [],
            )
            return original(self, *arguments, **keywords)

        return run

    def make_terminate(original: Callable[..., Any]) -> Callable[..., Any]:
        def terminate(self: Any) -> Any:
            if self.state == "terminated":
                return original(self)
            lifetimes = {nic.id: nic.delete_on_termination for nic in self.nics.values()}
            for nic in self.nics.values():
                nic.delete_on_termination = False
            previous = original(self)
            for nic in self.nics.values():
                nic.delete_on_termination = lifetimes[nic.id]
            strict_instances.release_interfaces(self)
            return previous

        return terminate

    _wrap(Instance, "prep_nics", make_prepare)
    _wrap(Instance, "terminate", make_terminate)
    _wrap(EC2Backend, "run_instances", make_run)
    instance: Any = Instance
    instance.security_groups = property(_groups_of_instance, _set_groups_of_instance)
    instance.network_interfaces = property(
        lambda self: [] if self.state == "terminated" else list(self.nics.values())
    )


def _groups_of_instance(instance: Any) -> list[Any]:
    """An instance's groups are those of its primary interface, whatever it was launched with."""
    nics = instance.__dict__.get("nics") or {}
    return (
        list(nics[0].group_set) if 0 in nics else list(instance.__dict__.get("launch_groups", []))
    )


def _set_groups_of_instance(instance: Any, groups: list[Any]) -> None:
    nics = instance.__dict__.get("nics") or {}
    if 0 in nics:
        nics[0]._group_set = list(groups)
    instance.__dict__["launch_groups"] = list(groups)


def _patch_networks() -> None:
    def make_delete_subnet(original: Callable[..., Any]) -> Callable[..., Any]:
        def delete(self: Any, subnet_id: str) -> Any:
            if any(each.subnet.id == subnet_id for each in self.enis.values()):
                message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
                raise EC2ClientError("DependencyViolation", message)
            return original(self, subnet_id)

        return delete

    def make_delete_vpc(original: Callable[..., Any]) -> Callable[..., Any]:
        def delete(self: Any, vpc_id: str) -> Any:
            groups = list(self.groups.get(vpc_id, {}).values())
            subnets = self.describe_subnets(filters={"vpc-id": vpc_id})
            if subnets or any(not group.is_default for group in groups):
                message = f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
                raise EC2ClientError("DependencyViolation", message)
            for group in groups:
                group.is_default = False  # a default group goes with its VPC, and only so
            return original(self, vpc_id)

        return delete

    def make_associate(original: Callable[..., Any]) -> Callable[..., Any]:
        def associate(self: Any) -> Any:
            block = self._get_param("Ipv6CidrBlock")
            return _associate_ipv6(self, block) if block else original(self)

        return associate

    def associate_ipv4(self: Any, cidr_block: str, *arguments: Any, **keywords: Any) -> Any:
        if cidr_block and len(self.get_cidr_block_association_set()) >= BLOCKS_PER_VPC:
            raise EC2ClientError(
                "CidrLimitExceeded", f"This network '{self.id}' has met its CIDR limit"
            )
        if not cidr_block or any(arguments) or any(keywords.values()):
            return original_associate(self, cidr_block, *arguments, **keywords)
        return _add_block(self, canonical_cidr(cidr_block, 4))

    original_associate = VPC.associate_vpc_cidr_block
    vpc: Any = VPC
    vpc.associate_vpc_cidr_block = associate_ipv4
    _wrap(EC2Backend, "delete_subnet", make_delete_subnet)
    _wrap(EC2Backend, "delete_vpc", make_delete_vpc)
    _wrap(VPCs, "associate_vpc_cidr_block", make_associate)


def _associate_ipv6(response: Any, block: str) -> ActionResult:
    """A VPC's IPv6 block from the account's own pool, which moto leaves out."""
    vpc = response.ec2_backend.get_vpc(response._get_param("VpcId"))
    association = _add_block(vpc, canonical_cidr(block, 6))
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


def _patch_tags() -> None:
    """A resource's tags by its id; moto searches those of every resource, which makes a large
    account slow.
    """

    def get_tags(self: Any) -> list[dict[str, str]]:
        tags = self.ec2_backend.tags.get(self.id, {}) if self.id else {}
        return [{"resource_id": self.id, "key": key, "value": value} for key, value in tags.items()]

    resource: Any = TaggedEC2Resource
    resource.get_tags = get_tags


def _patch_filters() -> None:
    """A filter with several values finds what has any of them; moto wants all, where a resource has
    several itself.
    """

    def make_matching(original: Callable[..., Any]) -> Callable[..., Any]:
        def is_matching(resource: Any, name: str, wanted: Any) -> Any:
            if not isinstance(wanted, list) or len(wanted) < 2:
                return original(resource, name, wanted)
            return any(original(resource, name, [each]) for each in wanted)

        return is_matching

    utils.is_filter_matching = make_matching(utils.is_filter_matching)
