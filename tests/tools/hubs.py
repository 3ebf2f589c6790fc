"""A hub whose LinkManager serves branches: as many rules as a test wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

OFFICE = {"cidrs": ["10.0.20.0/24"], "roles": ["SwyxIt"]}
DECISIONS = {"dcom": "restricted", "h245": "tunnelled"}


def hub_with(
    branches: Iterable[int],
    *,
    office: bool = True,
    offices: Sequence[str] = ("128/25",),
    summary: str = "",
    quotas: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A hub and branches by number, in every second /24: their CIDRs can't be joined.

    `office`: the hub has clients too. `offices` are the CIDRs of each branch's clients behind its first
    three bytes. `summary`: the length of each branch's summary; with 23 those of neighbours adjoin.
    """
    hub: dict[str, Any] = {
        "machines": {
            "server": {"addresses": ["10.0.0.10"], "roles": ["SwyxServer"]},
            "link": {"addresses": ["10.0.0.11"], "roles": ["LinkManager"]},
        }
    }
    sites = {"hub": hub | ({"networks": {"office": OFFICE}} if office else {})}
    links = {}
    for n in branches:
        net = f"10.{1 + n // 100}.{2 * (n % 100)}"
        cidrs = [f"{net}.{part}" for part in offices]
        sites[f"b{n}"] = {
            "machines": {f"b{n}-server": {"addresses": [f"{net}.10"], "roles": ["SwyxServer"]}},
            "networks": {f"b{n}-office": {"cidrs": cidrs, "roles": ["SwyxIt"]}},
        } | ({"summary": [f"{net}.0/{summary}"]} if summary else {})
        links[f"l{n}"] = {"sites": ["hub", f"b{n}"], "link_manager": "link"}
    whole = {"swyxware": "6.01", "decisions": DECISIONS, "sites": sites, "links": links}
    return {**whole, **({"quotas": quotas} if quotas else {})}
