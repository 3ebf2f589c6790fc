"""`swyx verify`: what the clouds hold for sites, against the plan."""

import json
from collections.abc import Sequence
from typing import Any

from swyx_components.cli.sites import bind_clouds, choose_sites, judge_sites, open_installation
from swyx_components.cli.talk import report_progress, say
from swyx_components.clouds import read_deployed
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.compare import Comparison, compare_site
from swyx_components.report.comparison import comparison_record, write_comparison

DONE, UNEQUAL = 0, 1


def verify_sites(file: str, sites: Sequence[str], clouds: Sequence[str], as_json: bool) -> int:
    """Compare every chosen site with its cloud; the exit code.

    Without `--site`, those that `--cloud` binds one by one, or all where it names one cloud for all.
    """
    installation, _ = open_installation(file)
    bound = bind_clouds(installation, clouds)
    names = choose_sites(installation, sites or sorted(bound))
    unbound = [name for name in names if name not in bound]
    if unbound:
        raise SwyxError(Message.about("cloud-not-chosen", "--cloud", site=name) for name in unbound)
    records: list[dict[str, Any]] = []
    equal = True
    judged = judge_sites(installation, names, bound)
    for site in report_progress(judged, "sites verified", len(names)):
        errors = [message for message in site.messages if message.severity is Severity.ERROR]
        if errors or site.rendered is None:
            raise SwyxError(errors)
        comparison: Comparison = compare_site(
            site.rendered, read_deployed(site.cloud, site.rendered)
        )
        equal = equal and comparison.equal
        if as_json:
            records.append(comparison_record(comparison, site.cloud))
        else:
            for line in write_comparison(comparison, site.cloud):
                say(line)
    if as_json:
        print(json.dumps({"version": 1, "equal": equal, "sites": records}, indent=1))
    return DONE if equal else UNEQUAL
