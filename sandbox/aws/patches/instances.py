"""Instances: the interfaces they are launched with, keep and leave behind."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance

from sandbox.aws import strict_instances
from sandbox.aws.patches.wrap import wrap


def patch_instances() -> None:
    """An instance has the groups of its primary interface, and gives up its interfaces as they say."""
    wrap(Instance, "prep_nics", _prepare)
    wrap(Instance, "terminate", _terminate)
    wrap(EC2Backend, "run_instances", _run)
    instance: Any = Instance
    instance.security_groups = property(_groups_of, _set_groups_of)
    instance.network_interfaces = property(
        lambda self: [] if self.state == "terminated" else list(self.nics.values())
    )


def _prepare(
    original: Any, instance: Any, nic_spec: list[dict[str, Any]], *arguments: Any, **keywords: Any
) -> None:
    original(instance, nic_spec, *arguments, **keywords)
    strict_instances.complete_interfaces(instance, nic_spec)


def _run(original: Any, backend: Any, *arguments: Any, **keywords: Any) -> Any:
    strict_instances.check_launch_addresses(
        backend,
        keywords.get("subnet_id"),
        keywords.get("private_ip"),
        keywords.get("nics") or [],
    )
    return original(backend, *arguments, **keywords)


def _terminate(original: Any, instance: Any) -> Any:
    if instance.state == "terminated":
        return original(instance)
    lifetimes = {nic.id: nic.delete_on_termination for nic in instance.nics.values()}
    for nic in instance.nics.values():
        nic.delete_on_termination = False
    previous = original(instance)
    for nic in instance.nics.values():
        nic.delete_on_termination = lifetimes[nic.id]
    strict_instances.release_interfaces(instance)
    return previous


def _groups_of(instance: Any) -> list[Any]:
    """An instance's groups are those of its primary interface, whatever it was launched with."""
    nics = instance.__dict__.get("nics") or {}
    return (
        list(nics[0].group_set) if 0 in nics else list(instance.__dict__.get("launch_groups", []))
    )


def _set_groups_of(instance: Any, groups: list[Any]) -> None:
    nics = instance.__dict__.get("nics") or {}
    if 0 in nics:
        nics[0]._group_set = list(groups)
    instance.__dict__["launch_groups"] = list(groups)
