"""Messages for people: the gravest first, and what holds at many places said once."""

from collections.abc import Iterable, Iterator, Mapping

from swyx_components.messages import Message, Severity

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
_MOST_PLACES = 3  # where more say the same, the rest is counted


def list_messages(messages: Iterable[Message]) -> Iterator[str]:
    """One line a message: errors, warnings, notes, each by place.

    Errors are never joined. Warnings and notes of the same words at several places are one line
    that names the first places.
    """
    by_severity: dict[Severity, list[Message]] = {severity: [] for severity in _ORDER}
    for message in messages:
        by_severity[message.severity].append(message)
    for severity, members in by_severity.items():
        if severity is Severity.ERROR:
            yield from (f"{severity.value}: {message}" for message in members)
            continue
        alike: dict[tuple[object, ...], list[Message]] = {}
        for message in members:
            alike.setdefault((message.file, message.id, message.values), []).append(message)
        for same in alike.values():
            yield f"{severity.value}: {_join_places(same)}"


def _join_places(same: list[Message]) -> str:
    first = same[0]
    if len(same) == 1:
        return str(first)
    places = [message.place for message in same[:_MOST_PLACES]]
    if len(same) > _MOST_PLACES:
        places.append(f"{len(same) - _MOST_PLACES:,} more places")
    joined = ", ".join(places)
    return str(Message(joined, first.id, first.values, first.file))


def count_messages(messages: Iterable[Message]) -> str:
    """`no errors, 2 warnings, 1 note`."""
    counts = dict.fromkeys(_ORDER, 0)
    for message in messages:
        counts[message.severity] += 1
    return ", ".join(
        f"{count or 'no'} {severity.value}{'' if count == 1 else 's'}"
        for severity, count in counts.items()
    )


def message_record(message: Message) -> Mapping[str, str]:
    """The message as the JSON of `swyx check` has it."""
    return {
        "severity": message.severity.value,
        "id": message.id,
        "file": message.file,
        "place": message.place,
        "sentence": message.sentence,
        "remedy": message.remedy,
        "text": str(message),
    }
