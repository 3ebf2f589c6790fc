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

PROVIDERS = {"aws": "sandbox.aws.provider", "azure-native": "sandbox.azure.provider"}


def install_plugins(sandbox: Sandbox, pulumi: Path, env: Mapping[str, str]) -> None:
    """Both stand-ins under the exact versions of the installed SDKs, in the sandbox's own
    PULUMI_HOME.
    """
    for package, module in PROVIDERS.items():
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
    module = "pulumi_" + package.replace("-", "_")
    found = find_spec(module)
    if found is None or found.origin is None:
        raise SandboxError(f"The package {module} is not installed; run `make setup`.")
    return str(
        json.loads(Path(found.origin).with_name("pulumi-plugin.json").read_text())["version"]
    )
