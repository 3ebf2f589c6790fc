"""What Azure network security groups can express and hold, read from `limits.yaml`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from swyx_components.planner.model import Capabilities


def azure_capabilities(quotas: Mapping[str, int] | None = None) -> Capabilities:
    """The abilities of Azure; `quotas` are those that the installation raises or lowers."""
    rows = limits()
    return Capabilities(
        name="azure", **rows["capabilities"], limits={**rows["quotas"], **(quotas or {})}
    )


@cache
def limits() -> dict[str, Any]:
    """The rows of `limits.yaml`."""
    import yaml

    text = files(__package__).joinpath("limits.yaml").read_text(encoding="utf-8")
    rows: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return rows
