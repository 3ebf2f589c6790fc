"""The environment in which the engine, the SDKs and `swyx` meet the offline clouds alone.

The same settings go to the processes that the sandbox starts and, as a POSIX shell file, to a
person's shell. A user's real credentials are taken away in both.
"""

import ipaddress
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.paths import Sandbox, venv_bin

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
PASSPHRASE = "sandbox"
REGION = "eu-central-1"

# Variables by which a real account, another endpoint or another backend could come in.
REMOVED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_TENANT_ID",
    "ARM_ENVIRONMENT",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_STACK",
)


def is_loopback(endpoint: str) -> bool:
    """Whether the URL's host is this machine itself."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def settings(sandbox: Sandbox, endpoints: Mapping[str, str]) -> dict[str, str]:
    """Every variable but PATH with its value; `endpoints` has the URL of each running cloud."""
    aws = sandbox.server("aws")
    values = {
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(aws / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(aws / "credentials"),
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
        "AZURE_ACCESS_TOKEN": "sandbox",
        "PULUMI_HOME": str(sandbox.home),
        # Without the backend's side files, which it doesn't write in one step: a run killed while it
        # writes one leaves it empty, and the state can't be read any more.
        "PULUMI_BACKEND_URL": f"file://{sandbox.state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",  # never a real provider that happens to be on PATH
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    if "aws" in endpoints:
        values["AWS_ENDPOINT_URL"] = endpoints["aws"]
    if "azure" in endpoints:
        values["AZURE_RESOURCE_MANAGER_ENDPOINT"] = endpoints["azure"]
    return values


def search_path(sandbox: Sandbox, pulumi: Path) -> list[str]:
    """What comes first on PATH: our own executables, the CLI in use, the virtual environment."""
    folders = [sandbox.engine_bin, pulumi.parent, venv_bin()]
    return [str(folder) for folder in dict.fromkeys(folders)]


def child_environment(
    sandbox: Sandbox, endpoints: Mapping[str, str], pulumi: Path
) -> dict[str, str]:
    """The whole environment for a process that the sandbox starts."""
    kept = {name: value for name, value in os.environ.items() if name not in REMOVED}
    path = [*search_path(sandbox, pulumi), kept.get("PATH", os.defpath)]
    return kept | settings(sandbox, endpoints) | {"PATH": os.pathsep.join(path)}


def write_env_file(sandbox: Sandbox, endpoints: Mapping[str, str], pulumi: Path) -> None:
    """The shell file to source. Sourcing it twice changes nothing."""
    lines = [
        "# Made by `python -m sandbox start`: source it to use the offline clouds by hand.",
        "unset " + " ".join(REMOVED),
    ]
    lines += [
        f"export {name}={shlex.quote(value)}"
        for name, value in settings(sandbox, endpoints).items()
    ]
    for folder in reversed(search_path(sandbox, pulumi)):
        quoted = shlex.quote(folder)
        lines.append(f'case ":$PATH:" in *:{quoted}:*) ;; *) PATH={quoted}:$PATH ;; esac')
    lines.append("export PATH")
    sandbox.env_file.parent.mkdir(parents=True, exist_ok=True)
    scratch = sandbox.env_file.with_name("env.new")
    scratch.write_text("\n".join(lines) + "\n")
    scratch.replace(sandbox.env_file)
    for name in ("config", "credentials"):  # empty, so that no user's file is looked for
        sandbox.server("aws").mkdir(parents=True, exist_ok=True)
        (sandbox.server("aws") / name).touch()
