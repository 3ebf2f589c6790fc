"""What two runs of the same operations did otherwise, one line each difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Run = Mapping[str, Mapping[str, Any]]  # by operation: `steps`, `calls`, `late`


def differences(recorded: Run, made: Run) -> list[str]:
    """Every difference of steps and calls, the recorded side with `-`, the other one with `+`.

    The order of calls counts where they are about one thing. Between several things it counts only in
    that nothing is added after something was taken away.
    """
    found = []
    for operation in [*recorded, *(each for each in made if each not in recorded)]:
        was, now = recorded.get(operation, {}), made.get(operation, {})
        steps = _unordered(was.get("steps", ()), now.get("steps", ()))
        calls = _calls(was.get("calls", {}), now.get("calls", {}))
        late = _unordered(was.get("late", ()), now.get("late", ()))
        for title, lines in (("step", steps), ("call", calls), ("order", late)):
            found += [f"{operation}, {title} {line}" for line in lines]
    return found


def _calls(was: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for subject in sorted({*was, *now}):
        one, other = was.get(subject, ()), now.get(subject, ())
        lines = list(_unordered(one, other))
        for line in lines:
            yield f"{line[:1]} {subject}: {line[2:]}"
        if not lines and list(one) != list(other):
            yield f"- {subject}: {' | '.join(one)}"
            yield f"+ {subject}, in another order: {' | '.join(other)}"


def _unordered(was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    one, other = Counter(was), Counter(now)
    for sign, lines in (("-", one - other), ("+", other - one)):
        for line in sorted(lines.elements()):
            yield f"{sign} {line}"
