"""What was found about a plan, by what a reviewer asks for: decisions, collisions, gaps, the cloud."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from swyx_components.messages import Message, Severity

TOPICS = {
    "collisions": (
        "port-overlap",
        "opened-beside",
        "administration-inside",
        "fixed-port-ephemeral",
    ),
    "decisions": (
        "preset-wide",
        "cornet-both",
        "fax-udp-default",
        "dcom-tcp-only",
        "control-path-default",
        "setting-unnamed",
    ),
    "uncovered": (
        "uncovered-egress",
        "egress-open",
        "multicast-not-routed",
        "no-common-ip-version",
        "serves-nothing",
    ),
    "quotas": ("quota-would-exceed", "quotas-would-exceed", "quota-tight"),
}
OTHER = "other"
_TOPIC = {id: topic for topic, ids in TOPICS.items() for id in ids}
_ORDER = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One message, said once for all the places where it holds."""

    severity: str
    id: str
    sentence: str
    remedy: str
    places: tuple[str, ...]


def sort_findings(messages: Collection[Message]) -> dict[str, tuple[Finding, ...]]:
    """The findings by topic, each topic's gravest first."""
    by_topic: dict[str, list[Message]] = {topic: [] for topic in (*TOPICS, OTHER)}
    for message in messages:
        by_topic[_TOPIC.get(message.id, OTHER)].append(message)
    return {topic: tuple(_join(members)) for topic, members in by_topic.items()}


def _join(messages: Iterable[Message]) -> Iterable[Finding]:
    alike: dict[tuple[object, ...], list[Message]] = {}
    for message in sorted(messages, key=lambda m: (_ORDER[m.severity], m)):
        alike.setdefault((message.id, message.values), []).append(message)
    for same in alike.values():
        first = same[0]
        yield Finding(
            severity=first.severity.value,
            id=first.id,
            sentence=first.sentence,
            remedy=first.remedy,
            places=tuple(message.place for message in same),
        )
