"""What `requirements.lock` promises, read from it and from the environment; nothing is asked of a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions

_PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!+_-]+)(?:\s*;.*)?\s*\\?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\s*\\?")
_OURS = ("swyx-components", "swyx-sandbox")  # installed from this folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package of the lock: `hashes` says how many files of it are accepted."""

    name: str
    version: str
    hashes: int


def read_lock(text: str) -> tuple[dict[str, Pin], list[str]]:
    """The pins by name, and in sentences every line that is neither a pin, a hash nor a comment."""
    pins: dict[str, Pin] = {}
    faults: list[str] = []
    last = ""
    for number, line in enumerate(text.splitlines(), 1):
        content = (
            line.partition("#")[0].strip()
            if not line.strip().startswith("--hash")
            else line.strip()
        )
        if not content:
            continue
        found = _PIN.fullmatch(content)
        if found:
            last = normal(found[1])
            if last in pins:
                faults.append(f"line {number}: {last} is pinned twice")
            pins[last] = Pin(name=last, version=found[2], hashes=0)
        elif _HASH.fullmatch(content) and last:
            pin = pins[last]
            pins[last] = Pin(name=last, version=pin.version, hashes=pin.hashes + 1)
        else:
            faults.append(f"line {number}: neither a pin nor a sha256 hash: {content[:60]!r}")
    faults += [f"{pin.name} {pin.version} has no hash" for pin in pins.values() if not pin.hashes]
    return pins, faults


def normal(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_packages() -> dict[str, str]:
    """The version of every package in this environment."""
    return {normal(each.metadata["Name"]): each.version for each in distributions()}


def compare(pins: Mapping[str, Pin], installed: Mapping[str, str]) -> Iterator[str]:
    """Every difference between the lock and the environment, in sentences."""
    for name, version in sorted(installed.items()):
        if name not in pins and name not in _OURS:
            yield f"{name} {version} is installed and not in the lock"
        elif name in pins and pins[name].version != version:
            yield f"{name} {version} is installed, the lock has {pins[name].version}"
    for name in sorted(pins.keys() - installed.keys()):
        yield f"{name} {pins[name].version} is in the lock and not installed"
