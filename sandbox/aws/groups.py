"""``aws.ec2.SecurityGroup``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.aws.calls import (
    ec2_errors,
    find_one,
    prune,
    read_tags,
    specify_tags,
    tolerating,
    update_tags,
)
from sandbox.aws.handler import AwsHandler
from sandbox.aws.inline_rules import DIRECTIONS, canonical_blocks, read_blocks, write_blocks
from sandbox.provider import CloudError, Failure, InitFailed, Props, State, is_unknown
from sandbox.provider.naming import propose_name

DELETE_SECONDS_VARIABLE = "SANDBOX_AWS_DELETE_SECONDS"
FASTER = 90
"""How many times shorter than the real provider's the waits here are."""

DELETE_SECONDS = 15 * 60 / FASTER
"""How long the deletion of a group in use is tried again; the real provider does for 15 minutes."""

POLL_SECONDS = 0.25
IN_USE = ("DependencyViolation", "InvalidGroup.InUse")
DEFAULT_EGRESS = (
    ({"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, ()),
    ({"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, ("InvalidPermission.NotFound",)),
)
"""What EC2 opens in a new group, one call each, and what the provider accepts of its revocation."""

LINGERING = "AWS Lambda VPC ENI"
"""How the description of interfaces begins that a deleted function leaves in its groups."""


class SecurityGroupHandler(AwsHandler):
    """A group without rules of its own: rules are resources, or the blocks ``ingress`` and
    ``egress``, never both.
    """

    token = "aws:ec2/securityGroup:SecurityGroup"
    name_property = "name"
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "Managed by Pulumi",
        "revokeRulesOnDelete": False,
    }
    replace_on = frozenset({"name", "namePrefix", "description", "vpcId", "region"})
    computed = frozenset({"vpcId", "ingress", "egress", "name"})
    drifting = frozenset({"tags"})

    def check(self, inputs: Props) -> list[Failure]:
        failures = []
        if "name" in inputs and "namePrefix" in inputs:
            failures.append(Failure("namePrefix", "name and namePrefix exclude each other"))
        if inputs.get("description") == "":
            failures.append(Failure("description", "the description must not be empty"))
        for name in ("name", "namePrefix", "description"):
            value = inputs.get(name) or ""
            if not is_unknown(value) and len(value) > 255:
                failures.append(
                    Failure(name, f"{name} has {len(value)} characters; at most 255 are allowed")
                )
        if str(inputs.get("name", "")).startswith("sg-"):
            failures.append(Failure("name", f"{inputs['name']!r} must not begin with 'sg-'"))
        return failures

    def canonical(self, inputs: Props) -> Props:
        blocks = {each: canonical_blocks(inputs[each]) for each in DIRECTIONS if each in inputs}
        return {**inputs, **blocks}

    def create(self, inputs: Props) -> State:
        client = self.ec2(inputs)
        name = inputs.get("name") or propose_name(
            inputs["namePrefix"], b"", limit=255, separator=""
        )
        with ec2_errors():
            group_id = client.create_security_group(
                GroupName=name,
                Description=inputs["description"],
                **prune(VpcId=inputs.get("vpcId")),
                **specify_tags("security-group", inputs),
            )["GroupId"]
        try:
            self._finish(client, group_id, inputs)
        except CloudError as error:
            outputs = {**inputs, "name": name}
            raise InitFailed(
                id=group_id, inputs=inputs, outputs=outputs, reasons=[str(error)]
            ) from error
        return self.settle(group_id, inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        group = find_one(
            self.ec2(inputs), "describe_security_groups", "SecurityGroups", GroupIds=[id]
        )
        if group is None:
            return None
        return self.with_region_and_tags(
            inputs,
            read_tags(group),
            name=group["GroupName"],
            description=group["Description"],
            vpcId=group.get("VpcId"),
            ownerId=group["OwnerId"],
            arn=group.get("SecurityGroupArn")
            or self.arn(inputs, group["OwnerId"], f"security-group/{id}"),
            ingress=read_blocks(id, group["IpPermissions"]),
            egress=read_blocks(id, group["IpPermissionsEgress"]),
        )

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        """Nothing is revoked here, also where the creation failed before all egress was closed."""
        client = self.ec2(new)
        with ec2_errors():
            update_tags(client, id, old, new)
            self._write_blocks(client, id, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client = self.ec2({**outputs, **inputs})
        self._delete_lingering(client, id)
        if inputs.get("revokeRulesOnDelete"):
            self._revoke_everything(client, id)
        deadline = time.monotonic() + float(os.environ.get(DELETE_SECONDS_VARIABLE, DELETE_SECONDS))
        while True:
            try:
                with tolerating("InvalidGroup.NotFound"):
                    client.delete_security_group(GroupId=id)
                return
            except CloudError as error:
                if error.code not in IN_USE or time.monotonic() >= deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def _finish(self, client: Any, id: str, inputs: Props) -> None:
        """A new group allows all egress; the provider revokes that before anything else is done with it."""
        with ec2_errors():
            client.describe_security_groups(GroupIds=[id])
        for peer, accepted in DEFAULT_EGRESS:
            with tolerating(*accepted):
                client.revoke_security_group_egress(
                    GroupId=id, IpPermissions=[{"IpProtocol": "-1", **peer}]
                )
        with ec2_errors():
            self._write_blocks(client, id, inputs)

    def _delete_lingering(self, client: Any, id: str) -> None:
        """Delete the interfaces that a deleted function left in the group."""
        of_group = [{"Name": "group-id", "Values": [id]}]
        with ec2_errors():
            found = client.describe_network_interfaces(Filters=of_group)["NetworkInterfaces"]
            for each in found:
                if each["Description"].startswith(LINGERING) and each["Status"] == "available":
                    client.delete_network_interface(NetworkInterfaceId=each["NetworkInterfaceId"])

    def _write_blocks(self, client: Any, id: str, inputs: Props) -> None:
        """Only a direction that the program gave inline is written; rules that are resources stay
        untouched.
        """
        group = client.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]
        for direction in DIRECTIONS:
            if direction in inputs:
                write_blocks(client, group, direction, inputs[direction])

    def _revoke_everything(self, client: Any, id: str) -> None:
        with tolerating("InvalidGroup.NotFound"):
            group = client.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]
            if group["IpPermissions"]:
                client.revoke_security_group_ingress(
                    GroupId=id, IpPermissions=group["IpPermissions"]
                )
            if group["IpPermissionsEgress"]:
                client.revoke_security_group_egress(
                    GroupId=id, IpPermissions=group["IpPermissionsEgress"]
                )
