"""The stand-in providers, installed where the engine looks for plugins.

They are kept off PATH: the engine would take them from there without looking at the version, and
warn each time.
"""

import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
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
    """Install the stand-ins, under the exact versions of the SDKs, in the own PULUMI_HOME."""
    for package, module in PROVIDERS.items():
        wanted = sdk_version(package)
        stand_in = sandbox.plugins / f"pulumi-resource-{package}"
        installed = sandbox.home / "plugins" / f"resource-{package}-v{wanted}" / stand_in.name
        if not write_launcher(stand_in, module) and installed.is_file():
            continue
        say(f"Installing the stand-in for {package} {wanted} ...")
        words = ("resource", package, wanted, "--reinstall", "-f", stand_in)
        done = subprocess.run(
            [pulumi, "plugin", "install", *words],
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
    """The version of an installed provider SDK."""
    try:
        return version(f"pulumi-{package}")
    except PackageNotFoundError:
        raise SandboxError(f"pulumi-{package} is not installed; run `make setup`.") from None
