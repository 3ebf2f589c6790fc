"""The built site as a reader's browser sees it: what each page names, links to and loads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Elements whose address the browser loads by itself; a link (`a`) waits for the reader.
LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "use": "href",
}
NEVER_LOADED = {"canonical", "alternate", "author", "license", "next", "prev"}  # of `link`


@dataclass
class Page(HTMLParser):
    """One page: ids, the links of its reader, what its browser loads, and its text by element id."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    __hash__ = object.__hash__

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        if tag == "link" and not NEVER_LOADED & set(given.get("rel", "").split()):
            self.loads.add(given.get("href", ""))
        if tag in LOADED and LOADED[tag] in given:
            self.loads.add(given[LOADED[tag]])
        self.loads |= set(styled(given.get("style", "")))

    def handle_data(self, data: str) -> None:
        self.text += data


def styled(text: str) -> Iterator[str]:
    """The addresses that a style loads."""
    yield from re.findall(r"""url\(\s*["']?([^"')]+)""", text)
    yield from re.findall(r"""@import\s+["']([^"']+)""", text)


def is_outside(address: str) -> bool:
    """Whether loading this needs more than the site's own folder."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def place_of(page: Path, address: str) -> tuple[Path, str]:
    """The file that a relative address means, and the anchor in it."""
    parts = urlsplit(address)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page.resolve()
    return (target / "index.html" if target.is_dir() else target), unquote(parts.fragment)
