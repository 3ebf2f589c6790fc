"""Hostile installation files, each from a seed and its number alone, so that any can be made again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.tools.example_files import BASE, read_plain
from tests.tools.fuzz.hostile import HOSTILE_TEXTS, NUMBERS, SYNTAX, WORDS
from tests.tools.fuzz.large import LARGE

ROOT = Path(__file__).parents[3]
MODELS = (
    BASE,
    ROOT / "stacks" / "installation.yaml",
    ROOT / "tests" / "fixtures" / "packed.yaml",
    ROOT / "tests" / "fixtures" / "one_role_a_machine.yaml",
)
ONE_LARGE_IN = 50  # large files are slow to make, and there are few ways to be large


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One file; `made` says how, for the person who looks at a failure."""

    made: str
    content: bytes


def make_mutant(seed: int, number: int, large: int = ONE_LARGE_IN) -> Mutant:
    """The file with this number; one in `large` is big."""
    chance = random.Random(f"{seed}:{number}")
    if large and number % large == large - 1:
        title = chance.choice(sorted(LARGE))
        count = int(10 ** chance.uniform(1.5, LARGE[title].most_digits))
        return Mutant(made=f"{title}, {count:,}", content=LARGE[title].write(count)[:5_000_000])
    way = chance.choice((_edit_text, _edit_values, _edit_values, _edit_both))
    model = chance.choice(MODELS)
    text = way(chance, model)
    content = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.03:  # bytes that are no text
        at = chance.randrange(len(content) + 1)
        content = content[:at] + chance.randbytes(chance.randint(1, 4)) + content[at:]
    return Mutant(made=f"{way.__name__.strip('_')} of {model.name}", content=content)


@cache
def _text_of(model: Path) -> str:
    return model.read_text(encoding="utf-8")


def _edit_text(chance: random.Random, model: Path) -> str:
    return _cut_and_paste(chance, _text_of(model))


def _edit_both(chance: random.Random, model: Path) -> str:
    return _cut_and_paste(chance, _edit_values(chance, model))


def _cut_and_paste(chance: random.Random, text: str) -> str:
    pieces = [*SYNTAX, *WORDS, *HOSTILE_TEXTS.values()]
    for _ in range(chance.randint(1, 4)):
        at, cut = chance.randrange(len(text) + 1), chance.choice((0, 0, 1, 3, 12, 200))
        if chance.random() < 0.2:  # a part of the file itself, a second time
            start = chance.randrange(len(text) + 1)
            piece = text[start : start + chance.randint(1, 300)]
        else:
            piece = chance.choice(pieces)
        text = text[:at] + piece + text[at + cut :]
    return text


def _edit_values(chance: random.Random, model: Path) -> str:
    data = read_plain(_text_of(model))
    for _ in range(chance.randint(1, 5)):
        places = list(_places(data))
        if places:
            chance.choice(_EDITS)(chance, data, chance.choice(places))
    return _write(chance, data)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every key and item of plain data stands."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield (*path, key)
        yield from _places(item, (*path, key))


def _holder(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        data = data[key]
    return data


def _set(chance: random.Random, data: Any, path: tuple[Any, ...]) -> None:
    _holder(data, path)[path[-1]] = _value(chance)


def _delete(chance: random.Random, data: Any, path: tuple[Any, ...]) -> None:
    del _holder(data, path)[path[-1]]


def _rename(chance: random.Random, data: Any, path: tuple[Any, ...]) -> None:
    """Another key for a value, its old one gone or not; in a list, another order."""
    holder = _holder(data, path)
    if isinstance(holder, list):
        chance.shuffle(holder)
        return
    value = holder[path[-1]]
    if chance.random() < 0.7:
        del holder[path[-1]]
    holder[_word(chance)] = value


def _misspell(chance: random.Random, data: Any, path: tuple[Any, ...]) -> None:
    """One letter of a key or text missing, twice or another."""
    holder = _holder(data, path)
    word = path[-1] if isinstance(holder, dict) and chance.random() < 0.5 else holder[path[-1]]
    if not isinstance(word, str) or not word:
        return
    at = chance.randrange(len(word))
    wrong = word[:at] + chance.choice(("", word[at] * 2, "x", word[at].swapcase())) + word[at + 1 :]
    if word is path[-1]:
        holder[wrong] = holder.pop(word)
    else:
        holder[path[-1]] = wrong


def _transplant(chance: random.Random, data: Any, path: tuple[Any, ...]) -> None:
    """A part of the file where another part stands."""
    other = chance.choice(list(_places(data)))
    value = _holder(data, other)[other[-1]]
    _holder(data, path)[path[-1]] = json.loads(json.dumps(value))


def _add(chance: random.Random, data: Any, path: tuple[Any, ...]) -> None:
    value = _holder(data, path)[path[-1]]
    if isinstance(value, list):
        value.append(_value(chance))
    elif isinstance(value, dict):
        value[_word(chance)] = _value(chance)


_EDITS: tuple[Callable[[random.Random, Any, tuple[Any, ...]], None], ...] = (
    _set,
    _delete,
    _rename,
    _misspell,
    _misspell,
    _transplant,
    _add,
)


def _word(chance: random.Random) -> str:
    return chance.choice((*WORDS, *HOSTILE_TEXTS.values()))


def _value(chance: random.Random) -> Any:
    kind = chance.random()
    if kind < 0.6:
        return _word(chance)
    if kind < 0.8:
        return chance.choice(NUMBERS)
    if kind < 0.9:
        return [_word(chance) for _ in range(chance.choice((0, 1, 2, 30)))]
    return {_word(chance): _word(chance) for _ in range(chance.choice((0, 1, 2, 30)))}


def _write(chance: random.Random, data: Any) -> str:
    """Plain data as YAML: all of it in flow style, or the top levels as blocks."""
    if chance.random() < 0.5 or not isinstance(data, dict):
        return json.dumps(data, ensure_ascii=False)
    lines = []
    for key, value in data.items():
        if isinstance(value, dict) and value:
            lines.append(f"{json.dumps(key, ensure_ascii=False)}:")
            lines += [f"  {_flow(name)}: {_flow(item)}" for name, item in value.items()]
        else:
            lines.append(f"{_flow(key)}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
