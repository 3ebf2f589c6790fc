"""From a command's arguments and options to assessed sites: the file, which sites, which clouds."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from swyx_components.cli.stacks import clouds_beside
from swyx_components.cli.terminal import report_progress
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import about_sites, read_installation
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, raise_errors, shorten, suggest
from swyx_components.planner import plan_sites
from swyx_components.planner.assess import SiteResult, assess_site
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.planner.render import render_site
from swyx_components.planner.topology import Topology

ALL_SITES = "*"


class Chosen(NamedTuple):
    """The subject of a command: the file, its warnings and notes, sites, and the cloud of each."""

    topology: Topology
    found: tuple[Message, ...]
    names: tuple[str, ...]
    clouds: Mapping[str, str]


def choose(file: str, sites: Sequence[str] = (), clouds: Iterable[str] | None = None) -> Chosen:
    """The installation of FILE, the sites of `--site` or all, and the clouds of a command that has `--cloud`.

    Raises:
        SwyxError: the file has errors, or there is no such site or cloud.
    """
    installation, found = read_installation(file)
    raise_errors(found)
    assert installation is not None  # only errors keep a file from that
    names = choose_sites(installation, sites)
    bound = {} if clouds is None else bind_clouds(installation, clouds)
    return Chosen(Topology(installation), about_sites(found, names), names, bound)


def choose_sites(
    installation: Installation, named: Sequence[str], option: str = "--site"
) -> tuple[str, ...]:
    """The named sites, in any case, or all.

    Raises:
        SwyxError: there is no such site.
    """
    found = choose_names("site-unknown", option, named, installation.sites)
    return tuple(sorted(set(found) or installation.sites))


def bind_clouds(
    installation: Installation, words: Iterable[str], *, beside: bool = True
) -> Mapping[str, str]:
    """The cloud of each site that `--cloud` names: `SITE=aws`, or `aws` for all others.

    `beside`: for the rest ask the stack files beside the installation file.

    Raises:
        SwyxError: no such site or cloud, or two clouds for one site.
    """
    bound: dict[str, str] = {}
    errors: list[Message] = []
    for word in words:
        named, equals, cloud = word.rpartition("=")
        cloud = cloud.lower()
        site = find_name(named, installation.sites) if equals else ALL_SITES
        place = f"--cloud {word}"
        if cloud not in PLATFORMS:
            known = " or ".join(PLATFORMS)
            errors.append(Message.about("cloud-unknown", place, cloud=cloud, known=known))
        elif not site:
            errors.append(unknown("site-unknown", place, named, installation.sites))
        elif bound.setdefault(site, cloud) != cloud:
            errors.append(Message.about("cloud-twice", place))
    raise_errors(errors)
    everywhere = bound.pop(ALL_SITES, "")
    rest: Mapping[str, str] = dict.fromkeys(installation.sites, everywhere) if everywhere else {}
    if beside and not rest and not bound.keys() >= installation.sites.keys():
        rest = clouds_beside(installation.file, installation.sites)
    return {**rest, **bound}


def plan_usable(topology: Topology, names: Sequence[str]) -> Iterator[SitePlan]:
    """The plan of every site in turn, while stderr says how far it is.

    Raises:
        SwyxError: a site can't be planned.
    """
    for plan in report_progress(plan_sites(topology, names), "sites planned", len(names)):
        raise_errors(plan.messages)
        yield plan


def renderer(chosen: Chosen) -> Callable[[str], RenderedSite]:
    """Renders a site as its cloud would store it, or as planned without one; each only once.

    What it gives raises `SwyxError` where the site can't be planned.
    """
    topology = chosen.topology

    @cache
    def render(name: str) -> RenderedSite:
        (plan,) = plan_usable(topology, [name])
        cloud = PLATFORMS.get(chosen.clouds.get(name, ""))
        return render_site(plan, topology.installation, cloud)

    return render


def assess_sites(
    topology: Topology,
    names: Sequence[str],
    clouds: Mapping[str, str] = {},
    what: str = "sites planned",
) -> Iterator[SiteResult]:
    """Every site planned, rendered, counted and proven for its cloud, if it has one, in turn.

    stderr says how far it is, with `what` is done.
    """
    for plan in report_progress(plan_sites(topology, names), what, len(names)):
        platform = PLATFORMS.get(clouds.get(plan.site, ""))
        yield assess_site(plan, topology.installation, platform, PLATFORMS.values())


def gather_sites(chosen: Chosen, messages: set[Message]) -> Iterator[SiteResult]:
    """The assessed sites before the first that has errors; `messages` gets those of all.

    Raises:
        SwyxError: a site has errors, once all are assessed.
    """
    failed = False
    for site in assess_sites(chosen.topology, chosen.names, chosen.clouds):
        messages.update(site.messages)
        failed = failed or site.has_errors
        if not failed:
            yield site
    raise_errors(messages)


def render_sites(
    topology: Topology, names: Sequence[str], clouds: Mapping[str, str], what: str
) -> Iterator[RenderedSite]:
    """Every site as its cloud would store it, counted and proven; one at a time.

    Raises:
        SwyxError: the cloud of a site is unknown, or one has errors.
    """
    unbound = (name for name in names if name not in clouds)
    raise_errors(Message.about("cloud-not-chosen", "--cloud", site=name) for name in unbound)
    for site in assess_sites(topology, names, clouds, what):
        raise_errors(site.messages)
        yield site.rendered


def find_name(word: str, known: Iterable[str]) -> str:
    """The name that a word means, in any case; empty where it means none."""
    return next((name for name in known if name.lower() == word.lower()), "")


def choose_names(id: str, option: str, words: Sequence[str], known: Collection[str]) -> list[str]:
    """The names that the words of an option mean, in any case.

    Raises:
        SwyxError: there is none of that name.
    """
    meant = [(word, find_name(word, known)) for word in words]
    raise_errors(unknown(id, f"{option} {word}", word, known) for word, name in meant if not name)
    return [name for _, name in meant]


def unknown(id: str, place: str, word: str, known: Collection[str]) -> Message:
    """That a word is none of the known names, with the nearest."""
    names = shorten(sorted(known), 10, excess=1)
    return Message.about(id, place, word=word, known=names, near=suggest(word, known))
