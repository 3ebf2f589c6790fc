"""What AWS security groups can express and hold, read from `limits.yaml`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from swyx_components.planner.model import Capabilities


def aws_capabilities(quotas: Mapping[str, int] | None = None) -> Capabilities:
    """The abilities of AWS; `quotas` are those that the installation raises or lowers."""
    rows = limits()
    return Capabilities(
        name="aws", **rows["capabilities"], limits={**rows["quotas"], **(quotas or {})}
    )


def room_on_interface(quotas: Mapping[str, int]) -> int:
    """How many security groups of ours an interface may be in, beside those that it has already."""
    return quotas["groups_per_interface"] - quotas["groups_kept"]


@cache
def limits() -> dict[str, Any]:
    """The rows of `limits.yaml`."""
    import yaml

    text = files(__package__).joinpath("limits.yaml").read_text(encoding="utf-8")
    rows: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return rows
