"""The mutants: for each fact of the catalogue, the smallest change that makes it another fact.

Every mutant is a catalogue that the loader accepts, so that a test has to notice it and not a check of the
file's form.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from swyx_components.catalogue.load import _compose, read_catalogue
from swyx_components.catalogue.model import Catalogue
from swyx_components.messages import SwyxError

Rows = dict[str, Any]
BUNDLED = "v6_01.yaml"
OTHER = {"tcp": "udp", "udp": "tcp"}


class Mutant(NamedTuple):
    """A changed catalogue and what was changed in it."""

    title: str
    text: str


def make_mutants() -> list[Mutant]:
    """All mutants that are catalogues, in the order of the file."""
    text = files("swyx_components.catalogue").joinpath(BUNDLED).read_text(encoding="utf-8")
    original: Rows = yaml.load(text, Loader=yaml.CSafeLoader)
    mutants = []
    for title, change in _changes(original):
        rows = copy.deepcopy(original)
        change(rows)
        mutant = Mutant(title, yaml.safe_dump(rows, sort_keys=False, allow_unicode=True))
        if rows != original and _is_catalogue(mutant.text):
            mutants.append(mutant)
    return mutants


def read_mutant(text: str) -> Catalogue:
    """The changed catalogue, read as the bundled one is."""
    return read_catalogue(_compose(text))


def _is_catalogue(text: str) -> bool:
    try:
        read_mutant(text)
    except (SwyxError, KeyError):
        return False
    return True


def _changes(rows: Rows) -> Iterator[tuple[str, Callable[[Rows], None]]]:
    yield "the endpoint mapper is 136", lambda r: r.update(endpoint_mapper=136)
    yield "CorNet is 4060 and 4062", lambda r: r.update(cornet=[4060, 4062])
    yield (
        "the preset restricted ends one earlier",
        lambda r: r["presets"].update(restricted="40000-40198"),
    )
    for role, row in rows["roles"].items():
        for key, listener in row["listeners"].items():
            yield from _listener_changes(role, key, listener)
    for id, row in rows["flows"].items():
        yield f"{id} is dropped", lambda r, id=id: _drop(r, id)
        if row["evidence"] == "inferred":
            yield f"{id} is optional", lambda r, id=id: r["flows"][id].update(evidence="optional")
        for place, leg in enumerate(row["legs"]):
            yield from _leg_changes(rows, id, place, leg)


def _listener_changes(
    role: str, key: str, listener: Rows
) -> Iterator[tuple[str, Callable[[Rows], None]]]:
    """Ports one off at either end, and each transport swapped or taken away."""

    def change(field: str, value: Any) -> Callable[[Rows], None]:
        return lambda r: r["roles"][role]["listeners"][key].update({field: value})

    ports, transports = str(listener["ports"]), listener["transports"]
    for moved in _one_off(ports):
        yield f"{role} {key} is {moved} instead of {ports}", change("ports", moved)
    if len(transports) == 1:
        yield (
            f"{role} {key} is {OTHER[transports[0]]}",
            change("transports", [OTHER[transports[0]]]),
        )
    else:
        for kept in transports:
            yield f"{role} {key} is {kept} only", change("transports", [kept])


def _one_off(ports: str) -> list[str]:
    """A single port one higher; a range one longer or shorter at either end."""
    if "," in ports:
        return [ports.split(",")[0]]
    first, dash, last = ports.partition("-")
    if not dash:
        return [str(int(first) + 1)]
    low, high = int(first), int(last)
    return [f"{low + 1}-{high}", f"{low - 1}-{high}", f"{low}-{high + 1}", f"{low}-{high - 1}"]


def _drop(rows: Rows, id: str) -> None:
    """The flow, and what depends on it alone."""
    del rows["flows"][id]
    for row in rows["flows"].values():
        for leg in row["legs"]:
            for key in ("needs", "follows"):
                if id in leg.get(key, ()):
                    leg[key] = [other for other in leg[key] if other != id]


def _leg_changes(
    rows: Rows, id: str, place: int, leg: Rows
) -> Iterator[tuple[str, Callable[[Rows], None]]]:
    """Direction, transport, roles, ports and conditions of one line of a flow."""
    name = f"{id} leg {place + 1}" if len(rows["flows"][id]["legs"]) > 1 else id

    def change(**values: Any) -> Callable[[Rows], None]:
        return lambda r: r["flows"][id]["legs"][place].update(values)

    def without(*keys: str) -> Callable[[Rows], None]:
        return lambda r: [r["flows"][id]["legs"][place].pop(key) for key in keys] and None

    if len(rows["flows"][id]["legs"]) > 1:
        yield f"{name} is dropped", lambda r: r["flows"][id]["legs"].pop(place)
    if {"from", "to", "ports"} <= leg.keys() and not leg.get("both_ways"):
        owned = [_owned(token, leg["to"][0], rows) for token in leg["ports"]]
        swapped = {"from": leg["to"], "to": leg["from"], "ports": owned}
        yield f"{name} runs the other way", change(**swapped)
    if leg.get("both_ways"):
        yield f"{name} runs one way only", without("both_ways")
    if "media" in leg:
        yield f"{name} is {OTHER[leg['media']]}", change(media=OTHER[leg["media"]])
    if "transport" in leg:
        yield f"{name} is {OTHER[leg['transport']]}", change(transport=OTHER[leg["transport"]])
    for token in leg.get("ports", ()):
        if len(leg["ports"]) > 1:
            kept = [other for other in leg["ports"] if other != token]
            yield f"{name} lacks its port {token}", change(ports=kept)
    for key in ("from", "to", "among", "follows", "needs"):
        for role in leg.get(key, ()):
            if len(leg[key]) > 1:
                kept = [other for other in leg[key] if other != role]
                yield f"{name} leaves {role} out of {key}", change(**{key: kept})
    for key in ("control_path", "machines_only", "fax_tcp_at", "but_not", "not_towards", "source"):
        if key in leg:
            yield f"{name} has no {key}", without(key)


def _owned(token: str, role: str, rows: Rows) -> str:
    """A listener's key with its role, so that it means the same at another responder."""
    return f"{role}.{token}" if token in rows["roles"].get(role, {}).get("listeners", {}) else token
