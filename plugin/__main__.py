"""The plugin: `SwyxSite` for programs in YAML, TypeScript, Go, C# and Java."""

import json
import re
import sys
from typing import Any

import pulumi
from pulumi.errors import InputPropertyErrorDetails
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError, main

from swyx_components import SwyxSite, __version__
from swyx_components.components.check import InvalidInput


def whole(value: Any) -> Any:
    """A value with its integers, which arrive as floats."""
    if isinstance(value, dict):
        return {key: whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def camel(place: str) -> str:
    """A place in the arguments, as other languages write it."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), place)


class SwyxProvider(ComponentProvider):
    """Constructs components; mistakes of the program are input errors."""

    def __init__(self) -> None:
        super().__init__([SwyxSite], "swyx", version=__version__)
        schema = json.loads(self.schema or "")
        machines = schema["resources"]["swyx:index:SwyxSite"]["inputProperties"]["machines"]
        # For a map of plain objects among a component's inputs, Pulumi's generator for Go names a
        # type that it does not generate.
        del machines["additionalProperties"]["plain"]
        self.schema = json.dumps(schema)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Construct a component.

        Raises:
            pulumi.InputPropertiesError: its inputs are wrong, each with its place.
        """
        try:
            return super().construct(name, resource_type, whole(inputs), options)
        except ComponentInitError as problem:
            if not isinstance(problem.inner, InvalidInput):
                raise
            errors: list[InputPropertyErrorDetails] = [
                {"property_path": camel(each.place), "reason": str(each)}
                for each in problem.inner.messages
            ]
            raise pulumi.InputPropertiesError(f"{name} is refused", errors) from None


if __name__ == "__main__":
    main(SwyxProvider(), sys.argv[1:])
