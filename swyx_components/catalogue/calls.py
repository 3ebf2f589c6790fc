"""How calls run, as data: which flow each step belongs to, read from `calls.yaml`.

- `server`: the role that every call of a site goes through;
- `words`: what a party is called beside its role's own name;
- `ways`: the steps between a party with one of `roles` (none: a SIP provider) and the SwyxServer of its
  site; `path` is the control path that they are for, where a role may take several;
- `links`: the steps between the servers of two sites, by the link's mode and by who calls;
- `media`: what media is called by transport, `without_link` the step that is missing between two sites;
- `scenarios`: calls by name.

The keys of a step: `flows` (of several the first that joins the two), `from` and `to`: `party`, a role at
the party's site or, over a link, `caller server`, `called server`, `link`, `caller link`, `called link`;
`does`: what it is for, with the protocol; `both_ways`: the same from `to` to `from`; `ports`: only these
port tokens of the flow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from swyx_components.catalogue.model import Catalogue, Transport
from swyx_components.catalogue.rows import read_rows
from swyx_components.messages import Message, SwyxError

PARTY = "party"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep:
    """One step between two ends, which `sender` and `receiver` name as the module says."""

    flows: tuple[str, ...]
    sender: str
    receiver: str
    does: str
    ports: tuple[str, ...] = ()
    both_ways: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How parties of these roles call and are called; `roles` is empty for a SIP provider."""

    roles: tuple[str, ...]
    calling: tuple[CallStep, ...]
    called: tuple[CallStep, ...]
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Calls that belong together: pairs of `ROLE@here`, `ROLE@there`, `provider@here`."""

    name: str
    title: str
    calls: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBook:
    """All of the file. `links` has the steps by (mode, "near_calls" or "far_calls").

    `server` is the role that every call of a site goes through, `media` and `without_link` what the
    steps say that no row has.
    """

    server: str
    media: Mapping[Transport, str]
    without_link: str
    words: Mapping[str, str]
    ways: tuple[Way, ...]
    links: Mapping[tuple[str, str], tuple[CallStep, ...]]
    scenarios: Mapping[str, Scenario]

    def find_role(self, word: str, catalogue: Catalogue) -> str:
        """The role that a word means, whatever its case; empty where it means none."""
        spelled = {role.slug: role.name for role in catalogue.roles.values()}
        folded = word.lower()
        role = self.words.get(folded) or spelled.get(folded, "")
        return role if role in catalogue.roles else ""

    def way_of(self, role: str, path: str = "") -> Way:
        """How a role (none: a SIP provider) calls and is called on its control path, if it has several.

        Raises:
            KeyError: the role takes part in no call.
        """
        for way in self.ways:
            if (role in way.roles if role else not way.roles) and path in ("", way.path):
                return way
        raise KeyError(role)

    @property
    def parties(self) -> frozenset[str]:
        """The roles that make and take calls."""
        return frozenset(role for way in self.ways for role in way.roles)


def load_calls(catalogue: Catalogue) -> CallBook:
    """How calls run between the roles of a catalogue.

    Raises:
        SwyxError: a catalogue of the user's own lacks a flow or role that the calls consist of.
    """
    book = bundled_calls()
    steps = [step for way in book.ways for step in (*way.calling, *way.called)]
    steps += [step for leg in book.links.values() for step in leg]
    named = {flow for step in steps for flow in step.flows}
    lacking = sorted(named - set(catalogue.flows)) or sorted(book.parties - set(catalogue.roles))
    if lacking:
        reason = f"it lacks {', '.join(lacking)}, of which calls consist"
        raise SwyxError([Message.about("catalogue-defect", "", reason=reason)])
    return book


@cache
def bundled_calls() -> CallBook:
    """How calls run, whether or not a catalogue has all of it."""
    return read_calls(files(__package__).joinpath("calls.yaml").read_text(encoding="utf-8"))


def read_calls(text: str) -> CallBook:
    """The book as a text of the file has it.

    Raises:
        Defect: a row that is not as the module says.
    """
    top = read_rows(text)
    links = {
        (mode, who): row.read(who, tuple[CallStep, ...])
        for mode, row in top.rows("links").items()
        for who in ("near_calls", "far_calls")
    }
    scenarios = {
        name: row.record(Scenario, name=name) for name, row in top.rows("scenarios").items()
    }
    return top.record(CallBook, links=links, scenarios=scenarios)
