"""The arguments of a host group that stands alone: its roles and its peers, checked."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Any

from swyx_components.catalogue import Catalogue
from swyx_components.messages import Message, SwyxError
from swyx_components.sets.prefixes import Prefix

PEER = "peer-"
_LONGEST_SLUGS = 30  # leaves room in a machine's name, which has 40 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One entry of `peers`: `machine` is its name in the small installation."""

    machine: str
    roles: tuple[str, ...]
    by_id: bool
    site: str
    prefixes: tuple[Prefix, ...]


def site_name(component: str) -> str:
    """What stands for the site in names and tags: the component's name, as far as a site may be called so."""
    text = re.sub(r"[^A-Za-z0-9_-]", "-", component)[:40].lstrip("-_")
    return text or "group"


def check_roles(catalogue: Catalogue, roles: Sequence[str], args: Mapping[str, Any]) -> None:
    """Refuse what is no role, and no role at all.

    Raises:
        SwyxError: with a message for each.
    """
    places = [("roles", roles)]
    places += [
        (f"peers[{i}].roles", peer.get("roles", ()))
        for i, peer in enumerate(args.get("peers") or ())
    ]
    problems = [
        Message.about(
            "args-wrong",
            place,
            value=repr(role),
            wanted=f"a role; these are {', '.join(catalogue.roles)}",
            example=f"{place}: [SwyxServer]",
        )
        for place, given in places
        for role in given
        if role not in catalogue.roles
    ]
    if not roles:
        problems.append(
            Message.about("args-missing", "", key="roles", example="roles: [SwyxServer]")
        )
    if problems:
        raise SwyxError(problems)


def read_peers(catalogue: Catalogue, site: str, args: Mapping[str, Any]) -> tuple[Peer, ...]:
    """The entries of `peers`, each with a name of its own for the small installation.

    Raises:
        SwyxError: with a message for every entry that is wrong.
    """
    peers: list[Peer] = []
    problems: list[Message] = []
    for index, entry in enumerate(args.get("peers") or ()):
        place = f"peers[{index}]"
        by_id = bool(entry.get("ids"))
        if by_id == bool(entry.get("cidrs")) or (by_id and entry.get("site")):
            problems.append(_neither_ids_nor_cidrs(entry, place))
            continue
        missing = [role for role in entry["roles"] if by_id and role not in entry["ids"]]
        problems += [
            Message.about("args-missing", f"{place}.ids", key=role, example=f"{role}: an id")
            for role in missing
        ]
        peers.append(
            Peer(
                machine=_peer_name(catalogue, entry["roles"], {peer.machine for peer in peers}),
                roles=tuple(sorted(entry["roles"], key=catalogue.role_order)),
                by_id=by_id,
                site=site_name(entry.get("site") or site),
                prefixes=tuple(
                    _read_prefixes(entry.get("cidrs") or (), f"{place}.cidrs", problems)
                ),
            )
        )
    if problems:
        raise SwyxError(problems)
    return tuple(peers)


def _neither_ids_nor_cidrs(entry: Mapping[str, Any], place: str) -> Message:
    return Message.about(
        "args-wrong",
        place,
        value="a peer with " + (", ".join(sorted(entry)) or "nothing"),
        wanted="one with either ids or cidrs (at another site: cidrs)",
        example="{roles: [SwyxIt], cidrs: [10.1.20.0/24]}",
    )


def _peer_name(catalogue: Catalogue, roles: Sequence[str], taken: set[str]) -> str:
    """A name from the peer's roles, since rules are named after it; numbered only where several are alike."""
    slugs = "-".join(catalogue.roles[role].slug for role in sorted(roles, key=catalogue.role_order))
    if len(slugs) > _LONGEST_SLUGS:
        slugs = f"{slugs[: _LONGEST_SLUGS - 9]}-{sha256(slugs.encode()).hexdigest()[:8]}"
    names = (f"{PEER}{slugs}" + (f"-{number}" if number > 1 else "") for number in count(1))
    return next(name for name in names if name not in taken)


def _read_prefixes(texts: Iterable[Any], place: str, problems: list[Message]) -> Iterator[Prefix]:
    for text in texts:
        try:
            yield Prefix.parse(str(text))
        except ValueError as problem:
            problems.append(
                Message.about(
                    "args-wrong",
                    place,
                    value=repr(text),
                    wanted=f"a CIDR ({problem})",
                    example="cidrs: [10.1.20.0/24]",
                )
            )
