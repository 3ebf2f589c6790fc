"""`swyx verify`: what the clouds, or files, hold for sites, against the plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from swyx_components.analysis.deployed.platform import Inventory
from swyx_components.analysis.deployed.stack_state import is_stack_state, read_stack_state
from swyx_components.analysis.deployed.verify import Comparison
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.saved import damage_refused, open_saved, read_json
from swyx_components.cli.sites import bind_clouds, choose_sites, render_sites
from swyx_components.cli.terminal import ANSWER_NO, DONE, print_answer, refuse
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import Installation, load_installation
from swyx_components.planner.topology import Topology
from swyx_components.report.deployed import comparison_record, write_comparison


@command(
    "verify installation.yaml",
    "verify installation.yaml --site aachen --cloud aws",
    "verify installation.yaml --state exported.json",
    state=written("--state FILE", "Read the output of `pulumi stack export` instead."),
)
def verify(file: str, sites: Words, clouds: Words, state: str, saved: Words, as_json: bool) -> int:
    """Compare deployed resources with the plan.

    Every rule and interface, both ways: nothing missing, nothing in excess. With --state or
    --saved, reads files and contacts no cloud.
    """
    installation = load_installation(file)
    sites = choose_sites(installation, sites) if sites else ()
    bound = bind_clouds(installation, clouds, beside=not (state or saved))
    if state and saved:
        raise refuse("sources-both", "--state")
    found: Mapping[str, Inventory] = {}
    if state:
        bound, found = _read_state(installation, state, sites, bound)
    elif saved:
        found = open_saved(saved)
        bound = bound or _find_tagged(installation, sites, found)
    # Without --site those whose cloud is known, or all where none is.
    names = sites or choose_sites(installation, sorted(bound))
    records: list[dict[str, Any]] = []
    equal = True
    for site in render_sites(Topology(installation), names, bound, "sites verified"):
        cloud = site.capabilities.name
        if found and cloud not in found:
            raise refuse("saved-without", "--saved", site=site.plan.site, cloud=cloud)
        source = found[cloud].find_deployed if found else PLATFORMS[cloud].read_deployed
        comparison = Comparison(site, source(site))
        equal = equal and comparison.equal
        if as_json:
            records.append(comparison_record(comparison))
        else:
            print_answer(write_comparison(comparison))
    if as_json:
        print_answer({"version": 1, "equal": equal, "sites": records})
    return DONE if equal else ANSWER_NO


def _read_state(
    installation: Installation, file: str, sites: Sequence[str], bound: Mapping[str, str]
) -> tuple[Mapping[str, str], Mapping[str, Inventory]]:
    """The sites of a stack with its cloud, and what its state has of that.

    Raises:
        SwyxError: the file is not the state of a stack, or of another one than the words or the installation
            say.
    """
    content, place = read_json(file), f"--state {file}"
    if not is_stack_state(content):
        raise refuse("state-unknown", file)
    with damage_refused([file]):
        state = read_stack_state(content)
    clouds = PLATFORMS.keys() & state.given("cloud")
    if len(clouds) != 1 or not state.sites:
        raise refuse("state-of-nothing", place)
    (cloud,) = clouds
    fits = installation.sites.keys() >= {*state.sites} >= {*sites}
    if not fits or any(bound.get(site, cloud) != cloud for site in state.sites):
        known = sorted(installation.sites)
        raise refuse("state-of-another", place, sites=state.sites, cloud=cloud, known=known)
    with damage_refused([file]):
        return dict.fromkeys(state.sites, cloud), {cloud: PLATFORMS[cloud].read_state(state)}


def _find_tagged(
    installation: Installation, sites: Sequence[str], saved: Mapping[str, Inventory]
) -> Mapping[str, str]:
    """The cloud of each site in saved output.

    Raises:
        SwyxError: the files say nothing of a site.
    """
    if sites and len(saved) == 1:
        return dict.fromkeys(sites, *saved)
    tagged = {
        site: cloud
        for cloud, own in sorted(saved.items())
        for site in own.sites
        if site in installation.sites
    }
    if not tagged:
        raise refuse("saved-siteless", "--saved", known=sorted(installation.sites))
    return tagged
