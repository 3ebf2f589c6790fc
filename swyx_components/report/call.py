"""A simulated call in sentences and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from swyx_components.analysis.calls import Call, Step
from swyx_components.analysis.explain import Crossing, Packet, Passage
from swyx_components.analysis.places import Actor
from swyx_components.catalogue.model import Catalogue
from swyx_components.messages import shorten
from swyx_components.report.explain import RULES, end_record, host_record
from swyx_components.report.plan_json import fields_of, given
from swyx_components.report.tables import align, hang, write_provenance
from swyx_components.report.templates import render_lines

_MOST_HOSTS = 3  # of a role that are named, the others are counted


def write_call(call: Call, catalogue: Catalogue) -> Iterator[str]:
    """The verdict, every step, and why the first that fails does; lines with their line ends."""
    failed, verdict = call.failed, "every step passes"
    if failed is not None:
        verdict = f"step {failed.number} fails, {write_actors(failed)}, {failed.does}"
    yield from hang("", f"{call_title(call)}:", "  ")
    yield from hang("  ", verdict)
    rows = ((f"{step.number:2}", write_actors(step), write_packets(step)) for step in call.steps)
    head, *lines = align(((" #", "FROM AND TO", "PACKETS"), *rows), "  ")
    yield head
    for step, line in zip(call.steps, lines, strict=True):
        cited = catalogue.flows[step.flow].lines if step.flow else ()
        source = write_provenance((step.flow or "no flow",), cited)
        yield line
        yield from hang("      ", f"{step.does} {source}: {write_passage(step, failed)}")
    allowing = (f"  to allow it: {remedy}" for remedy in call.remedies)
    for line in (*_write_failure(call), *allowing):
        yield from hang("  ", line, "      ")


def _write_failure(call: Call) -> list[str]:
    """Why the first step that fails does; nothing where none does."""
    if call.failed is None:
        return []
    values = {"step": call.failed, "failure": call.failed.failure, "detour": call.detour}
    return render_lines("failure.txt.j2", RULES, **values)


def call_title(call: Call) -> str:
    """`SwyxIt aachen (ac-desk-1, ac-office) calls SwyxIt bochum (bo-office)`."""
    over = ""
    if call.over is not None:
        through = f"{call.over.name} through {' and '.join(call.over.managers)}"
        over = f" over the link {through} (other links: {', '.join(shorten(call.others, 4))})"
    ends = (
        f"{actor.name} ({name_hosts(actor)})" if actor.role else actor.name
        for actor in (call.caller, call.called)
    )
    return f"{' calls '.join(ends)}{over}"


def name_hosts(actor: Actor) -> str:
    """The machines and networks of an actor, the first few by name."""
    labels = dict.fromkeys(host.label for host in actor.hosts)
    return ", ".join(shorten(labels, _MOST_HOSTS)) or "no host"


def write_actors(step: Step) -> str:
    """`SwyxServer aachen to LinkManager aachen`."""
    return f"{step.sender.name} {'with' if step.both_ways else 'to'} {step.receiver.name}"


def write_packets(step: Step) -> str:
    """`tcp 135, 40000`, `udp 50000 with 55000`; those of the first pair of hosts."""
    forward = [each for each in step.crossings if not each.backwards]
    first = forward[0][:2] if forward else ()
    packets = [each.packet for each in forward if each[:2] == first]
    if step.both_ways and packets and packets[0].source_port is not None:
        return ", ".join(f"{p.protocol.value} {p.source_port} with {p.port}" for p in packets)
    return ", ".join(_gather(packets))


def _gather(packets: Iterable[Packet]) -> list[str]:
    """Packets that differ in their port alone, together."""
    ports: dict[tuple[str, str], list[str]] = {}
    for packet in packets:
        source = f" from {packet.source_port}" if packet.source_port is not None else ""
        ports.setdefault((packet.protocol.value, source), []).append(str(packet.port))
    return [f"{name} {', '.join(own)}{source}" for (name, source), own in ports.items()]


def write_passage(step: Step, failed: Step | None) -> str:
    """What became of a step in a few words, where the first that fails is known."""
    if step.missing:
        return "missing"
    if not step.passes:
        return "not allowed" if step.crossings else "sites not linked"
    if failed is not None and step.number > failed.number:
        return "not reached"
    passages = {crossing.passage for crossing in step.crossings}
    if Passage.ALLOWED in passages:
        outside = [
            f"{each.source.label} with {each.destination.label}"
            for each in step.crossings
            if each.passage is Passage.OUTSIDE and not each.backwards
        ]
        between = f", outside the cloud: {', '.join(shorten(dict.fromkeys(outside), 2))}"
        return f"allowed{between if outside else ''}"
    if Passage.SAME_MACHINE in passages:
        return "same machine, no rule needed"
    return "outside the cloud, your own firewall must allow it"


def calls_document(calls: Sequence[Call], catalogue: Catalogue) -> Mapping[str, Any]:
    """The JSON of `swyx call`."""
    records = [_call_record(call, catalogue) for call in calls]
    return {"version": 1, "allowed": all(r["allowed"] for r in records), "calls": records}


def _call_record(call: Call, catalogue: Catalogue) -> dict[str, Any]:
    record: dict[str, Any] = {
        "caller": {"word": call.caller.word, **_actor_record(call.caller)},
        "called": {"word": call.called.word, **_actor_record(call.called)},
        **given(link=call.over and call.over.name, other_links=call.others),
        "allowed": call.failed is None,
        "failed_step": call.failed and call.failed.number,
        "steps": [_step_record(step, catalogue) for step in call.steps],
    }
    if call.failed is not None:
        record["why"] = [line.strip() for line in _write_failure(call)]
        record["would_take"] = call.remedies
    return record


def _actor_record(actor: Actor) -> dict[str, Any]:
    hosts = list(dict.fromkeys(host.label for host in actor.hosts))
    return fields_of(actor, "name", "role", "site") | {"hosts": hosts}


def _step_record(step: Step, catalogue: Catalogue) -> dict[str, Any]:
    row = catalogue.flows.get(step.flow)
    return {
        **fields_of(step, "number", "phase", "does"),
        "flow": step.flow or None,
        "evidence": row and row.evidence.value,
        "lines": row.lines if row else [],
        "from": _actor_record(step.sender),
        "to": _actor_record(step.receiver),
        "allowed": step.passes,
        "missing": [fields_of(actor, "site", "role") for actor in step.missing],
        "packets": [_crossing_record(crossing) for crossing in step.crossings],
    }


def _crossing_record(crossing: Crossing) -> dict[str, Any]:
    return {
        "source": host_record(crossing.source),
        "destination": host_record(crossing.destination),
        "back": crossing.backwards,
        **fields_of(crossing.packet, "protocol", "port"),
        **given(source_port=crossing.packet.source_port),
        "passage": crossing.passage.value,
        "ends": [end_record(end) for end in crossing.ends],
    }
