"""``aws.ec2.SecurityGroup`` and ``NetworkInterfaceSecurityGroupAttachment``."""

import os
import threading
import time
from collections import defaultdict
from types import MappingProxyType
from typing import Any

from sandbox.aws.handler import AwsHandler, ec2_errors, find_one, specify_tags, update_tags
from sandbox.aws.session import Session
from sandbox.aws.tables import GROUP, INTERFACE
from sandbox.provider import (
    CloudError,
    Failure,
    InitFailed,
    Props,
    ProviderError,
    State,
    is_unknown,
)

DELETE_SECONDS_VARIABLE = "SANDBOX_AWS_DELETE_SECONDS"
FASTER = 90
"""How many times shorter than the real provider's the waits here are."""

DELETE_SECONDS = 15 * 60 / FASTER
"""How long the deletion of a group in use is tried again; the real provider does for 15 minutes."""

POLL_SECONDS = 0.25
IN_USE = ("DependencyViolation", "InvalidGroup.InUse")
DEFAULT_EGRESS: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
    ({"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, ()),
    ({"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, ("InvalidPermission.NotFound",)),
)
"""What EC2 opens in a new group, one call each, and what the provider accepts of its revocation."""

LINGERING = "AWS Lambda VPC ENI"
"""How the description of interfaces begins that a deleted function leaves in its groups."""


class SecurityGroupHandler(AwsHandler):
    """A group whose rules are resources of their own."""

    token = "aws:ec2/securityGroup:SecurityGroup"
    kind = GROUP
    name_property = "name"
    supported = frozenset({"name", "description", "vpcId"})
    defaults = MappingProxyType({"description": "Managed by Pulumi"})
    replace_on = frozenset({"name", "description", "vpcId", "region"})
    computed = frozenset({"vpcId", "name"})

    def check(self, inputs: Props) -> list[Failure]:
        failures = super().check(inputs)
        if inputs.get("description") == "":
            failures.append(Failure("description", "the description must not be empty"))
        for name in ("name", "description"):
            value = inputs.get(name) or ""
            if not is_unknown(value) and len(value) > 255:
                failures.append(
                    Failure(name, f"{name} has {len(value)} characters; at most 255 are allowed")
                )
        if str(inputs.get("name", "")).startswith("sg-"):
            failures.append(Failure("name", f"{inputs['name']!r} must not begin with 'sg-'"))
        return failures

    def create(self, inputs: Props) -> State:
        """A new group allows all egress; the provider revokes that before anything else is done."""
        client = self.ec2(inputs)
        with ec2_errors():
            id = client.create_security_group(
                GroupName=inputs["name"],
                Description=inputs["description"],
                **({"VpcId": inputs["vpcId"]} if "vpcId" in inputs else {}),
                **specify_tags("security-group", inputs.get("tags")),
            )["GroupId"]
        try:
            with ec2_errors():
                client.describe_security_groups(GroupIds=[id])
            for peer, accepted in DEFAULT_EGRESS:
                everything = [{"IpProtocol": "-1", **peer}]
                with ec2_errors(*accepted):
                    client.revoke_security_group_egress(GroupId=id, IpPermissions=everything)
        except CloudError as error:
            raise InitFailed(id=id, inputs=inputs, outputs=inputs, reasons=[str(error)]) from error
        return self.settle(id, inputs)

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        """Nothing is revoked here, also where the creation failed before all egress was closed."""
        with ec2_errors():
            update_tags(self.ec2(new), id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client = self.ec2({**outputs, **inputs})
        self._delete_lingering(client, id)
        deadline = time.monotonic() + float(os.environ.get(DELETE_SECONDS_VARIABLE, DELETE_SECONDS))
        while True:
            try:
                with ec2_errors("InvalidGroup.NotFound"):
                    client.delete_security_group(GroupId=id)
                return
            except CloudError as error:
                if error.code not in IN_USE or time.monotonic() >= deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def _delete_lingering(self, client: Any, id: str) -> None:
        """Delete the interfaces that a deleted function left in the group."""
        of_group = [{"Name": "group-id", "Values": [id]}]
        with ec2_errors():
            found = client.describe_network_interfaces(Filters=of_group)["NetworkInterfaces"]
            for each in found:
                if each["Description"].startswith(LINGERING) and each["Status"] == "available":
                    client.delete_network_interface(NetworkInterfaceId=each["NetworkInterfaceId"])


class AttachmentHandler(AwsHandler):
    """One group more on an interface: its groups are read and written, one at a time."""

    token = (
        "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
    )
    takes_tags = False
    supported = frozenset({"networkInterfaceId", "securityGroupId"})
    replace_on = frozenset({*supported, "region"})
    drifting = frozenset()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def create(self, inputs: Props) -> State:
        interface_id, group_id = inputs["networkInterfaceId"], inputs["securityGroupId"]
        with self._locks[interface_id], ec2_errors():
            groups = self._groups_of(interface_id, inputs)
            if groups is None:
                raise ProviderError(f"EC2 has no network interface {interface_id}")
            if group_id in groups:
                raise ProviderError(
                    f"EC2 Security Group ({group_id}) already attached to EC2 Network Interface "
                    f"({interface_id})"
                )
            self._write(interface_id, [group_id, *groups], inputs)
        return self.settle(f"{group_id}_{interface_id}", inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        group_id, _, interface_id = id.partition("_")
        groups = self._groups_of(interface_id, inputs)
        if groups is None or group_id not in groups:
            return None
        region = inputs.get("region") or self._session.region
        return {"networkInterfaceId": interface_id, "securityGroupId": group_id, "region": region}

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        """Writes the rest even if the group is not there, and even if nothing is left, which EC2 refuses."""
        group_id, _, interface_id = id.partition("_")
        inputs = {**outputs, **inputs}
        with self._locks[interface_id]:
            groups = self._groups_of(interface_id, inputs)
            if groups is None:
                return
            with ec2_errors("InvalidNetworkInterfaceID.NotFound"):
                self._write(interface_id, [each for each in groups if each != group_id], inputs)

    def _groups_of(self, interface_id: str, inputs: Props) -> list[str] | None:
        interface = find_one(self.ec2(inputs), INTERFACE, interface_id)
        return None if interface is None else [each["GroupId"] for each in interface["Groups"]]

    def _write(self, interface_id: str, groups: list[str], inputs: Props) -> None:
        self.ec2(inputs).modify_network_interface_attribute(
            NetworkInterfaceId=interface_id, Groups=groups
        )
