from collections.abc import Sequence

import pulumi

class NetworkInterface(pulumi.CustomResource):
    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str]) -> NetworkInterface: ...
    @property
    def ip_configurations(self) -> pulumi.Output[Sequence[object] | None]: ...

class GetNetworkInterfaceResult:
    @property
    def id(self) -> str | None: ...
    @property
    def ip_configurations(self) -> Sequence[object] | None: ...

def get_network_interface(
    *, network_interface_name: str | None = None, resource_group_name: str | None = None
) -> GetNetworkInterfaceResult: ...
