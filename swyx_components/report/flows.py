"""The flows of sites as a table for people."""

from collections.abc import Iterable, Iterator, Sequence

from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import Installation
from swyx_components.planner.model import Endpoint, Required, SitePlan
from swyx_components.report.columns import align, plural


def write_flows(installation: Installation, plans: Iterable[SitePlan]) -> Iterator[str]:
    """Each site with its flows, one a line."""
    for plan in plans:
        yield f"{plan.site}: {plural(len(plan.flows), 'flow')}\n"
        rows = (_row(plan.site, flow, installation.catalogue) for flow in plan.flows)
        yield from align(rows, "  ")
        yield "\n"


def _row(site: str, flow: Required, catalogue: Catalogue) -> Sequence[str]:
    row = catalogue.flows[flow.flow]
    return (
        flow.flow,
        f"{_called(site, flow.initiator, flow.initiator_role)} to",
        _called(site, flow.responder, flow.responder_role),
        f"{flow.transport.value} {flow.ports}",
        f"from {flow.source_ports}" if flow.source_ports else "",
        row.evidence.value,
        " ".join(f"L{line}" for line in row.lines),
    )


def _called(site: str, endpoint: Endpoint, role: str) -> str:
    where = f"{endpoint.site}/" if endpoint.site not in ("", site) else ""
    name = f"{where}{endpoint.label}"
    return name if not role or role.lower() == endpoint.label else f"{name} ({role})"
