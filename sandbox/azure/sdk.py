"""The stand-in's one oddity about its SDK: where two classes want the name `XArgs`.

azure-native calls a resource's input class `NetworkSecurityGroupInitArgs` when a nested input type
is already called `NetworkSecurityGroupArgs`. The protocol base looks for `XArgs`; here the package
answers it with the resource's own.
"""

from __future__ import annotations

import importlib

PACKAGE = "pulumi_azure_native"


def prefer_resource_arguments(tokens: list[str]) -> None:
    """For each resource type whose input class is called `XInitArgs`, let the module's `XArgs`
    be that class.

    Nested input types are found through their own module, `_inputs`, and stay what they are.
    """
    for token in tokens:
        _, module_name, name = token.split(":")
        module = importlib.import_module(f"{PACKAGE}.{module_name}")
        own = getattr(module, f"{name}InitArgs", None)
        if own is not None:
            setattr(module, f"{name}Args", own)
