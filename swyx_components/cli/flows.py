"""`swyx flows`: who may talk to whom, one row a flow."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from swyx_components.cli.sites import choose_sites, open_installation
from swyx_components.cli.talk import report_progress
from swyx_components.installation.model import Installation
from swyx_components.messages import Severity, SwyxError
from swyx_components.planner import plan_sites
from swyx_components.planner.model import SitePlan
from swyx_components.report.explanation import flow_record
from swyx_components.report.flows import write_flows


def list_flows(file: str, sites: Sequence[str], as_json: bool) -> int:
    """Print the flows of the chosen sites; those across a link at each of its two sites."""
    installation, _ = open_installation(file)
    names = choose_sites(installation, sites)
    plans = _without_errors(plan_sites(installation, names))
    steps = report_progress(plans, "sites planned", len(names))
    pieces = _write_json(installation, steps) if as_json else write_flows(installation, steps)
    sys.stdout.writelines(pieces)
    return 0


def _without_errors(plans: Iterable[SitePlan]) -> Iterator[SitePlan]:
    for plan in plans:
        errors = [message for message in plan.messages if message.severity is Severity.ERROR]
        if errors:
            raise SwyxError(errors)
        yield plan


def _write_json(installation: Installation, plans: Iterable[SitePlan]) -> Iterator[str]:
    yield '{"version": 1, "flows": ['
    comma = "\n"
    for plan in plans:
        for flow in plan.flows:
            record = {"site": plan.site, **flow_record(flow, installation.catalogue)}
            yield f"{comma} {json.dumps(record)}"
            comma = ",\n"
    yield "]}\n"
