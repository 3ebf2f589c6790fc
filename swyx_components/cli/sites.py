"""From the words of a command to judged sites: the file, which sites, which clouds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from swyx_components.cli.failures import raise_errors
from swyx_components.clouds import CLOUDS, render_site
from swyx_components.installation import read_installation
from swyx_components.installation.model import Installation
from swyx_components.judge import assess_site
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_site
from swyx_components.planner.model import RenderedSite
from swyx_components.planner.neutral import render_neutral
from swyx_components.planner.site_result import SiteResult
from swyx_components.planner.topology import Topology

ALL_SITES = "*"


def open_installation(file: str) -> tuple[Installation, tuple[Message, ...]]:
    """The installation, and what is worth knowing about the file itself.

    Raises:
        SwyxError: the file has errors.
    """
    installation, messages = read_installation(file)
    errors = [message for message in messages if message.severity is Severity.ERROR]
    if errors or installation is None:
        raise SwyxError(errors)
    return installation, messages


def choose_sites(installation: Installation, named: Sequence[str]) -> tuple[str, ...]:
    """The named sites, or all.

    Raises:
        SwyxError: there is no such site.
    """
    unknown = [name for name in named if name not in installation.sites]
    if unknown:
        raise SwyxError(_unknown_site(installation, name, f"--site {name}") for name in unknown)
    return tuple(sorted(set(named) or installation.sites))


def bind_clouds(installation: Installation, words: Iterable[str]) -> Mapping[str, str]:
    """The cloud of each site that `--cloud` names: `SITE=aws`, or `aws` for all others.

    Raises:
        SwyxError: no such site or cloud, or two clouds for one site.
    """
    bound: dict[str, str] = {}
    errors: list[Message] = []
    for word in words:
        site, equals, cloud = word.rpartition("=")
        place = f"--cloud {word}"
        if cloud not in CLOUDS:
            known = " or ".join(CLOUDS)
            errors.append(Message.about("cloud-unknown", place, cloud=cloud, known=known))
        elif equals and site not in installation.sites:
            errors.append(_unknown_site(installation, site, place))
        elif bound.setdefault(site if equals else ALL_SITES, cloud) != cloud:
            errors.append(Message.about("cloud-twice", place))
    if errors:
        raise SwyxError(errors)
    everywhere = bound.pop(ALL_SITES, "")
    return {**(dict.fromkeys(installation.sites, everywhere) if everywhere else {}), **bound}


class RenderedSites:
    """The sites that an answer needs, each planned and rendered once."""

    def __init__(self, installation: Installation, clouds: Mapping[str, str]) -> None:
        self._installation = installation
        self._clouds = clouds
        self._done: dict[str, RenderedSite] = {}

    def get(self, name: str) -> RenderedSite:
        """The site as its cloud would hold it, or as planned where it has none.

        Raises:
            SwyxError: the site can't be planned.
        """
        if name not in self._done:
            plan = plan_site(self._installation, name)
            raise_errors(plan.messages)
            cloud = self._clouds.get(name)
            self._done[name] = (
                render_site(cloud, plan, self._installation) if cloud else render_neutral(plan)
            )
        return self._done[name]


def assess_sites(
    installation: Installation, names: Sequence[str], clouds: Mapping[str, str]
) -> Iterator[SiteResult]:
    """Every site planned, rendered, counted and proved for its cloud, if it has one; one at a time."""
    topology = Topology(installation)
    for name in names:
        yield assess_site(plan_site(topology, name), installation, clouds.get(name, ""))


def render_sites(
    installation: Installation, names: Sequence[str], clouds: Mapping[str, str]
) -> Iterator[tuple[str, RenderedSite]]:
    """Every site as its cloud would hold it, counted and proved, beside the cloud; one at a time.

    Raises:
        SwyxError: nothing says in which cloud a site is, or one has errors.
    """
    unbound = [name for name in names if name not in clouds]
    if unbound:
        raise SwyxError(Message.about("cloud-not-chosen", "--cloud", site=name) for name in unbound)
    for site in assess_sites(installation, names, clouds):
        raise_errors(site.messages)
        assert site.rendered is not None  # only errors keep a site of a cloud from that
        yield site.cloud, site.rendered


def _unknown_site(installation: Installation, name: str, place: str) -> Message:
    known = sorted(installation.sites)
    shown = [*known[:10], f"{len(known) - 10} more"] if len(known) > 11 else known
    return Message.about("site-unknown", place, site=name, known=shown)
