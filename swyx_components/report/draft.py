"""A draft as an installation file that explains itself."""

import re
from collections.abc import Collection, Iterator

from swyx_components.catalogue import Catalogue
from swyx_components.installation.draft import Draft, DraftEnd, DraftSite

SCHEMA = "installation.schema.json"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}  # of YAML; not of ours


def write_draft(draft: Draft, catalogue: Catalogue, undecided: Collection[str]) -> Iterator[str]:
    """The file in lines; `undecided` are the decisions that somebody has yet to confirm."""
    yield f"# yaml-language-server: $schema={SCHEMA}"
    yield "# Who is there and what they do; the firewall rules follow from it."
    yield "# `swyx check` judges this file, `swyx plan` shows the rules, `swyx schema` every key."
    yield f'swyxware: "{draft.swyxware}"'
    yield ""
    yield from _write_decisions(draft, catalogue, undecided)
    yield ""
    yield "sites:"
    for site in draft.sites:
        yield from _write_site(site)
    if draft.links:
        yield ""
        yield "links:                      # two sites, and the LinkManager that serves both"
    for name, link in draft.named_links().items():
        sites = ", ".join(map(_scalar, link.sites))
        yield f"  {_scalar(name)}: {{sites: [{sites}], link_manager: {_scalar(link.link_manager)}}}"


def _write_decisions(
    draft: Draft, catalogue: Catalogue, undecided: Collection[str]
) -> Iterator[str]:
    ranges = f"restricted is {catalogue.presets['restricted']}"
    about = {
        "dcom": f"the ports of DCOM, {ranges}; set the hosts to it (`swyx hosts`)",
        "h245": "tunnelled, or the range from which the products take ports",
    }
    head = "decisions:" if draft.decisions else "# decisions:"
    yield f"{head.ljust(28)}# what the article leaves open"
    for key, value in draft.decisions.items():
        mark = "TO CONFIRM: " if key in undecided else ""
        yield f"  {key}: {_scalar(value)}".ljust(28) + f"# {mark}{about[key]}"
    for key, text in about.items():
        if key not in draft.decisions:
            example = "restricted" if key == "dcom" else "tunnelled"
            yield f"#   {key}: {example}".ljust(28) + f"# {text}; nothing here needs it yet"
    ports = [port for part in catalogue.cornet for port in range(part[0], part[1] + 1)]
    yield "#   dcom_transport: tcp".ljust(28) + "# or both"
    yield "#   fax_transport: udp".ljust(28) + "# or tcp, both"
    yield f"#   cornet: {ports}".ljust(28) + "# the article prints both; pin one where you know"


def _write_site(site: DraftSite) -> Iterator[str]:
    yield f"  {_scalar(site.name)}:"
    yield "    machines:"
    yield from _write_ends([end for end in site.ends if not end.network], "addresses")
    networks = [end for end in site.ends if end.network]
    if networks:
        yield "    networks:"
        yield from _write_ends(networks, "cidrs")
    yield "    # extra_rules:          # what the article does not cover, each with its reason"
    yield (
        "    #   - {direction: in, to: MACHINE, from: [10.0.0.0/28], protocol: tcp, ports: 3389, "
        "reason: administration}"
    )


def _write_ends(ends: list[DraftEnd], key: str) -> Iterator[str]:
    width = max((len(_scalar(end.name)) for end in ends), default=0) + 1
    for end in ends:
        name = f"{_scalar(end.name)}:".ljust(width)
        addresses = ", ".join(map(_scalar, end.addresses))
        roles = ", ".join(map(_scalar, end.roles))
        yield f"      {name} {{{key}: [{addresses}], roles: [{roles}]}}"


def _scalar(text: str) -> str:
    """The text as YAML reads it back: quoted where another reader might take it for something else.

    >>> _scalar("ac-link"), _scalar("no"), _scalar("10.1.0.10"), _scalar("fd00::1")
    ('ac-link', '"no"', '10.1.0.10', '"fd00::1"')
    """
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    dotted = re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?|[0-9]+-[0-9]+", text)
    if plain or dotted:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
