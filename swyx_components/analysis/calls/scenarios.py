"""From a scenario to its calls: who is `here`, who is `there`, and which provider."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from swyx_components.analysis.calls.parties import Party, as_called, provider_party, role_at
from swyx_components.catalogue.calls import CallBook, Scenario
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.topology import Topology

_HERE, _PROVIDER = "here", "provider"

Pair = tuple[Party, Party]


def find_scenario(book: CallBook, name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        SwyxError: there is none.
    """
    if name not in book.scenarios:
        known = sorted(book.scenarios)
        raise SwyxError([Message.about("scenario-unknown", "", name=name, known=known)])
    return book.scenarios[name]


def cast_scenario(
    topology: Topology, book: CallBook, scenario: Scenario, sites: Sequence[str]
) -> tuple[Pair, ...]:
    """The calls of a scenario at the named sites, each once.

    Where no site is named, at every site that has the parties; a named one is taken as it is, so that
    whom it lacks is told.

    Raises:
        SwyxError: there is no such call.
    """
    cast = _Cast(topology, book)
    calls: dict[object, Pair] = {}
    for site in sites or topology.installation.sites:
        for words in scenario.calls:
            for caller, called in cast.pairs(site, words):
                if sites or (caller.actor.place.hosts and called.actor.place.hosts):
                    key = (caller.actor.key, called.actor.key)
                    calls.setdefault(key, (caller, as_called(caller, called)))
    if not calls:
        who = sorted({word for words in scenario.calls for word in words})
        raise SwyxError([Message.about("scenario-empty", "", name=scenario.name, who=who)])
    return tuple(calls.values())


class _Cast:
    """Who plays the words of a scenario at a site."""

    def __init__(self, topology: Topology, book: CallBook) -> None:
        self._survey = topology
        self._book = book

    @property
    def _installation(self) -> Installation:
        return self._survey.installation

    def pairs(self, site: str, words: tuple[str, str]) -> Iterable[Pair]:
        """Every pair of caller and called party that two words mean from a site's point of view."""
        one, other = (tuple(self._parties(site, word)) for word in words)
        return product(one, other)

    def _parties(self, site: str, word: str) -> Iterator[Party]:
        role, _, place = word.partition("@")
        if role == _PROVIDER:
            yield from map(provider_party, self._survey.providers_of(site))
        elif place == _HERE:
            yield role_at(self._installation, self._role(role), site)
        else:
            for other in self._neighbours(site):
                yield role_at(self._installation, self._role(role), other)

    def _role(self, word: str) -> str:
        return self._book.find_role(word, self._installation.catalogue)

    def _neighbours(self, site: str) -> list[str]:
        """The sites at the other ends of a site's links."""
        ends = {end for link in self._survey.links_of(site) for end in (link.near, link.far)}
        return sorted(ends - {site})
