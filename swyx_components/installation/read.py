"""Read an installation: as much of the source as is valid, and all messages about it."""

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from swyx_components.catalogue.load import VERSIONS, load_catalogue, read_catalogue
from swyx_components.catalogue.model import Catalogue
from swyx_components.catalogue.yaml_source import MOST_DEEP, MOST_VALUES, compose, read_file
from swyx_components.installation.check import (
    check_claims,
    check_decisions,
    check_extra_rules,
    check_summaries,
    drop_too_large,
)
from swyx_components.installation.context import Node, ReadContext, as_text
from swyx_components.installation.links import check_trunks, read_links, read_providers
from swyx_components.installation.model import Decisions, Egress, Installation, Site
from swyx_components.installation.settings import read_decisions
from swyx_components.installation.sites import read_extra_rules, read_site
from swyx_components.installation.values import (
    MOST_ENTRIES,
    distinct,
    is_name,
    read_count,
    read_entries,
    read_list,
    read_text,
)
from swyx_components.messages import (
    Diagnostics,
    Message,
    Severity,
    SwyxError,
    below,
    raise_errors,
    severities,
)

Source = str | Path | Mapping[str, Any]
Outcome = tuple[Installation | None, tuple[Message, ...]]


def load_installation(source: Source, *, file: str = "") -> Installation:
    """The installation of a file, or of the same structure as plain data.

    Raises:
        SwyxError: the source has errors; all of them.
    """
    installation, messages = read_installation(source, file=file)
    raise_errors(messages)
    assert installation is not None, "an installation without errors"
    return installation


def about_sites(messages: Iterable[Message], sites: Iterable[str]) -> tuple[Message, ...]:
    """Without the messages about other sites than these."""
    known = {"", *sites}
    placed = ((one, f"{one.place}.".split(".")) for one in messages)
    return tuple(one for one, place in placed if place[0] != "sites" or place[1] in known)


def read_installation(source: Source, *, file: str = "") -> Outcome:
    """The best installation that can be made of a source, and all messages about it, by place.

    `file` is what messages call the source; for a path it is the path unless given. With errors the
    installation lacks what is defective; it is None where nothing can be made of the source, where it is of
    another version of SwyxWare, or where there are more messages than anyone reads.
    """
    log = Diagnostics(file or ("" if isinstance(source, Mapping) else str(source)))
    folder = Path(log.file).parent if isinstance(source, Mapping) else Path(source).parent
    installation, context, collects = None, ReadContext(log), gc.isenabled()
    gc.disable()  # the collector would walk a large file's growing data again and again
    try:
        if isinstance(source, Mapping):
            data = _Plain(log).value(source, "", 0)
        else:
            data = compose(read_file(source), log)
        installation = _read(Node(data, context, "", ""), folder)
    except SwyxError as error:
        log.adopt(error.messages)
    finally:
        context.machines.clear()  # these know the nodes, which know the context: a circle that would stay
        context.claims.clear()
        if collects:
            gc.enable()
    settled = installation.acknowledged if installation else ()
    told = tuple(message for message in log.all() if message.id not in settled)
    return None if log.overflows else installation, told


class _Plain:
    """Brings a program's data to the form that YAML has here: numbers become their text.

    Pulumi hands whole numbers over as floats (5060.0), which here are 5060 again.
    """

    def __init__(self, log: Diagnostics) -> None:
        self.log = log
        self.count = 0

    def value(self, value: Any, place: str, depth: int) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise SwyxError.about("yaml-size", place, limit=MOST_VALUES)
        if depth > MOST_DEEP:
            raise SwyxError.about("yaml-depth", place, limit=MOST_DEEP)
        if isinstance(value, Mapping):
            plain: dict[str, Any] = {}
            for key, item in value.items():
                text = self._text(key, place)
                if text in plain:
                    self.log.add("key-repeated", below(place, text), key=text)
                else:
                    plain[text] = self.value(item, below(place, text), depth + 1)
            return plain
        if isinstance(value, list | tuple):
            return [self.value(item, f"{place}[{i}]", depth + 1) for i, item in enumerate(value)]
        return value if value is None or isinstance(value, bool) else self._text(value, place)

    def _text(self, value: Any, place: str) -> str:
        if isinstance(value, str):
            return str(value)
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
            return str(int(value))
        raise SwyxError.about("value-not-plain", place, type=type(value).__name__)


