"""The provider protocol for stand-ins of Pulumi's cloud plugins, shared by the clouds.

A cloud writes one ``Provider`` (configuration, handlers, functions) and one ``ResourceHandler`` a
resource type, and calls ``serve(provider)``. The server checks every input against the provider's
own Python SDK, fills in names and defaults, compares, previews, and turns exceptions into the
protocol's errors. A stand-in keeps nothing in memory that the cloud does not hold, and never faults
on purpose: faults are injected in the clouds.

`pulumi.provider.experimental` can't carry it: its server hands on no `old_inputs`, answers every
error with a traceback and without details (no half-made resources), and writes no unknown values.
"""

from sandbox.provider.model import (
    CloudError,
    InitFailed,
    InvokeFunction,
    Provider,
    ProviderError,
    ResourceHandler,
    State,
)
from sandbox.provider.schema import Failure
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
    "serve",
    "start_server",
]
