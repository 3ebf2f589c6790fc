"""What mkdocs calls while it builds the site: generated pages, the nav's patterns, nothing from outside.

This folder makes the site and is no part of it.
"""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:  # mkdocs need not be started from here
    sys.path.insert(0, str(ROOT))

import sections  # noqa: E402  after the path is set
from mkdocs.structure.files import File, Files  # noqa: E402
from reference import catalogue, command, components, messages, schema  # noqa: E402

PAGES = {
    "reference/roles.md": catalogue.write_roles,
    "reference/flows.md": catalogue.write_flows,
    "reference/messages.md": messages.write_messages,
    "reference/command.md": command.write_command,
    "reference/components.md": components.write_components,
    "reference/schema.md": schema.write_schema,
}


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Add the generated pages and the sections' lists, and put pages in place of the nav's patterns."""
    for place, write in PAGES.items():
        files.append(File.generated(config, place, content=write()))
    for place, text in sections.write_indexes(_sources(files)).items():
        files.append(File.generated(config, place, content=text))
    config.nav = sections.expand_nav(
        config.nav, [page.src_uri for page in files.documentation_pages()]
    )
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """End a page with links to those it names as `related`, as far as they exist."""
    related = page.meta.get("related", [])
    return markdown + sections.write_related(page.file.src_uri, related, _sources(files))


def on_post_build(config: Any, **_: Any) -> None:
    """Take out of the theme's script what it would load from elsewhere for browsers or pages we don't have."""
    for script in Path(config.site_dir, "assets/javascripts").glob("bundle.*.js"):
        text = script.read_text(encoding="utf-8")
        for source in ("resize-observer-polyfill", "mermaid@11/dist/mermaid.min.js"):
            text = text.replace(f"https://unpkg.com/{source}", "")
        script.write_text(text, encoding="utf-8")


def _sources(files: Files) -> dict[str, str]:
    """The text of every page by its place in docs/."""
    return {page.src_uri: page.content_string for page in files.documentation_pages()}
