"""``aws.ec2.NetworkInterfaceSecurityGroupAttachment``: one group more on an interface that exists."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

from sandbox.aws.calls import ec2_errors, find_one, tolerating
from sandbox.aws.handler import AwsHandler
from sandbox.provider import Props, ProviderError, State


class AttachmentHandler(AwsHandler):
    """A read, a change and a write of the interface's groups: one at a time an interface, as really."""

    token = (
        "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
    )
    takes_tags = False
    replace_on = frozenset({"networkInterfaceId", "securityGroupId", "region"})
    drifting = frozenset()

    def __init__(self, session: Any) -> None:
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
        return self.with_region_and_tags(
            inputs, None, networkInterfaceId=interface_id, securityGroupId=group_id
        )

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
            with tolerating("InvalidNetworkInterfaceID.NotFound"):
                self._write(interface_id, [each for each in groups if each != group_id], inputs)

    def _groups_of(self, interface_id: str, inputs: Props) -> list[str] | None:
        interface = find_one(
            self.ec2(inputs),
            "describe_network_interfaces",
            "NetworkInterfaces",
            NetworkInterfaceIds=[interface_id],
        )
        return None if interface is None else [each["GroupId"] for each in interface["Groups"]]

    def _write(self, interface_id: str, groups: list[str], inputs: Props) -> None:
        self.ec2(inputs).modify_network_interface_attribute(
            NetworkInterfaceId=interface_id, Groups=groups
        )
