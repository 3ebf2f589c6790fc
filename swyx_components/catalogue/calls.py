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

from functools import cache
from importlib.resources import files

from swyx_components.catalogue.model import CallBook, Catalogue
from swyx_components.catalogue.rows import read_rows
from swyx_components.messages import SwyxError


def load_calls(catalogue: Catalogue) -> CallBook:
    """How calls run between the roles of a catalogue.

    Raises:
        SwyxError: a catalogue of the user's own has no calls, and lacks a flow or role of the bundled ones.
    """
    book = calls_of(catalogue)
    if lacking := find_lacking(book, catalogue):
        reason = f"missing for calls: {', '.join(lacking)}"
        raise SwyxError.about("catalogue-defect", "", reason=reason)
    return book


def calls_of(catalogue: Catalogue) -> CallBook:
    """The catalogue's own calls, else the bundled ones, whether or not it has all that they name."""
    return catalogue.calls or bundled_calls()


def find_lacking(book: CallBook, catalogue: Catalogue) -> list[str]:
    """The flows, or else the roles, of which calls consist and which the catalogue has not."""
    steps = [step for way in book.ways for step in (*way.calling, *way.called)]
    steps += [step for way in book.links.values() for step in (*way.near_calls, *way.far_calls)]
    named = {flow for step in steps for flow in step.flows}
    roles = {*book.parties, book.server}
    return sorted(named - set(catalogue.flows)) or sorted(roles - set(catalogue.roles))


@cache
def bundled_calls() -> CallBook:
    """How calls run, whether or not a catalogue has all of it."""
    text = files(__package__).joinpath("calls.yaml").read_text("utf-8")
    return read_rows(text).record(CallBook)
