"""One security rule, as its text: priority, protocol, ports and the two sides (clouds.md, Azure 1 to 6)."""

import ipaddress
import re
from typing import Any

from sandbox.azure.errors import ArmError, refuse
from sandbox.azure.limits import Limits

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Properties = dict[str, Any]

SIDES = ("source", "destination")
# Of each field that is one of some words: the words, and the code for any other.
_WORDS = {
    "protocol": (("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"), "SecurityRuleInvalidProtocol"),
    "access": (("Allow", "Deny"), "SecurityRuleInvalidAccessType"),
    "direction": (("Inbound", "Outbound"), "SecurityRuleInvalidDirection"),
}
_DENY_ONLY_TAGS = frozenset({"azureplatformdns", "azureplatformimds", "azureplatformlkm"})
_TAGS = _DENY_ONLY_TAGS | {
    "azurecloud",
    "azureloadbalancer",
    "internet",
    "sql",
    "storage",
    "virtualnetwork",
}
"""Azure's names for its own ranges, as many as the project meets; some take a region."""


def check_rule(rule_id: str, given: Properties, limits: Limits) -> Properties:
    """The rule's properties as ARM stores them: words in ARM's case, every list present.

    Raises: ArmError with the code of the first fact broken.
    """
    rule: Properties = {field: _choose(given, field, rule_id) for field in _WORDS}
    rule["priority"] = _check_priority(given.get("priority"), limits)
    if given.get("description"):
        rule["description"] = _check_description(given["description"], rule_id, limits)
    families: set[int] = set()
    for side in SIDES:
        rule |= _check_ports(given, side, rule_id)
        rule |= _check_side(given, side, rule_id, families)
    for side in SIDES:
        tag = rule.get(f"{side}AddressPrefix", "")
        if tag.lower() in _DENY_ONLY_TAGS and rule["access"] == "Allow":
            raise refuse(
                "SecurityRuleInvalidAccessType",
                rule_id=rule_id,
                field="access",
                value="Allow",
                words="Deny",
            )
    return rule


def side_fields(side: str) -> tuple[str, str]:
    """ARM's names for a side's one prefix and its prefixes."""
    return f"{side}AddressPrefix", f"{side}AddressPrefixes"


def _choose(given: Properties, field: str, rule_id: str) -> str:
    value = given.get(field)
    words, code = _WORDS[field]
    if value is None:
        raise _missing(rule_id, field[0].upper() + field[1:])
    for word in words:
        if isinstance(value, str) and value.lower() == word.lower():
            return word
    raise refuse(code, rule_id=rule_id, field=field, value=value, words=", ".join(words))


def _check_priority(value: object, limits: Limits) -> int:
    low, high = limits.lowest_priority, limits.highest_priority
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise refuse("SecurityRuleInvalidPriority", value=value, low=low, high=high)


def _check_description(text: str, rule_id: str, limits: Limits) -> str:
    if len(text) > limits.description:
        raise refuse(
            "SecurityRuleInvalidDescription",
            rule_id=rule_id,
            count=len(text),
            most=limits.description,
        )
    return text


def _one_of(given: Properties, single: str, plural: str, rule_id: str) -> tuple[str, list[str]]:
    """Exactly one of a single value and a list of several."""
    one, many = given.get(single) or "", list(given.get(plural) or ())
    if one and many:
        names = f"{_title(single)} and {_title(plural)}"
        raise refuse("SecurityRuleParametersConflict", rule_id=rule_id, names=names)
    if not one and not many:
        raise _missing(rule_id, f"{_title(single)} or {_title(plural)}")
    return one, many


def _check_ports(given: Properties, side: str, rule_id: str) -> Properties:
    single, plural = f"{side}PortRange", f"{side}PortRanges"
    one, many = _one_of(given, single, plural, rule_id)
    for text in many or [one]:
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", str(text), re.ASCII)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (-1, -1)
        if one != "*" and not 0 <= low <= high <= 65535:
            raise refuse("SecurityRuleInvalidPortRange", rule_id=rule_id, text=text)
    return {single: one, plural: []} if one else {plural: many}


def _check_side(given: Properties, side: str, rule_id: str, families: set[int]) -> Properties:
    """One prefix, or a list of them of one family; application security groups are not had."""
    single, plural = side_fields(side)
    one, many = _one_of(given, single, plural, rule_id)
    if any(map(_is_general, many)):
        raise refuse(
            "SecurityRuleParameterContainsUnsupportedValue",
            side=_title(side),
            rule_id=rule_id,
            value=next(filter(_is_general, many)),
        )
    networks = [_parse(text, rule_id) for text in many or [one] if not _is_general(text)]
    families |= {network.version for network in networks}
    if len(families) > 1:
        raise refuse("SecurityRuleAddressFamiliesMixed", rule_id=rule_id)
    _require_no_overlap(networks, side, rule_id)
    return {single: one, plural: []} if one else {plural: many}


def _is_general(text: str) -> bool:
    """Whether a prefix is `*` or a service tag, such as `Storage.WestEurope`."""
    is_word = re.fullmatch(r"[A-Za-z]+(\.[A-Za-z0-9]+)?", text)
    return text == "*" or (bool(is_word) and text.split(".")[0].lower() in _TAGS)


def _parse(text: str, rule_id: str) -> Network:
    """An address or a CIDR without host bits."""
    try:
        return ipaddress.ip_network(text, strict=True)
    except ValueError:
        raise refuse("SecurityRuleInvalidAddressPrefix", rule_id=rule_id, text=text) from None


def _require_no_overlap(networks: list[Network], side: str, rule_id: str) -> None:
    """Sorted by first address, an overlap is always between neighbours or with the widest so far."""
    ordered = sorted(networks, key=lambda each: (int(each.network_address), each.prefixlen))
    widest: Network | None = None
    for network in ordered:
        if widest is not None and int(network.network_address) <= int(widest.broadcast_address):
            raise refuse(
                "OverlappingSubnetsNotPermittedInSecurityRule",
                side=_title(side),
                rule_id=rule_id,
                widest=widest,
                network=network,
            )
        widest = network


def _missing(rule_id: str, wanted: str) -> ArmError:
    return refuse("SecurityRuleParametersMissing", rule_id=rule_id, wanted=wanted)


def _title(field: str) -> str:
    return field[0].upper() + field[1:]
