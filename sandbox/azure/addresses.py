"""The address side of a security rule: prefixes, service tags, overlaps and families."""

from __future__ import annotations

import ipaddress
import re

from sandbox.azure.errors import ArmError, refuse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_TAGS = frozenset(
    """
    actiongroup apimanagement appconfiguration appservice azureactivedirectory
    azurearcinfrastructure azurebackup azurecloud azurecontainerregistry azurecosmosdb
    azuredatabricks azuredevops azurefrontdoor azurekeyvault azureloadbalancer azuremonitor
    azureplatformdns azureplatformimds azureplatformlkm azureresourcemanager azuresentinel
    azuresiterecovery azuretrafficmanager batchnodemanagement datafactory eventhub
    gatewaymanager guestandhybridmanagement internet logicapps microsoftcontainerregistry
    powerbi servicebus servicefabric sql sqlmanagement storage virtualnetwork
    windowsvirtualdesktop
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_DENY_ONLY_TAGS = frozenset({"azureplatformdns", "azureplatformimds", "azureplatformlkm"})


def is_service_tag(text: str) -> bool:
    """Whether a prefix is one of Azure's names for its own ranges; some take a region, as
    `Storage.WestEurope`.
    """
    return (
        bool(re.fullmatch(r"[A-Za-z]+(\.[A-Za-z0-9]+)?", text))
        and text.split(".")[0].lower() in _TAGS
    )


def is_deny_only(text: str) -> bool:
    """The platform's own tags may only be denied."""
    return text.lower() in _DENY_ONLY_TAGS


def parse_prefix(text: str, rule_id: str) -> Network:
    """An address or a CIDR without host bits.

    Raises: ArmError `SecurityRuleInvalidAddressPrefix`.
    """
    try:
        return ipaddress.ip_network(text, strict=True)
    except ValueError:
        raise refuse(
            "SecurityRuleInvalidAddressPrefix",
            f"Security rule {rule_id} has invalid Address prefix. Value provided: {text}",
        ) from None


def parse_single(text: str, rule_id: str) -> Network | None:
    """The one prefix of a side; None for `*` and service tags, which have no family of their own."""
    if text == "*" or is_service_tag(text):
        return None
    return parse_prefix(text, rule_id)


def parse_list(texts: list[str], side: str, rule_id: str) -> list[Network]:
    """A list of prefixes: no `*`, no tag, no overlap, one family."""
    for text in texts:
        if text == "*" or is_service_tag(text):
            raise refuse(
                "SecurityRuleParameterContainsUnsupportedValue",
                f"Security rule parameter {side}AddressPrefix for rule with Id {rule_id} cannot "
                "specify existing "
                f"VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported "
                f"value used: {text}.",
            )
    networks = [parse_prefix(text, rule_id) for text in texts]
    require_one_family(networks, rule_id)
    _require_no_overlap(networks, side, rule_id)
    return networks


def require_one_family(networks: list[Network], rule_id: str) -> None:
    if len({network.version for network in networks}) > 1:
        raise refuse(
            "SecurityRuleAddressFamiliesMixed",
            f"Security rule {rule_id} has IPv4 and IPv6 address prefixes. All address prefixes "
            "of a security rule "
            "must be of the same address family.",
        )


def _require_no_overlap(networks: list[Network], side: str, rule_id: str) -> None:
    """Sorted by first address, an overlap is always between neighbours or with the widest so far."""
    ordered = sorted(
        networks, key=lambda network: (int(network.network_address), network.prefixlen)
    )
    widest: Network | None = None
    for network in ordered:
        if widest is not None and int(network.network_address) <= int(widest.broadcast_address):
            raise _overlap(widest, network, side, rule_id)
        widest = network


def _overlap(one: Network, other: Network, side: str, rule_id: str) -> ArmError:
    return refuse(
        "OverlappingSubnetsNotPermittedInSecurityRule",
        f"Security rule parameter {side}AddressPrefix for rule with Id {rule_id} contains "
        "overlapping subnets "
        f"[{one}, {other}]. To learn more, see aka.ms/nsgrules.",
    )
