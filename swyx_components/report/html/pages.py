"""Pages from templates: self-contained files whose content security policy allows nothing else."""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from swyx_components.messages import plain
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.topology import Topology
from swyx_components.report.diff import FILTERS
from swyx_components.report.html.chapter import list_flows, list_rules
from swyx_components.report.html.overview import Overview, SiteLine, find_public
from swyx_components.report.tables import name_machines, write_proof
from swyx_components.report.templates import WORDS, read
from swyx_components.report.windows.scripts import file_name

_MOST_CELLS = 65536  # of a kind that are kept: many rows have the same ports or reasons
_MARK = "\0"  # in no text of a page, since plain_text shows it as an escape


def write_chapter(topology: Topology, unfolded: bool, result: SiteResult) -> tuple[SiteLine, bytes]:
    """The chapter of a site as HTML, and what the overview says of the site.

    `unfolded`: it stands open, since there are few of them.
    """
    plan, proof = result.plan, result.proof
    rules, flows = [*list_rules(result, topology.catalogue)], [*list_flows(plan.site, topology)]
    counts = Counter(row.group for row in rules)
    values = {"result": result, "rules": rules, "flows": flows, "counts": counts}
    html = _render("chapter.html", unfolded=unfolded, **values)
    line = SiteLine(
        name=plan.site,
        cloud=result.cloud,
        groups=len(plan.groups),
        flows={row.id: len(lines) for row, lines in flows},
        rules=len(rules),
        proof="none" if proof is None else "holds" if proof.holds else write_proof(proof),
        usages=result.usages,
        public=find_public(plan, (row.rule for row in rules)),
    )
    return line, html.encode()


def write_report(
    report: Overview, chapters: Iterable[bytes] = (), *, paged: bool = False, back: str = ""
) -> Iterator[bytes]:
    """The whole report as one page, in pieces.

    `paged`: its sites are pages of their own. `back`: it is such a page, this the address of all sites'.
    """
    mark = Markup(_MARK)
    page = _render("overview.html", report=report, paged=paged, back=back, chapters=mark)
    before, _, after = page.partition(_MARK)
    yield before.encode()
    yield from chapters
    yield after.encode()


# ---- templates and what they carry with them


def _render(template: str, **values: Any) -> str:
    return str(_environment().get_template(template).render(values))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: read(__package__, f"templates/{name}")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=plain_text,
        auto_reload=False,
    )
    own = {"ticks": mark_ticks, "file_name": file_name, "machines": name_machines}
    environment.filters |= {**WORDS, **FILTERS, **own}
    for kind in ("css", "js"):  # the page's policy names them by their hashes
        text = read(__package__, f"assets/report.{kind}")
        digest = b64encode(sha256(text.encode()).digest()).decode()
        environment.globals[kind] = {"text": Markup(text), "hash": f"sha256-{digest}"}
    cells = vars(environment.get_template("cells.html").module)
    macros = {name: macro for name, macro in cells.items() if isinstance(macro, Macro)}
    kept = {name: lru_cache(_MOST_CELLS)(macro) for name, macro in macros.items()}
    environment.globals["cells"] = SimpleNamespace(**kept)
    return environment


def plain_text(value: object) -> object:
    """The value as a page shows it: control and direction-changing characters become visible escapes.

    What a template made itself is left alone.
    """
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def mark_ticks(text: str) -> Markup:
    """Escaped text in which what stands between backticks is code, as messages write it."""
    shown = str(escape(plain_text(text)))
    marked = re.sub("`(.*?)`", r"<code>\1</code>", shown)
    return Markup(shown if shown.count("`") % 2 else marked)  # as it is where one has no fellow
