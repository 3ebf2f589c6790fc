"""What every component does around its resources: judge the rules, tell messages, say errors plainly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pulumi

from swyx_components.analysis.deployed.stack_state import STACK_TAG
from swyx_components.clouds import PLATFORMS
from swyx_components.components.clouds import Written
from swyx_components.installation import Installation
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.assess import SiteResult, assess_site
from swyx_components.planner.model import HostGroup, RenderedSite, SitePlan


@contextmanager
def plain_errors() -> Iterator[None]:
    """A person's mistake ends the program with sentences, not with a traceback.

    Raises:
        pulumi.RunError: in place of a SwyxError.
    """
    try:
        yield
    except SwyxError as error:
        sentences = "\n".join(f"  {message}" for message in error.messages)
        raise pulumi.RunError(f"swyx_components:\n{sentences}") from None


def tags_of(args: Mapping[str, Any]) -> Mapping[str, str]:
    """The tags of everything that is made: the caller's, and whose state holds it, for `swyx prune`."""
    return {
        **(args.get("tags") or {}),
        STACK_TAG: f"{pulumi.get_project()}/{pulumi.get_stack()}",
    }


def judge(
    plan: SitePlan, installation: Installation, cloud: str, found: Iterable[Message]
) -> SiteResult:
    """A site's rules, proven both ways and within the cloud's quotas.

    `found` are messages about the installation itself.

    Raises:
        SwyxError: with every error of the plan, of the quotas and of the proof.
    """
    result = assess_site(plan, installation, PLATFORMS[cloud])
    messages = tuple(sorted({*found, *result.messages}))
    errors = [message for message in messages if message.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    return replace(result, messages=messages)


def rendered_of(result: SiteResult) -> RenderedSite:
    """The rendered rules of a site that was judged for a cloud."""
    assert result.rendered is not None, "judged without a cloud"
    return result.rendered


def summarise(result: SiteResult, group: HostGroup | None = None) -> dict[str, Any]:
    """Counts, the proof and what was noticed, for a whole site or one group of it."""
    entries = [
        entry for entry in rendered_of(result).groups if group is None or entry.group is group
    ]
    return {
        "cloud": result.cloud,
        "site": result.plan.site,
        "groups": len(entries),
        "machines": sum(len(entry.group.machines) for entry in entries),
        "rules": sum(len(entry.specs) for entry in entries),
        "proof": str(result.proof),
        "warnings": [str(m) for m in result.messages if m.severity is Severity.WARNING],
        "notes": [str(m) for m in result.messages if m.severity is Severity.NOTE],
    }


def tell(messages: Iterable[Message], component: pulumi.Resource) -> None:
    """Show warnings and notes among the diagnostics of the component."""
    for message in messages:
        if message.severity is Severity.WARNING:
            pulumi.log.warn(str(message), component)
        else:
            pulumi.log.info(str(message), component)


def bindings_of(args: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """How machines are bound, by name."""
    return args.get("machines") or {}


def attached_machines(groups: Iterable[HostGroup], args: Mapping[str, Any]) -> tuple[Machine, ...]:
    """The machines to which the component attaches: all, unless it or the machine says otherwise."""
    default = args.get("attach", True)
    bindings = bindings_of(args)
    return tuple(
        machine
        for group in groups
        for machine in group.machines
        if bindings.get(machine.name, {}).get("attach", default)
    )


def outputs_of(written: Sequence[tuple[HostGroup, Written]]) -> dict[str, dict[str, Any]]:
    """The ids by machine that a caller needs, for any number of groups."""
    machines = [(machine.name, made) for group, made in written for machine in group.machines]
    return {
        "security_group_ids": {name: list(made.group_ids) for name, made in machines},
        "interface_ids": {name: list(made.interfaces.get(name, ())) for name, made in machines},
    }
