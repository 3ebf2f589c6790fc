"""What goes wrong in a stand-in, as exceptions that the server turns into the protocol's answers."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.provider.values import Props


class ProviderError(Exception):
    """Something the user must read: the text is the whole message."""


class CloudError(ProviderError):
    """The cloud refused or failed a call; ``code`` is the cloud's own error code, such as
    ``DependencyViolation``.
    """

    def __init__(self, code: str, message: str, operation: str = "") -> None:
        self.code = code
        self.message = message
        self.operation = operation
        super().__init__(f"{operation}: {code}: {message}" if operation else f"{code}: {message}")


class InitFailed(ProviderError):
    """The resource exists, but not as wanted: the engine keeps id and outputs, and the next ``up``
    is an update.
    """

    def __init__(self, *, id: str, inputs: Props, outputs: Props, reasons: list[str]) -> None:
        self.id = id
        self.inputs = inputs
        self.outputs = outputs
        self.reasons = reasons
        super().__init__(f"{id} was created, but is not complete: {'; '.join(reasons)}")


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that cannot be accepted: the property's path and the reason, a sentence."""

    property: str
    reason: str
