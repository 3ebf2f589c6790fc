"""The stand-in providers, installed where the engine looks for plugins.

They are kept off PATH: the engine would take them from there without looking at the version, and
warn each time.
"""

import json
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from sandbox.engine.launcher import write_launcher
from sandbox.paths import Sandbox
from sandbox.talk import SandboxError, say

PROVIDERS = {
    "aws": "sandbox.aws.provider",
    "azure-native": "sandbox.azure.provider",
    "azure": "sandbox.azure.association",
}


def install_plugins(sandbox: Sandbox, pulumi: Path, env: Mapping[str, str]) -> None:
    """The stand-ins of the installed SDKs, under their exact versions, in the sandbox's own
    PULUMI_HOME.
    """
    for package, module in PROVIDERS.items():
        if find_spec(sdk_module(package)) is None:
            continue  # then no program here asks for it
        version = sdk_version(package)
        stand_in = sandbox.plugins / f"pulumi-resource-{package}"
        installed = sandbox.home / "plugins" / f"resource-{package}-v{version}" / stand_in.name
        if not write_launcher(stand_in, module) and installed.is_file():
            continue
        say(f"Installing the stand-in for {package} {version} ...")
        done = subprocess.run(
            [
                pulumi,
                "plugin",
                "install",
                "resource",
                package,
                version,
                "--reinstall",
                "-f",
                stand_in,
            ],
            env=dict(env),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise SandboxError(
                f"The stand-in for {package} could not be installed: {done.stderr.strip()}"
            )


def sdk_version(package: str) -> str:
    """The version of an installed provider SDK, as its own `pulumi-plugin.json` says it."""
    found = find_spec(sdk_module(package))
    if found is None or found.origin is None:
        raise SandboxError(f"The package {sdk_module(package)} is not installed; run `make setup`.")
    return str(
        json.loads(Path(found.origin).with_name("pulumi-plugin.json").read_text())["version"]
    )


def sdk_module(package: str) -> str:
    return "pulumi_" + package.replace("-", "_")