def _read(node: Node, folder: Path) -> Installation | None:
    context, data = node.context, node.value
    if type(data) is not dict:
        node.wrong_type("a mapping", '{swyxware: "6.01", sites: {...}}')
        return None
    node.open("installation")
    catalogue = _read_catalogue(node, folder)
    if catalogue is None:
        return None
    context.catalogue, context.decisions = catalogue, Decisions(cornet=catalogue.cornet)
    context.decisions = node.read("decisions", read_decisions, context.decisions, context.decisions)
    nodes = _read_site_names(node)
    sites = _read_sites(nodes)
    links = node.read("links", read_links, (), {each.key: None for each in nodes})
    providers = node.read("sip_providers", read_providers, ())
    quotas = node.read("quotas", _read_quotas, {})
    acknowledged = node.read("acknowledge", _read_acknowledged, frozenset[str]())
    check_claims(context)
    check_summaries(context)
    check_decisions(context, sites, nodes)
    check_extra_rules(context, sites)
    check_trunks(context.log, links, providers)
    sites = drop_too_large(sites, links, providers, context.log)
    # Links and providers are left out where a site or LinkManager of theirs could not be read.
    standing = {(name, each.name) for name, site in sites.items() for each in site.machines}
    standing |= {(name, "") for name in sites}
    if "catalogue" not in data and as_text(data.get("swyxware")) not in (None, *VERSIONS):
        return None  # read to its end for its errors; by the facts of another version nothing is planned
    return Installation(
        file=context.log.file,
        catalogue=catalogue,
        catalogue_file=str(folder / own) if type(own := data.get("catalogue")) is str else "",
        sites=sites,
        links=tuple(each for each in links if standing.issuperset(each.ends)),
        providers=tuple(each for each in providers if (each.site, each.link_manager) in standing),
        quotas=quotas,
        acknowledged=acknowledged,
    )


def _read_catalogue(node: Node, folder: Path) -> Catalogue | None:
    """The catalogue of the version that the file names, or the file's own; None if that can't be told."""
    swyxware = node.child("swyxware")
    version = as_text(swyxware.value)
    if "swyxware" in node.value and version is None:
        swyxware.wrong_type("a version")
    if "catalogue" in node.value:
        return node.read("catalogue", _read_own, None, swyxware, folder)
    if version and version in VERSIONS:
        return load_catalogue(version)
    if version is not None:
        swyxware.add("version-unknown", version=version, known=", ".join(VERSIONS))
    return load_catalogue()


def _read_own(node: Node, swyxware: Node, folder: Path) -> Catalogue | None:
    """A catalogue file, named by its path, or the catalogue itself as plain data."""
    if type(node.value) is dict:
        catalogue = read_catalogue(node.value, node.place)
        path = "of this file"
    else:
        path = read_text(node) or ""
        if not path:
            return None
        if not (folder / path).is_file():
            node.add("catalogue-absent", path=path)
            return None
        catalogue = load_catalogue(folder / path)
    version = as_text(swyxware.value)
    if version is not None and version != catalogue.version:
        swyxware.add("catalogue-version", version=version, own=catalogue.version, path=path)
    return catalogue


def _read_site_names(node: Node) -> list[Node]:
    """The sites of a file."""
    value = node.value.get("sites")
    node.context.sites_unknown = type(value) is not dict or len(value) > MOST_ENTRIES
    if value == {}:
        node.child("sites").add("sites-empty", example=node.examples["sites"])
    return [entry for entry, _ in node.read("sites", read_entries, [], "site")]


def _read_sites(nodes: Sequence[Node]) -> dict[str, Site]:
    """What could be made of the sites, by name.

    Extra rules come last: they may name machines of any site, if only by mistake. A rule of a
    machine that could not be read, so that the site lacks it, is left out with it.
    """
    read = [read_site(node) for node in nodes]
    sites = {
        site.name: site for site in read if is_name(site.name) and (site.machines or site.networks)
    }
    for node in nodes:
        if "extra_rules" in node.value:
            site = sites.get(node.key)
            rules = read_extra_rules(node, site.egress if site else Egress.CLOSED)
            if site:
                whole = {machine.name for machine in site.machines}
                kept = tuple(rule for rule in rules if rule.machine in whole)
                sites[node.key] = replace(site, extra_rules=kept)
    return sites


def _read_acknowledged(node: Node) -> frozenset[str]:
    """The ids of messages; an error can't be settled like that."""
    found = set()
    for id, index in distinct(node, read_list(node)):
        severity = severities().get(id)
        if severity is None:
            known = [id for id, one in severities().items() if one is not Severity.ERROR]
            node.item(index).unknown("word", id, known)
        elif severity is Severity.ERROR:
            node.item(index).add("acknowledge-error", word=id)
        else:
            found.add(id)
    return frozenset(found)


def _read_quotas(node: Node) -> dict[str, dict[str, int]]:
    """The limits that differ from the providers' defaults, by cloud and name."""
    node.open("quotas")
    quotas: dict[str, dict[str, int]] = {}
    for cloud in sorted(node.value.keys() & node.examples.keys()):
        limits = node.child(cloud)
        limits.open(f"quotas_{cloud}")
        counts = {
            key: limits.read(key, read_count, None, 0 if key == "groups_kept" else 1)
            for key in limits.examples
        }
        quotas[cloud] = {key: count for key, count in counts.items() if count is not None}
    return quotas
