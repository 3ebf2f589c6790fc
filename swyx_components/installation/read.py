"""Read an installation: the best that can be made of the source, and everything wrong with it."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from swyx_components.catalogue import Catalogue, load_catalogue
from swyx_components.catalogue.load import VERSIONS
from swyx_components.installation.check import check_claims, check_decisions, check_extra_rules
from swyx_components.installation.context import ReadContext
from swyx_components.installation.decisions import default_decisions, read_decisions
from swyx_components.installation.diagnostics import TOP, Diagnostics, Refused, below
from swyx_components.installation.extra_rules import read_extra_rules
from swyx_components.installation.links import read_links, read_providers
from swyx_components.installation.model import Egress, Installation, Link, Provider, Site
from swyx_components.installation.schema import shape
from swyx_components.installation.sites import read_site
from swyx_components.installation.size import drop_too_large
from swyx_components.installation.source import take
from swyx_components.installation.summary import check_summaries
from swyx_components.installation.values import (
    MOST_ENTRIES,
    Entry,
    as_text,
    read_count,
    read_entries,
    read_mapping,
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
    written = read_mapping(data, log, "", shape("installation"), "")
    catalogue = _read_catalogue(written, log, folder)
    if catalogue is None:
        return None
    reading = ReadContext(catalogue, log, default_decisions(catalogue))
    if "decisions" in written:
        reading.decisions = read_decisions(
            written["decisions"], reading, "decisions", reading.decisions
        )
    names, sites, overriding = _read_sites(written, reading)
    _read_extra_rules(written, reading, sites)
    links = (
        read_links(written["links"], reading, dict.fromkeys(names)) if "links" in written else ()
    )
    providers = (
        read_providers(written["sip_providers"], reading) if "sip_providers" in written else ()
    )
    quotas = _read_quotas(written["quotas"], log) if "quotas" in written else {}
    check_claims(reading)
    check_summaries(reading)
    check_decisions(reading, sites, overriding)
    check_extra_rules(reading, sites)
    sites = drop_too_large(sites, links, providers, log)
    links, providers = _standing(links, providers, sites)
    if "catalogue" not in written and as_text(written.get("swyxware")) not in (None, *VERSIONS):
        return None  # read to its end for its errors; by the facts of another version nothing is planned
    return Installation(
        file=log.file,
        catalogue=catalogue,
        sites=sites,
        links=links,
        providers=providers,
        quotas=quotas,
    )


def _standing(
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


def _read_catalogue(written: dict[str, Any], log: Diagnostics, folder: Path) -> Catalogue | None:
    """The catalogue of the version that the file names, or the file's own; None if that can't be told."""
    version = as_text(written.get("swyxware"))
    if "swyxware" in written and version is None:
        wrong_type(
            written["swyxware"],
            log,
            "swyxware",
            "a version",
            shape("installation").examples["swyxware"],
        )
    if "catalogue" in written:
        path = read_text(
            written["catalogue"], log, "catalogue", shape("installation").examples["catalogue"]
        )
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


def _read_sites(
    written: dict[str, Any], reading: ReadContext
) -> tuple[list[str], dict[str, Site], dict[str, bool]]:
    """The names of all sites, what could be made of them, and which of them decide DCOM alone."""
    names: list[str] = []
    sites: dict[str, Site] = {}
    overriding: dict[str, bool] = {}
    value = written.get("sites")
    reading.sites_unknown = type(value) is not dict or len(value) > MOST_ENTRIES
    if "sites" not in written:
        return names, sites, overriding
    if value == {}:
        reading.log.add("sites-empty", "sites", example=shape("installation").examples["sites"])
    for entry in read_entries(
        value, reading.log, "sites", "site", shape("installation").examples["sites"]
    ):
        names.append(entry.name)
        site = read_site(entry, reading)
        if entry.usable and (site.machines or site.networks):
            sites[entry.name] = site
            decisions = entry.value.get("decisions")
            overriding[entry.name] = type(decisions) is dict and bool(
                decisions.keys() & {"dcom", "dcom_transport"}
            )
    return names, sites, overriding


def _read_extra_rules(
    written: dict[str, Any], reading: ReadContext, sites: dict[str, Site]
) -> None:
    """Give each site its own rules, which may name machines of any site, if only by mistake.

    A rule of a machine that could not be read, so that the site lacks it, is left out with it.
    """
    for name, value in written["sites"].items() if type(written.get("sites")) is dict else ():
        if type(value) is dict and "extra_rules" in value:
            entry = Entry(name, value, below("sites", name), name in sites)
            egress = sites[name].egress if name in sites else Egress.CLOSED
            rules = read_extra_rules(value["extra_rules"], reading, entry, egress)
            if name in sites:
                whole = {machine.name for machine in sites[name].machines}
                kept = tuple(rule for rule in rules if rule.machine in whole)
                sites[name] = replace(sites[name], extra_rules=kept)


def _read_quotas(value: Any, log: Diagnostics) -> dict[str, dict[str, int]]:
    """The limits that differ from the providers' defaults, by cloud and name."""
    known = shape("quotas")
    clouds = read_mapping(value, log, "quotas", known, known.examples["aws"])
    quotas: dict[str, dict[str, int]] = {}
    for cloud in sorted(clouds.keys() & known.keys):
        limits = shape(f"quotas_{cloud}")
        at = f"quotas.{cloud}"
        written = read_mapping(clouds[cloud], log, at, limits, next(iter(limits.examples.values())))
        read = {
            key: read_count(
                written[key],
                log,
                f"{at}.{key}",
                limits.examples[key],
                least=0 if key in limits.may_be_none else 1,
            )
            for key in limits.listed
            if key in written
        }
        quotas[cloud] = {key: count for key, count in read.items() if count is not None}
    return quotas
