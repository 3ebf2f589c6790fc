"""The engine's steps as lines that a person can read and type.

    + rule swyxserver-in-tcp-1720-swyxgate       created
    - nsg ac-fax                                 deleted
    ~ nic ac-gate: ip configurations             updated, and what of it
    ! nic ac-gate: location                      replaced

A security group comes and goes with its rules, which are only counted. An NSG is one resource with
all its rules; of those it is told which are new, gone or different:

    + group swyxgate with 12 rules
    ~ nsg ac-server
        + in-udp-51000-51499-ipv4
        ~ out-tcp-2000-ipv4
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pulumi.automation import StepEventMetadata

Props = Mapping[str, Any]

_ASSOCIATION = "etworkInterfaceSecurityGroupAssociation"
_KINDS = {
    "aws:ec2/securityGroup:SecurityGroup": "group",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "rule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "rule",
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment": "attachment",
    "azure-native:network:NetworkSecurityGroup": "nsg",
    "azure-native:network:NetworkInterface": "nic",
    f"azure:network/n{_ASSOCIATION}:N{_ASSOCIATION}": "association",
}
_SIGNS = {"create": "+", "delete": "-", "update": "~", "replace": "!"}
_PARTS = {"create-replacement", "delete-replaced"}  # of a replacement, which is told once
_RULES = "securityRules"


class Line(NamedTuple):
    """One changed resource, and the changes inside it; `parent` is the component that it belongs to."""

    kind: str
    name: str
    sign: str
    what: str
    rules: tuple[str, ...]
    parent: str

    def __str__(self) -> str:
        return f"{self.sign} {self.kind} {self.name}{self.what}"


def describe_steps(
    steps: Iterable[StepEventMetadata], component: str, interfaces: Mapping[str, str]
) -> list[str]:
    """One line a cloud resource that changes, sorted by kind and name; components are no such resource.

    `interfaces` are the machines by the id of their interface, which stands in an attachment's name.
    """
    lines = list(_lines(steps, component, interfaces))
    whole = {(line.sign, line.parent) for line in lines if line.kind == "group"}
    rules = [(line.sign, line.parent) for line in lines if line.kind == "rule"]
    told = []
    for line in sorted(lines):
        own = line.sign, line.parent
        if line.kind == "group" and line.sign in "+-":
            told.append(f"{line} with {rules.count(own)} rules")
        elif line.kind != "rule" or own not in whole:
            told += [str(line), *(f"    {rule}" for rule in line.rules)]
    return told or ["nothing"]


def _lines(
    steps: Iterable[StepEventMetadata], component: str, interfaces: Mapping[str, str]
) -> Iterator[Line]:
    for step in steps:
        kind, name, op = _KINDS.get(step.type, ""), step.urn.rpartition("::")[2], step.op.value
        if name.startswith(f"{component}.") and kind and op not in _PARTS:
            name = re.sub(r"-(sg|nsg|nic|association)$", "", name.removeprefix(f"{component}."))
            for id, machine in interfaces.items():
                name = name.replace(id, machine)
            yield Line(kind, name, _SIGNS[op], *_inside(step), _parent(step))


def _parent(step: StepEventMetadata) -> str:
    state = step.new or step.old
    assert state is not None
    return state.parent.rpartition("::")[2]


def _inside(step: StepEventMetadata) -> tuple[str, tuple[str, ...]]:
    """Which properties an update changes, and which rules of an NSG."""
    if step.old is None or step.new is None:
        return "", ()
    old, new = step.old.inputs or {}, step.new.inputs or {}
    changed = [_words(key) for key in _differing(old, new) if key != _RULES]
    rules = tuple(_rules(old.get(_RULES, ()), new.get(_RULES, ())))
    return ": " * bool(changed) + ", ".join(changed), rules


def _differing(old: Props, new: Props) -> list[str]:
    names = sorted(name for name in {*old, *new} if not name.startswith("__"))
    return [name for name in names if old.get(name) != new.get(name)]


def _rules(old: Iterable[Props], new: Iterable[Props]) -> Iterator[str]:
    was, now = ({rule["name"]: rule for rule in rules} for rules in (old, new))
    for name in sorted({*was, *now}):
        if name not in was:
            yield f"+ {name}"
        elif name not in now:
            yield f"- {name}"
        elif was[name] != now[name]:
            yield f"~ {name}"


def _words(name: str) -> str:
    """`ipConfigurations` as `ip configurations`."""
    return re.sub(r"([A-Z])", lambda found: f" {found[0].lower()}", name)
