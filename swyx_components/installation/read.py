"""Read an installation: the best that can be made of the source, and everything wrong with it."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from swyx_components.catalogue import Catalogue, load_catalogue
from swyx_components.catalogue.load import VERSIONS
from swyx_components.installation.check import (
    check_claims,
    check_decisions,
    check_extra_rules,
    check_summaries,
)
from swyx_components.installation.context import ReadContext
from swyx_components.installation.decisions import read_decisions
from swyx_components.installation.diagnostics import TOP, Diagnostics, Refused, below
from swyx_components.installation.extra_rules import read_extra_rules
from swyx_components.installation.links import read_links, read_providers
from swyx_components.installation.model import Egress, Installation, Link, Provider, Site
from swyx_components.installation.schema import shape
from swyx_components.installation.sites import read_site
from swyx_components.installation.source import drop_too_large, take
from swyx_components.installation.values import (
    MOST_ENTRIES,
    Entry,
    Written,
    as_text,
    read_count,
    read_entries,
    read_text,
    wrong_type,
)
from swyx_components.messages import Message, Severity, SwyxError

Source = str | Path | Mapping[str, Any]
Outcome = tuple[Installation | None, tuple[Message, ...]]


def load_installation(source: Source, *, file: str = "") -> Installation:
    """The installation of a file, or of the same structure as plain data.

    Raises:
        SwyxError: the source has errors; all of them.
    """
    installation, messages = read_installation(source, file=file)
    errors = [message for message in messages if message.severity is Severity.ERROR]
    if errors or installation is None:
        raise SwyxError(errors)
    return installation


def read_installation(source: Source, *, file: str = "") -> Outcome:
    """The best installation that can be made of a source, and all messages about it, by place.

    `file` is what messages call the source; for a path it is the path unless given. With errors the
    installation lacks what is defective; it is None where nothing can be made of the source, where it is of
    another version of SwyxWare, or where there are more messages than anyone reads.
    """
    log = Diagnostics(file or ("" if isinstance(source, Mapping) else str(source)))
    folder = Path(log.file).parent if isinstance(source, Mapping) else Path(source).parent
    installation = None
    with _collector_paused():
        try:
            installation = _read(take(source, log), log, folder)
        except Refused as refused:
            log.add(refused.id, refused.place, **refused.values)
        except SwyxError as error:
            log.adopt(error.messages)
        return None if log.overflows else installation, log.all()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without the collector, which would walk a large file's growing data again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(data: Any, log: Diagnostics, folder: Path) -> Installation | None:
    if type(data) is not dict:
        wrong_type(data, log, TOP, "a mapping", '{swyxware: "6.01", sites: {...}}')
        return None
    reading = ReadContext(log)
    written = Written(data, reading, "", "installation")
    catalogue = _read_catalogue(written, folder)
    if catalogue is None:
        return None
    reading.know(catalogue)
    decisions = partial(read_decisions, inherited=reading.decisions)
    reading.decisions = written.part("decisions", decisions, reading.decisions)
    names, sites, overriding = _read_sites(written)
    _read_extra_rules(written, sites)
    links = written.part("links", partial(read_links, sites=dict.fromkeys(names)), ())
    providers = written.part("sip_providers", read_providers, ())
    quotas = written.part("quotas", _read_quotas, {})
    check_claims(reading)
    check_summaries(reading)
    check_decisions(reading, sites, overriding)
    check_extra_rules(reading, sites)
    sites = drop_too_large(sites, links, providers, log)
    links, providers = _with_known_ends(links, providers, sites)
    if "catalogue" not in written and as_text(data.get("swyxware")) not in (None, *VERSIONS):
        return None  # read to its end for its errors; by the facts of another version nothing is planned
    return Installation(
        file=log.file,
        catalogue=catalogue,
        sites=sites,
        links=links,
        providers=providers,
        quotas=quotas,
    )


def _with_known_ends(
    links: Sequence[Link], providers: Sequence[Provider], sites: Mapping[str, Site]
) -> tuple[tuple[Link, ...], tuple[Provider, ...]]:
    """The links and providers of which the sites and the LinkManagers that they name could be read."""
    named = {end for link in links for end in (link.near, link.far)} | {
        one.site for one in providers
    }
    ends = {
        (name, machine.name) for name in named & sites.keys() for machine in sites[name].machines
    }
    return (
        tuple(
            link
            for link in links
            if link.far in sites
            and (link.near, link.near_manager) in ends
            and (not link.far_manager or (link.far, link.far_manager) in ends)
        ),
        tuple(each for each in providers if (each.site, each.link_manager) in ends),
    )


def _read_catalogue(written: Written, folder: Path) -> Catalogue | None:
    """The catalogue of the version that the file names, or the file's own; None if that can't be told."""
    log, version = written.reading.log, as_text(written.values.get("swyxware"))
    if "swyxware" in written and version is None:
        example = written.examples["swyxware"]
        wrong_type(written["swyxware"], log, "swyxware", "a version", example)
    if "catalogue" in written:
        path = written.read("catalogue", read_text, None)
        return _read_own(path, version, log, folder) if path else None
    if version is None:
        return load_catalogue()
    if version not in VERSIONS:
        log.add("version-unknown", "swyxware", version=version, known=", ".join(VERSIONS))
        return load_catalogue()
    return load_catalogue(version)


def _read_own(path: str, version: str | None, log: Diagnostics, folder: Path) -> Catalogue:
    if not (folder / path).is_file():
        raise Refused("catalogue-absent", "catalogue", path=path)
    catalogue = load_catalogue(folder / path)
    if version is not None and version != catalogue.version:
        log.add("catalogue-version", "swyxware", version=version, own=catalogue.version, path=path)
    return catalogue


def _read_sites(written: Written) -> tuple[list[str], dict[str, Site], dict[str, bool]]:
    """The names of all sites, what could be made of them, and which of them decide DCOM alone."""
    names: list[str] = []
    sites: dict[str, Site] = {}
    overriding: dict[str, bool] = {}
    reading, value = written.reading, written.values.get("sites")
    reading.sites_unknown = type(value) is not dict or len(value) > MOST_ENTRIES
    if value == {}:
        reading.log.add("sites-empty", "sites", example=written.examples["sites"])
    for entry in written.read("sites", partial(read_entries, kind="site"), []):
        names.append(entry.name)
        site = read_site(entry, reading)
        if entry.usable and (site.machines or site.networks):
            sites[entry.name] = site
            decisions = entry.value.get("decisions")
            overriding[entry.name] = type(decisions) is dict and bool(
                decisions.keys() & {"dcom", "dcom_transport"}
            )
    return names, sites, overriding


def _read_extra_rules(written: Written, sites: dict[str, Site]) -> None:
    """Give each site its own rules, which may name machines of any site, if only by mistake.

    A rule of a machine that could not be read, so that the site lacks it, is left out with it.
    """
    written_sites = written.values.get("sites")
    for name, value in written_sites.items() if type(written_sites) is dict else ():
        if type(value) is dict and "extra_rules" in value:
            entry = Entry(name, value, below("sites", name), name in sites)
            egress = sites[name].egress if name in sites else Egress.CLOSED
            rules = read_extra_rules(value["extra_rules"], written.reading, entry, egress)
            if name in sites:
                whole = {machine.name for machine in sites[name].machines}
                kept = tuple(rule for rule in rules if rule.machine in whole)
                sites[name] = replace(sites[name], extra_rules=kept)


def _read_quotas(value: Any, reading: ReadContext, place: str, _: str) -> dict[str, dict[str, int]]:
    """The limits that differ from the providers' defaults, by cloud and name."""
    clouds = Written(value, reading, place, "quotas", shape("quotas").examples["aws"])
    quotas: dict[str, dict[str, int]] = {}
    for cloud in sorted(clouds.values.keys() & clouds.examples.keys()):
        known = shape(f"quotas_{cloud}")
        example = next(iter(known.examples.values()))
        limits = Written(clouds[cloud], reading, clouds.at(cloud), f"quotas_{cloud}", example)
        counts = {
            key: limits.read(
                key, partial(read_count, least=0) if key in known.may_be_none else read_count, None
            )
            for key in known.listed
        }
        quotas[cloud] = {key: count for key, count in counts.items() if count is not None}
    return quotas
