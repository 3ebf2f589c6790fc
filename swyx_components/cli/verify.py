"""`swyx verify`: what the clouds, or files, hold for sites, against the plan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from swyx_components.analysis.deployed.verify import Comparison, Deployed
from swyx_components.cli.options import Words, command
from swyx_components.cli.saved import damage_refused, open_saved, open_state
from swyx_components.cli.sites import bind_clouds, choose_sites, render_sites
from swyx_components.cli.terminal import ANSWER_NO, DONE, print_answer, refuse
from swyx_components.clouds import PLATFORMS, Cloud
from swyx_components.installation import Installation, load_installation
from swyx_components.planner.model import RenderedSite
from swyx_components.planner.topology import Topology
from swyx_components.report.deployed import comparison_record, write_comparison
from swyx_components.report.tables import name_groups

_Clouds = Mapping[str, str]  # by site
_Read = Callable[[Cloud, RenderedSite], Deployed]


@command
def verify(file: str, sites: Words, clouds: Words, state: str, saved: Words, as_json: bool) -> int:
    """Compare deployed resources with the plan.

    Every rule and interface, both ways: nothing missing, nothing in excess. With --state or
    --saved, reads files and contacts no cloud.
    """
    installation = load_installation(file)
    sites = choose_sites(installation, sites) if sites else ()
    bound = bind_clouds(installation, clouds, beside=not (state or saved))
    read: _Read = _read_live
    if state and saved:
        raise refuse("sources-both", "--state")
    if state:
        bound, read = _from_state(installation, state, sites, bound)
    elif saved:
        bound, read = _from_saved(installation, saved, sites, bound)
    # Without --site those whose cloud is known, or all where none is.
    names = sites or choose_sites(installation, sorted(bound))
    records: list[dict[str, Any]] = []
    equal = True
    rendered = render_sites(Topology(installation), names, bound, "sites verified")
    for cloud, site in rendered:
        comparison = Comparison(site, read(PLATFORMS[cloud], site))
        equal = equal and comparison.equal
        if as_json:
            records.append(comparison_record(comparison, cloud))
        else:
            print_answer(write_comparison(comparison, cloud, name_groups(site.plan.groups)))
    if as_json:
        print_answer({"version": 1, "equal": equal, "sites": records})
    return DONE if equal else ANSWER_NO


def _read_live(cloud: Cloud, rendered: RenderedSite) -> Deployed:
    return cloud.read_deployed(rendered)


def _from_state(
    installation: Installation, file: str, sites: Sequence[str], bound: _Clouds
) -> tuple[_Clouds, _Read]:
    """The sites of a stack with its cloud, and how to read them from its state.

    Raises:
        SwyxError: it has no site of one cloud, or another than the words or the file say.
    """
    state, place = open_state(file), f"--state {file}"
    types = [resource.type for resource in state.resources]
    clouds = [cloud.name for cloud in PLATFORMS.values() if any(map(cloud.is_resource, types))]
    if len(clouds) != 1 or not state.sites:
        raise refuse("state-of-nothing", place)
    (cloud,) = clouds
    fits = installation.sites.keys() >= {*state.sites} >= {*sites}
    if not fits or any(bound.get(site, cloud) != cloud for site in state.sites):
        known = sorted(installation.sites)
        raise refuse("state-of-another", place, sites=state.sites, cloud=cloud, known=known)

    def read(own: Cloud, rendered: RenderedSite) -> Deployed:
        with damage_refused([file]):
            deployed = own.read_state(rendered, state)
        if not state.interrupted:
            return deployed
        begun = f"pending operations of an interrupted update: {state.interrupted}"
        return replace(deployed, lacking=(*deployed.lacking, begun))

    return dict.fromkeys(state.sites, cloud), read


def _from_saved(
    installation: Installation, files: Sequence[str], sites: Sequence[str], bound: _Clouds
) -> tuple[_Clouds, _Read]:
    """The sites in saved output with their clouds, unless they are bound, and how to read them from it.

    Raises:
        SwyxError: the files say nothing of a site.
    """
    saved = open_saved(files)
    if not bound and sites and len(saved) == 1:
        bound = dict.fromkeys(sites, *saved)
    elif not bound:
        for cloud, own in sorted(saved.items()):
            with damage_refused(own):
                tags = [*PLATFORMS[cloud].tags_in([*own.values()])]
            tagged = {each.get("swyx:site", "") for each in tags}
            bound = {**bound, **dict.fromkeys(tagged & installation.sites.keys(), cloud)}
    if not bound:
        raise refuse("saved-siteless", "--saved", known=sorted(installation.sites))

    def read(cloud: Cloud, rendered: RenderedSite) -> Deployed:
        own = saved.get(cloud.name)
        if own is None:
            raise refuse("saved-without", "--saved", site=rendered.plan.site, cloud=cloud.name)
        with damage_refused(own):
            return cloud.read_saved(rendered, [*own.values()])

    return bound, read
