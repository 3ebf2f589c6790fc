"""`swyx verify`: what the clouds, or files, hold for sites, against the plan."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from swyx_components.analysis.deployed.verify import Comparison, Deployed, compare_site
from swyx_components.cli.saved import Saved, open_saved, open_state, refuse_content
from swyx_components.cli.sites import assess_sites, bind_clouds, choose_sites, open_installation
from swyx_components.cli.talk import report_progress, say
from swyx_components.clouds import cloud_of_state, read_deployed, read_saved, read_state, sites_in
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.model import RenderedSite
from swyx_components.report.verify import comparison_record, write_comparison

DONE, UNEQUAL = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The words of the command: which sites, where they are, and from which files to read."""

    sites: Sequence[str] = ()
    clouds: Sequence[str] = ()
    state: str = ""
    saved: Sequence[str] = field(default=())


_Read = Callable[[str, RenderedSite], Deployed]


def verify_sites(file: str, question: Question, as_json: bool) -> int:
    """Compare every chosen site with its cloud; the exit code.

    Without `--site`, those that `--cloud` binds one by one, or all where it names one cloud for all.

    Raises:
        SwyxError: the words contradict each other or the files, or a site has errors.
    """
    installation, _ = open_installation(file)
    bound, read = _source(installation, question)
    names = choose_sites(installation, question.sites or sorted(bound))
    unbound = [name for name in names if name not in bound]
    if unbound:
        raise SwyxError(Message.about("cloud-not-chosen", "--cloud", site=name) for name in unbound)
    records: list[dict[str, Any]] = []
    equal = True
    result = assess_sites(installation, names, bound)
    for site in report_progress(result, "sites verified", len(names)):
        errors = [message for message in site.messages if message.severity is Severity.ERROR]
        if errors or site.rendered is None:
            raise SwyxError(errors)
        comparison: Comparison = compare_site(site.rendered, read(site.cloud, site.rendered))
        equal = equal and comparison.equal
        if as_json:
            records.append(comparison_record(comparison, site.cloud))
        else:
            for line in write_comparison(comparison, site.cloud):
                say(line)
    if as_json:
        print(json.dumps({"version": 1, "equal": equal, "sites": records}, indent=1))
    return DONE if equal else UNEQUAL


def _source(installation: Installation, question: Question) -> tuple[Mapping[str, str], _Read]:
    """Which site is in which cloud, and how to read it: live, from a state, or from saved output.

    Raises:
        SwyxError: the words contradict each other or the files.
    """
    bound = bind_clouds(installation, question.clouds)
    if question.state and question.saved:
        raise SwyxError([Message.about("sources-both", "--state")])
    if question.state:
        return _from_state(installation, question, bound)
    if question.saved:
        return _from_saved(installation, question, bound)
    return bound, read_deployed


def _from_state(
    installation: Installation, question: Question, bound: Mapping[str, str]
) -> tuple[Mapping[str, str], _Read]:
    state = open_state(question.state)
    cloud = cloud_of_state(state)
    if not cloud or not state.sites:
        raise SwyxError([Message.about("state-of-nothing", f"--state {question.state}")])
    foreign = [site for site in state.sites if site not in installation.sites]
    foreign += [site for site in question.sites if site not in state.sites]
    foreign += [site for site, other in bound.items() if site in state.sites and other != cloud]
    if foreign:
        place = f"--state {question.state}"
        values = {"sites": state.sites, "cloud": cloud, "known": sorted(installation.sites)}
        raise SwyxError([Message.about("state-of-another", place, **values)])

    def read(own: str, rendered: RenderedSite) -> Deployed:
        try:
            deployed = read_state(own, rendered, state)
        except ValueError as problem:
            raise refuse_content(question.state, problem) from None
        if not state.interrupted:
            return deployed
        begun = f"operations that an update began and never ended: {state.interrupted}"
        return replace(deployed, lacking=(*deployed.lacking, begun))

    return dict.fromkeys(state.sites, cloud), read


def _from_saved(
    installation: Installation, question: Question, bound: Mapping[str, str]
) -> tuple[Mapping[str, str], _Read]:
    saved = open_saved(question.saved)
    clouds = sorted({each.cloud for each in saved})
    if not bound:
        bound = {
            site: cloud
            for cloud in clouds
            for site in sites_in(cloud, [each.content for each in saved if each.cloud == cloud])
            if site in installation.sites
        }
        if question.sites and len(clouds) == 1:
            bound = dict.fromkeys(question.sites, clouds[0])
        if not bound:
            known = sorted(installation.sites)
            raise SwyxError([Message.about("saved-siteless", "--saved", known=known)])

    def read(cloud: str, rendered: RenderedSite) -> Deployed:
        own: list[Saved] = [each for each in saved if each.cloud == cloud]
        if not own:
            values = {"site": rendered.plan.site, "cloud": cloud}
            raise SwyxError([Message.about("saved-without", "--saved", **values)])
        try:
            return read_saved(cloud, rendered, [each.content for each in own])
        except ValueError as problem:
            raise refuse_content(", ".join(each.file for each in own), problem) from None

    return bound, read
