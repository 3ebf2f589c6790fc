"""The state of a stack, as `pulumi stack export` writes it: resources as plain values.

What the state keeps encrypted is left out, so it neither matters nor reaches anybody; what was exported
with its secrets shown is read like the rest.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swyx_components.analysis.deployed.shaped import check_shape

_SIGNATURE = (
    "4dabf18193072939515e22adb298388d"  # how the engine marks values that are more than plain
)
_SITE = "swyx:index:SwyxSite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource: what the program asked for, under what the cloud answered."""

    type: str
    name: str
    id: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """A stack's resources, in the order of the state. `interrupted` counts operations that never ended."""

    resources: tuple[Resource, ...]
    interrupted: int = 0

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that the stack's components stand for."""
        named = (each.values.get("site") for each in self.resources if each.type == _SITE)
        return tuple(sorted({site for site in named if isinstance(site, str)}))

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types of the engine's."""
        return (each for each in self.resources if each.type in types)

    def told(self, output: str) -> Mapping[str, Any]:
        """What the components of sites gave out under one name, such as interfaces by machine."""
        told: dict[str, Any] = {}
        for each in self.of_type(_SITE):
            value = each.values.get(output)
            told |= value if isinstance(value, dict) else {}
        return told


def is_stack_state(content: Any) -> bool:
    """Whether it has the shape of `pulumi stack export`."""
    deployment = content.get("deployment") if isinstance(content, dict) else None
    return isinstance(deployment, dict) and isinstance(deployment.get("manifest", {}), dict)


def read_stack_state(content: Mapping[str, Any]) -> StackState:
    """The resources of an export.

    Raises:
        ValueError: a resource has no type or URN.
    """
    deployment = content["deployment"]
    found = []
    check_shape(deployment, {"resources?": [dict], "pending_operations?": [dict]}, "deployment")
    for place, raw in enumerate(deployment.get("resources") or ()):
        where = f"deployment.resources[{place}]"
        if not isinstance(raw, dict) or not all(
            isinstance(raw.get(key), str) for key in ("type", "urn")
        ):
            raise ValueError(f"{where} has no type or no urn")
        values = {**_plain_dict(raw.get("inputs")), **_plain_dict(raw.get("outputs"))}
        name = raw["urn"].rpartition("::")[2]
        found.append(
            Resource(type=raw["type"], name=name, id=str(raw.get("id") or ""), values=values)
        )
    pending = deployment.get("pending_operations") or ()
    return StackState(resources=tuple(found), interrupted=len(pending))


_SEALED = object()


def _plain_dict(value: Any) -> dict[str, Any]:
    plain = _unseal(value)
    return plain if isinstance(plain, dict) else {}


def _unseal(value: Any) -> Any:
    """The value with shown secrets in the place of their wrapping; sealed ones are left out."""
    if isinstance(value, dict):
        if _SIGNATURE in value:
            return _shown(value)
        inside = {key: _unseal(each) for key, each in value.items()}
        return {key: each for key, each in inside.items() if each is not _SEALED}
    if isinstance(value, list):
        return [each for each in map(_unseal, value) if each is not _SEALED]
    return value


def _shown(value: Mapping[str, Any]) -> Any:
    if isinstance(value.get("plaintext"), str):
        try:
            return _unseal(json.loads(value["plaintext"]))
        except ValueError:
            return _SEALED
    return _unseal(value["value"]) if "value" in value else _SEALED
