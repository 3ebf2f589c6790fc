"""What ARM says when it refuses: an HTTP status, a code and a sentence, from `refusals.yaml`."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(slots=True)
class ArmError(Exception):
    """A refusal; `body` is what ARM sends."""

    status: int
    code: str
    message: str
    details: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}


@cache
def read_refusals() -> dict[str, dict[str, Any]]:
    """The table, by code."""
    text = Path(__file__).with_name("refusals.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return table


def refuse(code: str, **words: object) -> ArmError:
    """The refusal with this code; the words go into its sentence."""
    row = read_refusals()[code]
    return ArmError(row.get("status", 400), code, row["says"].format(**words))


def busy_reference(target: str, owner: str) -> ArmError:
    inner = {
        "code": "ReferencedResourceNotProvisioned",
        "message": f"Cannot proceed with operation because resource {target} used by resource {owner} "
        "is not in Succeeded state. Resource is in Updating state.",
    }
    return ArmError(429, "RetryableError", "A retryable error occurred.", [inner])


def missing_reference(target: str, owner: str) -> ArmError:
    return refuse("InvalidResourceReference", target=target, owner=owner)
