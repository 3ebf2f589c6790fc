"""Pages from templates: one file that needs no other, under a policy that lets nothing else in."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from swyx_components.catalogue import Catalogue
from swyx_components.planner.site_result import SiteResult
from swyx_components.report.html.chapter import make_chapter
from swyx_components.report.html.escape import mark_ticks, plain_text
from swyx_components.report.html.overview import Overview, SiteLine

_MARK = "\0"  # in no text of a page, since plain_text shows it as an escape


class ChapterText(NamedTuple):
    """A site's chapter as HTML, and what the overview says of it."""

    line: SiteLine
    html: str


def write_chapter(catalogue: Catalogue, unfolded: bool, result: SiteResult) -> ChapterText:
    """The chapter of one site.

    `unfolded`: it stands open, since there are few of them.
    """
    site = make_chapter(result, catalogue)
    own = [row.group.partition("+")[0] for row in site.rules]
    counts = {group.name: own.count(group.name) for group in site.groups}
    html = _template("chapter.html").render(site=site, counts=counts, unfolded=unfolded)
    flows = sum(len(lines) for _, lines in site.flows)
    return ChapterText(SiteLine.of(result, flows, len(site.rules)), html)


def write_report(report: Overview, chapters: Iterable[str]) -> Iterator[str]:
    """The whole report as one page, in pieces."""
    page = _overview(report, paged=False, chapters=Markup(_MARK))
    before, _, after = page.partition(_MARK)
    yield before
    yield from chapters
    yield after


def write_index(report: Overview) -> str:
    """The overview of a report whose sites are pages of their own."""
    return _overview(report, paged=True, chapters="")


def write_site_page(report: Overview, chapter: ChapterText) -> str:
    """The page of one site beside `write_index`."""
    name = chapter.line.name
    sections = (
        ("../index.html", "All sites"),
        ("#rules", "Rules"),
        ("#flows", "Flow matrix"),
        ("#sites", "The site"),
        ("#catalogue", "What each flow is for"),
    )
    return _page(
        "site.html",
        report,
        f"{report.file}: {name}",
        sections,
        figures=chapter.line.figures,
        chapters=Markup(chapter.html),
    )


def _overview(report: Overview, paged: bool, chapters: str) -> str:
    href = "sites/{}.html".format if paged else "#site-{}".format
    sections = _sections(report, paged)
    return _page(
        "overview.html",
        report,
        report.file,
        sections,
        figures=report.figures,
        paged=paged,
        href=href,
        chapters=chapters,
    )


def _sections(report: Overview, paged: bool) -> Iterator[tuple[str, str]]:
    yield "#picture", "Sites and links"
    for place, _ in enumerate(report.differences, start=1):
        yield f"#differences-{place}", "Differences"
    if not paged:
        yield from (("#rules", "Rules"), ("#flows", "Flow matrix"))
    yield "#decisions", "Decisions"
    yield "#collisions", "Collisions"
    yield "#quotas", "Quotas"
    yield "#uncovered", "Not covered"
    if not paged:
        yield "#sites", "Site by site"
    yield "#catalogue", "What each flow is for"


def _page(
    template: str,
    report: Overview,
    heading: str,
    sections: Iterable[tuple[str, str]],
    **values: Any,
) -> str:
    assets = _assets()
    return _template(template).render(
        report=report,
        heading=heading,
        title=f"{heading}: port report",
        sections=tuple(sections),
        style=assets.style,
        script=assets.script,
        hashes=assets.hashes,
        **values,
    )


# ---- templates and what they carry with them


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assets:
    """The style and script of every page; `hashes` is how the page's policy names them."""

    style: Markup
    script: Markup
    hashes: dict[str, str]


@cache
def _assets() -> _Assets:
    style, script = (_read(f"assets/report.{kind}") for kind in ("css", "js"))
    hashes = {"style": _hash(style), "script": _hash(script)}
    return _Assets(style=Markup(style), script=Markup(script), hashes=hashes)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: _read(f"templates/{name}")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=plain_text,
        auto_reload=False,
    )
    environment.filters["ticks"] = mark_ticks
    parts: Any = environment.get_template("parts.html").module
    environment.globals["bar"] = parts.bar
    return environment


@cache
def _template(name: str) -> Any:
    return _environment().get_template(name)
