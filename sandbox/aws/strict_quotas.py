"""Counting rules as EC2 counts them: per direction and per address family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from moto.ec2.exceptions import EC2ClientError

from sandbox.aws.strict_permissions import Identity, Source


def count_rules(
    rules: Iterable[Identity], list_weights: Mapping[str, tuple[int, int]]
) -> tuple[int, int]:
    """The weight of a direction's rules for IPv4 and for IPv6.

    A group reference counts in both families; a prefix list weighs its ``max_entries`` in its own family.
    """
    ipv4 = ipv6 = 0
    for rule in rules:
        added = _weigh(rule, list_weights)
        ipv4, ipv6 = ipv4 + added[0], ipv6 + added[1]
    return ipv4, ipv6


def check_rule_quota(
    rules: Iterable[Identity], list_weights: Mapping[str, tuple[int, int]], quota: int
) -> None:
    """Refuse a direction whose rules pass the quota in either family."""
    if max(count_rules(rules, list_weights)) > quota:
        raise EC2ClientError(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )


def _weigh(rule: Identity, list_weights: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    if rule.source is Source.IPV4:
        return 1, 0
    if rule.source is Source.IPV6:
        return 0, 1
    if rule.source is Source.GROUP:
        return 1, 1
    return list_weights.get(rule.peer, (1, 1))
