"""What ARM says when it refuses: an HTTP status, a code and a sentence.

Most codes were seen in public reports of ARM's answers. The few that no report shows are named by
analogy with their neighbours, and are listed in `BY_ANALOGY`, so that nobody takes them for ARM's
own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BY_ANALOGY = frozenset(
    {
        "InUsePrefixCannotBeDeleted",
        "InvalidIPv6SubnetPrefixLength",
        "IPv6IpConfigurationCannotBePrimary",
        "NetworkInterfaceMustHaveOnePrimaryIpConfiguration",
        "NetworkSecurityGroupCountLimitReached",
        "NumberOfAddressPrefixesInNetworkSecurityGroupLimitReached",
        "PrivateIPAddressVersionMismatch",
        "SecurityRuleAddressFamiliesMixed",
        "SecurityRuleInvalidDescription",
        "SecurityRuleInvalidDirection",
        "SecurityRuleInvalidProtocol",
        "SecurityRuleParametersConflict",
        "SubnetMustHaveIPv4AddressPrefix",
    }
)


@dataclass(slots=True)
class ArmError(Exception):
    """A refusal; `body` is what ARM sends."""

    status: int
    code: str
    message: str
    details: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}


def refuse(code: str, message: str, *, status: int = 400) -> ArmError:
    """A bad request unless told otherwise: ARM answers nearly every broken network rule with 400."""
    return ArmError(status, code, message)


def busy_reference(target: str, owner: str) -> ArmError:
    inner = {
        "code": "ReferencedResourceNotProvisioned",
        "message": f"Cannot proceed with operation because resource {target} used by resource {owner} "
        "is not in Succeeded state. Resource is in Updating state.",
    }
    return ArmError(429, "RetryableError", "A retryable error occurred.", [inner])


def missing_reference(target: str, owner: str) -> ArmError:
    return refuse(
        "InvalidResourceReference",
        f"Resource {target} referenced by resource {owner} was not found. Please make sure that the "
        "referenced resource exists, and that both resources are in the same region.",
    )
