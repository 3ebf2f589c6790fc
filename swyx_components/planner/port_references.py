"""The catalogue's legs by scope, with the roles that each joins: the same at every site."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, FlowRow, Leg
from swyx_components.planner.effective_ports import CatalogueKey


class LegRow(NamedTuple):
    """One leg of a flow. `roles`: initiator and responder of all pairs that it may join.

    `is_conditional`: not every pair of endpoints with these roles, but those that meet its conditions.
    """

    flow: FlowRow
    leg: Leg
    roles: tuple[tuple[str, str], ...]
    is_conditional: bool


def legs_of(catalogue: Catalogue, scope: str) -> tuple[LegRow, ...]:
    """The legs of one scope, those that need or follow other flows after those."""
    return _legs_of(CatalogueKey(catalogue), scope)


@lru_cache(maxsize=64)
def _legs_of(key: CatalogueKey, scope: str) -> tuple[LegRow, ...]:
    rows = [
        LegRow(
            row,
            leg,
            tuple(_role_pairs(leg)),
            bool(leg.control_path or leg.machines_only or leg.needs or leg.fax_tcp_at),
        )
        for row in key.catalogue.flows.values()
        for leg in row.legs
        if leg.scope == scope
    ]
    return tuple(sorted(rows, key=lambda row: (bool(row.leg.follows), bool(row.leg.needs))))


def _role_pairs(leg: Leg) -> Iterator[tuple[str, str]]:
    if leg.among:
        for first, second in product(leg.among, repeat=2):
            if first != second or first not in leg.but_not:
                yield first, second
    else:
        yield from product(leg.initiators, leg.responders)
