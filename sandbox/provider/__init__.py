"""The provider protocol for stand-ins of Pulumi's cloud plugins, shared by the clouds.

A cloud writes one ``Provider`` (configuration, the list of handlers and functions) and one
``ResourceHandler`` a resource type, and calls ``serve(provider)``. The server checks every input
against the provider's own Python SDK, fills in names and defaults, compares, previews, and turns
exceptions into the protocol's errors. A stand-in keeps nothing in memory that the cloud does not
hold, and never faults on purpose: faults are injected in the clouds.

    class Group(ResourceHandler):
        token = "aws:ec2/securityGroup:SecurityGroup"
        name_property = "name"
        replace_on = frozenset({"name", "vpcId"})
        def create(self, inputs): ...        # -> State(id=..., inputs=..., outputs=...)
        def read(self, id, inputs, outputs): ...     # -> State or None
        def update(self, id, new, old, outputs): ...
        def delete(self, id, inputs, outputs): ...
"""

from sandbox.provider.errors import CloudError, Failure, InitFailed, ProviderError
from sandbox.provider.handler import ResourceHandler, State, refresh_inputs
from sandbox.provider.provider import InvokeFunction, Provider
from sandbox.provider.server import serve, start_server
from sandbox.provider.values import UNKNOWN, Props, contains_unknown, is_unknown

__all__ = [
    "UNKNOWN",
    "CloudError",
    "Failure",
    "InitFailed",
    "InvokeFunction",
    "Props",
    "Provider",
    "ProviderError",
    "ResourceHandler",
    "State",
    "contains_unknown",
    "is_unknown",
    "refresh_inputs",
    "serve",
    "start_server",
]
