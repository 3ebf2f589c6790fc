"""What every component does around its resources: judge the rules, tell messages, say errors plainly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pulumi

from swyx_components.components.clouds import Ids, Writer, Written, count_quotas
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import judge_quotas, prove
from swyx_components.planner.model import HostGroup, RenderedSite


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Rules that were found right: the proof's line, and what it compared."""

    rendered: RenderedSite
    proof: str
    messages: tuple[Message, ...]

    def summary(self, groups: Sequence[HostGroup]) -> dict[str, Any]:
        """Counts, the proof and what was noticed, as a component hands them out."""
        entries = [entry for entry in self.rendered.groups if entry.group in groups]
        return {
            "cloud": self.rendered.abilities.name,
            "site": self.rendered.plan.site,
            "groups": len(entries),
            "machines": sum(len(entry.group.machines) for entry in entries),
            "rules": sum(len(entry.specs) for entry in entries),
            "proof": self.proof,
            "warnings": [str(m) for m in self.messages if m.severity is Severity.WARNING],
            "notes": [str(m) for m in self.messages if m.severity is Severity.NOTE],
        }


def judge(rendered: RenderedSite, messages: Iterable[Message], file: str) -> Judged:
    """Prove the rules both ways and hold them against the cloud's quotas.

    Raises:
        SwyxError: the plan has errors, a quota is exceeded or the proof fails.
    """
    site, cloud = rendered.plan.site, rendered.abilities.name
    found = [*messages, *judge_quotas(site, cloud, count_quotas(rendered), binding=True)]
    proof = prove(rendered)
    if not proof.holds:
        first = (*proof.missing, *proof.excess)[0]
        found.append(
            Message.about(
                "proof-failed",
                f"sites.{site}",
                cloud=cloud,
                missing=len(proof.missing),
                excess=len(proof.excess),
                first=str(first),
            )
        )
    named = tuple(sorted({_about(message, file) for message in found}))
    errors = [message for message in named if message.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    return Judged(rendered=rendered, proof=str(proof), messages=named)


def _about(message: Message, file: str) -> Message:
    return message if message.file else Message(message.place, message.id, message.values, file)


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


def attached_machines(
    groups: Iterable[HostGroup], args: Mapping[str, Any]
) -> tuple[Machine, ...]:
    """The machines to which the component attaches: all, unless it or the machine says otherwise."""
    default = args.get("attach", True)
    bindings = bindings_of(args)
    return tuple(
        machine
        for group in groups
        for machine in group.machines
        if bindings.get(machine.name, {}).get("attach", default)
    )


def outputs_of(
    writer: Writer, written: Sequence[tuple[HostGroup, Written]], ids: Ids
) -> dict[str, dict[str, Any]]:
    """The ids by machine that a caller needs, for any number of groups."""
    machines = [(machine.name, group, made) for group, made in written for machine in group.machines]
    return {
        "security_group_ids": {name: [made.group_id] for name, _, made in machines},
        "application_security_group_ids": {
            name: writer.memberships(group, ids) for name, group, _ in machines
        },
        "interface_ids": {
            name: list(made.interfaces.get(name, ())) for name, _, made in machines
        },
    }
