"""`swyx verify`: what the clouds, or files, hold for sites, against the plan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack

import click

from swyx_components.analysis.deployed.inventory import Inventory
from swyx_components.analysis.deployed.stack_state import StackState
from swyx_components.analysis.deployed.verify import Deployed, compare_site
from swyx_components.cli.failures import ANSWER_NO, DONE, refuse
from swyx_components.cli.options import CLOUDS, FILE, JSON, SAVED, SITES, examples, option
from swyx_components.cli.saved import Saved, damage_refused, open_saved, open_state
from swyx_components.cli.sites import (
    bind_clouds,
    choose_sites,
    open_installation,
    read_bindings,
    render_sites,
)
from swyx_components.cli.terminal import print_json, print_lines, report_progress
from swyx_components.clouds import PLATFORMS
from swyx_components.installation.model import Installation
from swyx_components.planner.model import RenderedSite
from swyx_components.planner.topology import Topology
from swyx_components.report.tables import name_groups
from swyx_components.report.verify import comparison_record, write_comparison


class VerifyOptions(TypedDict):
    """Which sites, where they are, and from which files to read."""

    sites: Sequence[str]
    clouds: Sequence[str]
    state: str
    saved: Sequence[str]


_Read = Callable[[Inventory, RenderedSite], Deployed]


@click.command(
    epilog=examples(
        "verify installation.yaml",
        "verify installation.yaml --site aachen --cloud aws",
        "verify installation.yaml --state exported.json",
    )
)
@FILE
@SITES
@CLOUDS
@option("--state", "FILE", "Read the output of `pulumi stack export` instead.")
@SAVED
@JSON
def verify(file: str, as_json: bool, **options: Unpack[VerifyOptions]) -> int:
    """Compare deployed resources with the plan.

    Every rule and interface, both ways: nothing missing, nothing in excess. With --state or
    --saved, reads files and contacts no cloud.
    """
    installation, _ = open_installation(file)
    if options["sites"]:
        options["sites"] = choose_sites(installation, options["sites"])
    bound, read = _source(installation, options)
    # Without --site those whose cloud is known, or all where none is.
    names = choose_sites(installation, options["sites"] or sorted(bound))
    rendered = render_sites(Topology(installation), names, bound)
    records: list[dict[str, Any]] = []
    equal = True
    for cloud, site in report_progress(rendered, "sites verified", len(names)):
        comparison = compare_site(site, read(PLATFORMS[cloud], site))
        equal = equal and comparison.equal
        if as_json:
            records.append(comparison_record(comparison, cloud))
        else:
            print_lines(write_comparison(comparison, cloud, name_groups(site.plan.groups)))
    if as_json:
        print_json({"version": 1, "equal": equal, "sites": records})
    return DONE if equal else ANSWER_NO


def _source(installation: Installation, options: VerifyOptions) -> tuple[Mapping[str, str], _Read]:
    """Which site is in which cloud, and how to read it: live, from a state, or from saved output.

    Raises:
        SwyxError: the words contradict each other or the files.
    """
    bound = read_bindings(installation, options["clouds"])
    if options["state"] and options["saved"]:
        raise refuse("sources-both", "--state")
    if options["state"]:
        return _from_state(installation, options, bound)
    if options["saved"]:
        return _from_saved(installation, options, bound)
    bound = bind_clouds(installation, options["clouds"])
    return bound, lambda cloud, rendered: cloud.read_deployed(rendered)


def _from_state(
    installation: Installation, options: VerifyOptions, bound: Mapping[str, str]
) -> tuple[Mapping[str, str], _Read]:
    state = open_state(options["state"])
    cloud = _cloud_of(state)
    if not cloud or not state.sites:
        raise refuse("state-of-nothing", f"--state {options['state']}")
    foreign = [site for site in state.sites if site not in installation.sites]
    foreign += [site for site in options["sites"] if site not in state.sites]
    foreign += [site for site, other in bound.items() if site in state.sites and other != cloud]
    if foreign:
        place = f"--state {options['state']}"
        values = {"sites": state.sites, "cloud": cloud, "known": sorted(installation.sites)}
        raise refuse("state-of-another", place, **values)

    def read(own: Inventory, rendered: RenderedSite) -> Deployed:
        with damage_refused(options["state"]):
            deployed = own.read_state(rendered, state)
        if not state.interrupted:
            return deployed
        begun = f"pending operations of an interrupted update: {state.interrupted}"
        return replace(deployed, lacking=(*deployed.lacking, begun))

    return dict.fromkeys(state.sites, cloud), read


def _cloud_of(state: StackState) -> str:
    """The cloud whose resources a stack has; empty where it has none of ours, or those of several."""
    types = [resource.type for resource in state.resources]
    found = [cloud.name for cloud in PLATFORMS.values() if any(map(cloud.is_resource, types))]
    return found[0] if len(found) == 1 else ""


def _from_saved(
    installation: Installation, options: VerifyOptions, bound: Mapping[str, str]
) -> tuple[Mapping[str, str], _Read]:
    saved = open_saved(options["saved"])
    clouds = sorted({each.cloud for each in saved})
    by_cloud = {cloud: [each for each in saved if each.cloud == cloud] for cloud in clouds}
    if not bound:
        bound = {
            site: cloud
            for cloud, own in by_cloud.items()
            for site in _sites_in(PLATFORMS[cloud], own)
            if site in installation.sites
        }
        if options["sites"] and len(clouds) == 1:
            bound = dict.fromkeys(options["sites"], clouds[0])
        if not bound:
            raise refuse("saved-siteless", "--saved", known=sorted(installation.sites))

    def read(cloud: Inventory, rendered: RenderedSite) -> Deployed:
        own = by_cloud.get(cloud.name)
        if not own:
            raise refuse("saved-without", "--saved", site=rendered.plan.site, cloud=cloud.name)
        with damage_refused(*(each.file for each in own)):
            return cloud.read_saved(rendered, [each.content for each in own])

    return bound, read


def _sites_in(cloud: Inventory, saved: Sequence[Saved]) -> frozenset[str]:
    with damage_refused(*(each.file for each in saved)):
        return cloud.sites_in([each.content for each in saved])
