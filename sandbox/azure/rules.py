"""One security rule, as its text: name, priority, protocol, ports and the two sides (clouds.md,
Azure 1 to 6).
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.azure import addresses
from sandbox.azure.errors import ArmError, refuse
from sandbox.azure.limits import Limits

SIDES = ("source", "destination")
PROTOCOLS = {word.lower(): word for word in ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*")}
_ACCESS = {"allow": "Allow", "deny": "Deny"}
_DIRECTIONS = {"inbound": "Inbound", "outbound": "Outbound"}
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")

Properties = dict[str, Any]


def check_name(name: str, limit: int, *, resource: str = "Resource name") -> None:
    """Every child and top-level name of Microsoft.Network has this shape.

    Raises: ArmError `InvalidResourceName`.
    """
    if len(name) > limit or not _NAME.fullmatch(name):
        raise refuse(
            "InvalidResourceName",
            f"{resource} {name} is invalid. The name can be up to {limit} characters long. It "
            "must begin with a word "
            "character, and it must end with a word character or with '_'. The name may contain "
            "word characters or "
            "'.', '-', '_'.",
        )


def check_rule(name: str, rule_id: str, given: Properties, limits: Limits) -> Properties:
    """The rule's properties as ARM stores them: words in ARM's case, every list present.

    Raises: ArmError with the code of the first fact broken.
    """
    check_name(name, limits.rule_name)
    rule: Properties = {
        "protocol": _choose(given, "protocol", PROTOCOLS, "SecurityRuleInvalidProtocol", rule_id),
        "access": _choose(given, "access", _ACCESS, "SecurityRuleInvalidAccessType", rule_id),
        "direction": _choose(
            given, "direction", _DIRECTIONS, "SecurityRuleInvalidDirection", rule_id
        ),
        "priority": _check_priority(given.get("priority"), limits),
    }
    if given.get("description"):
        rule["description"] = _check_description(given["description"], rule_id, limits)
    families: list[addresses.Network] = []
    for side in SIDES:
        rule |= _check_ports(given, side, rule_id)
        rule |= _check_side(given, side, rule_id, families)
    addresses.require_one_family(families, rule_id)
    _check_platform_tags(rule, rule_id)
    return rule


def _choose(given: Properties, field: str, words: dict[str, str], code: str, rule_id: str) -> str:
    value = given.get(field)
    if value is None:
        raise _missing(rule_id, field[0].upper() + field[1:])
    if not isinstance(value, str) or value.lower() not in words:
        allowed = ", ".join(words.values())
        raise refuse(
            code,
            f"Security rule {rule_id} has invalid {field}. Value provided: {value} Allowed "
            f"values: {allowed}.",
        )
    return words[value.lower()]


def _check_priority(value: object, limits: Limits) -> int:
    low, high = limits.lowest_priority, limits.highest_priority
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not low <= value <= high:  # type: ignore[operator]  # `whole` says it is an int
        raise refuse(
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Value provided: {value} Allowed range {low}-{high}.",
        )
    return int(value)  # type: ignore[call-overload,no-any-return]


def _check_description(text: str, rule_id: str, limits: Limits) -> str:
    if len(text) > limits.description:
        raise refuse(
            "SecurityRuleInvalidDescription",
            f"Security rule {rule_id} has a description of {len(text)} characters. "
            f"The maximum length is {limits.description}.",
        )
    return text


def _check_ports(given: Properties, side: str, rule_id: str) -> Properties:
    single, plural = f"{side}PortRange", f"{side}PortRanges"
    one, many = given.get(single), given.get(plural) or []
    if one and many:
        raise _conflict(rule_id, single, plural)
    if not one and not many:
        raise _missing(rule_id, f"{_title(single)} or {_title(plural)}")
    for text in many or [one]:
        _check_port_range(text, rule_id, star=not many)
    return {single: one, plural: []} if one else {plural: list(many)}


def _check_port_range(text: object, rule_id: str, *, star: bool) -> None:
    if star and text == "*":
        return
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", str(text), re.ASCII)
    low = int(match[1]) if match else -1
    high = int(match[2] or match[1]) if match else -1
    if not 0 <= low <= high <= 65535:
        raise refuse(
            "SecurityRuleInvalidPortRange",
            f"Security rule {rule_id} has invalid Port range. Value provided: {text}. Value "
            "should be an integer OR "
            "integer range with '-' delimiter. Valid range 0-65535.",
        )


def _check_side(
    given: Properties, side: str, rule_id: str, families: list[addresses.Network]
) -> Properties:
    """Exactly one of a prefix or a list of prefixes. ARM takes application security groups too, which
    the emulator does not have.
    """
    single, plural = side_fields(side)
    filled = [field for field in (single, plural) if given.get(field)]
    if not filled:
        raise _missing(rule_id, f"{_title(plural)} or {_title(single)}")
    if len(filled) > 1:
        raise _conflict(rule_id, *filled)
    if filled == [plural]:
        families += addresses.parse_list(list(given[plural]), _title(side), rule_id)
        return {plural: list(given[plural])}
    network = addresses.parse_single(given[single], rule_id)
    families += [network] if network is not None else []
    return {single: given[single], plural: []}


def side_fields(side: str) -> tuple[str, str]:
    """ARM's names for a side's one prefix and its prefixes."""
    return f"{side}AddressPrefix", f"{side}AddressPrefixes"


def _check_platform_tags(rule: Properties, rule_id: str) -> None:
    for side in SIDES:
        tag = rule.get(f"{side}AddressPrefix")
        if tag and addresses.is_deny_only(tag) and rule["access"] == "Allow":
            raise refuse(
                "SecurityRuleInvalidAccessType",
                f"Security rule {rule_id} has invalid Access. Value provided: Allow Allowed values: Deny.",
            )


def _missing(rule_id: str, wanted: str) -> ArmError:
    return refuse(
        "SecurityRuleParametersMissing",
        f"Required security rule parameters are missing for security rule with Id: {rule_id}. "
        f"Security rule must specify {wanted}.",
    )


def _conflict(rule_id: str, *fields: str) -> ArmError:
    names = " and ".join(_title(field) for field in fields)
    return refuse(
        "SecurityRuleParametersConflict",
        f"Security rule {rule_id} specifies {names}. Only one of them may be specified.",
    )


def _title(field: str) -> str:
    return field[0].upper() + field[1:]
