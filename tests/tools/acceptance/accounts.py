"""A small site in a real account: made by the official provider, proven by `swyx verify`, destroyed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi import automation as auto

from sandbox.engine import cli
from sandbox.environment import search_path
from sandbox.paths import Sandbox, venv_bin
from swyx_components import SwyxSite
from tests.tools.acceptance.offline import NotRun, finding_engine, install_plugin, run_operation

SITE = "swyx-acceptance"
ADDRESSES = {"server": "10.77.0.10", "gate": "10.77.0.11"}
INSTALLATION: dict[str, Any] = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "tunnelled"},
    "sites": {
        SITE: {
            "machines": {
                "server": {"addresses": [ADDRESSES["server"]], "roles": ["SwyxServer"]},
                "gate": {"addresses": [ADDRESSES["gate"]], "roles": ["SwyxGate"]},
            },
            "networks": {"office": {"cidrs": ["10.77.20.0/24"], "roles": ["SwyxIt"]}},
        }
    },
}


@dataclass(frozen=True)
class Cloud:
    """What it takes to try one cloud; `variable` holds the id of the account that may be used."""

    name: str
    variable: str
    plugins: Mapping[str, str]  # and the variable that may hold the path of each
    find_account: Callable[[], str]
    configure: Callable[[str], dict[str, str]]
    program: Callable[[], None]


def try_account(cloud: Cloud, sandbox: Sandbox) -> list[str]:
    """What went wrong; nothing is left in the account if nothing did.

    Raises:
        NotRun: the account is another one than the credentials', or a plugin can't be had.
    """
    account, found = os.environ[cloud.variable], cloud.find_account()
    if account != found:
        raise NotRun(f"{cloud.variable} is {account}, but the credentials are of {found or 'none'}")
    folder = Path(tempfile.mkdtemp(prefix="swyx-account-"))
    environment = _environment(sandbox, folder)
    with finding_engine(environment):
        try:
            for package, variable in cloud.plugins.items():
                install_plugin(package, os.environ.get(variable, ""), environment)
            problems, left = _deploy(cloud, account, folder, environment)
        except NotRun:
            shutil.rmtree(folder)
            raise
    if left:
        left.append(f"destroy the stack {cloud.name} by hand; its state stays in {folder}")
    else:
        shutil.rmtree(folder)
    return problems + left


def _deploy(
    cloud: Cloud, account: str, folder: Path, environment: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Up, twice, verify, destroy: what went wrong, and what of the end."""
    file = folder / "installation.yaml"
    file.write_text(yaml.safe_dump(INSTALLATION))
    stack = auto.create_or_select_stack(
        cloud.name,
        SITE,
        cloud.program,
        opts=auto.LocalWorkspaceOptions(work_dir=str(folder), env_vars=environment),
    )
    config = cloud.configure(account)
    stack.set_all_config({name: auto.ConfigValue(value) for name, value in config.items()})
    try:
        problems = _failures(stack, lambda it, listen: it.up(on_event=listen))
        again = run_operation(stack, lambda it, listen: it.up(on_event=listen, refresh=True))
        problems += [f"a second update: {line}" for line in again]
        if _verify(file, cloud.name, environment) != 0:
            problems.append("swyx verify does not find what is planned")
    finally:
        left = _failures(stack, lambda it, listen: it.destroy(on_event=listen))
    return problems, left


def _environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The person's own, credentials included; the engine's home and state are this run's."""
    pulumi_cli = cli.provide_engine(sandbox.engine_bin).pulumi
    (folder / "state").mkdir(parents=True, exist_ok=True)
    path = [*search_path(sandbox, pulumi_cli), os.environ.get("PATH", os.defpath)]
    return {
        **os.environ,
        "PATH": os.pathsep.join(path),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "acceptance",
    }


def _failures(stack: auto.Stack, operation: Callable[[auto.Stack, Any], object]) -> list[str]:
    return [line for line in run_operation(stack, operation) if line.startswith("failed")]


def _verify(file: Path, cloud: str, environment: Mapping[str, str]) -> int:
    command = [venv_bin() / "swyx", "verify", file, "--site", SITE, "--cloud", cloud]
    return subprocess.run(command, env=environment, timeout=600, check=False).returncode


def _make_site(cloud: str, network: Mapping[str, Any], machines: Mapping[str, Any]) -> None:
    given = {"installation": INSTALLATION, "site": SITE, "cloud": cloud}
    SwyxSite(SITE, {**given, "network": network, "machines": machines})


def _aws_account() -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return str(boto3.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as problem:
        raise NotRun(f"the credentials of AWS can't be read: {problem}") from None


def _aws_program() -> None:
    import pulumi_aws as aws

    tags = {"Name": SITE}
    vpc = aws.ec2.Vpc(SITE, cidr_block="10.77.0.0/24", tags=tags)
    subnet = aws.ec2.Subnet(SITE, vpc_id=vpc.id, cidr_block="10.77.0.0/24", tags=tags)
    closed = aws.ec2.SecurityGroup("closed", vpc_id=vpc.id, description="Lets nothing in or out")
    machines = {
        name: aws.ec2.NetworkInterface(
            name,
            subnet_id=subnet.id,
            private_ips=[address],
            security_groups=[closed.id],
            tags=tags,
            opts=pulumi.ResourceOptions(ignore_changes=["securityGroups"]),
        )
        for name, address in ADDRESSES.items()
    }
    bound = {name: {"interface_ids": [made.id]} for name, made in machines.items()}
    _make_site("aws", {"vpc_id": vpc.id}, bound)


def _azure_account() -> str:
    for name in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"):
        if os.environ.get(name):
            return os.environ[name]
    command = ["az", "account", "show", "--query", "id", "--output", "tsv"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        raise NotRun(f"the subscription of the credentials can't be read: {problem}") from None
    return done.stdout.strip()


def _azure_program() -> None:
    from pulumi_azure_native import network, resources

    group = resources.ResourceGroup(SITE)
    net = network.VirtualNetwork(
        SITE,
        resource_group_name=group.name,
        address_space={"address_prefixes": ["10.77.0.0/24"]},
        subnets=[{"name": "machines", "address_prefix": "10.77.0.0/24"}],
    )
    subnet = net.subnets.apply(lambda made: made[0].id)
    place = {"resource_group": group.name, "virtual_network": net.name}
    _make_site("azure", place, {name: {"subnet_id": subnet} for name in ADDRESSES})


CLOUDS = (
    Cloud(
        "aws",
        "AWS_ACCOUNT",
        {"aws": "AWS_PLUGIN"},
        _aws_account,
        lambda account: {"aws:allowedAccountIds": f'["{account}"]'},
        _aws_program,
    ),
    Cloud(
        "azure",
        "AZURE_SUBSCRIPTION",
        {"azure-native": "AZURE_PLUGIN"},
        _azure_account,
        lambda account: {
            "azure-native:subscriptionId": account,
            "azure-native:location": "westeurope",
        },
        _azure_program,
    ),
)
