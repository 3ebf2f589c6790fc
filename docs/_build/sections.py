"""The site's sections: patterns in the nav, a page that lists each section, links to related pages."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

# The sections whose first page lists the others, with the text above the list.
INDEXES = {
    "how-to": (
        "How-to guides",
        "Each answers one question.",
    ),
    "explanation": ("Explanation", "Background for network engineers."),
    "decisions": (
        "Decisions",
        "Choices that are expensive to reverse, and interpretations of the article.",
    ),
    "reference": ("Reference", "Generated from the code and the catalogue."),
}


def write_indexes(sources: Mapping[str, str]) -> dict[str, str]:
    """A page for each section that has none of its own: title and first sentence of every other page."""
    return {
        f"{folder}/index.md": f"# {title}\n\n{lead}\n\n{''.join(_entries(folder, sources))}"
        for folder, (title, lead) in INDEXES.items()
        if f"{folder}/index.md" not in sources
    }


def _entries(folder: str, sources: Mapping[str, str]) -> Iterator[str]:
    for place, text in sorted(sources.items()):
        if fnmatchcase(place, f"{folder}/*.md"):
            yield f"- **[{title_of(text)}]({posixpath.relpath(place, folder)})**  \n  {_lead_of(text)}\n"


def expand_nav(nav: Any, places: Sequence[str]) -> Any:
    """The nav with pages in place of its patterns: each page once, where it is named or first matched."""
    entries = list(_entries_of(nav))
    patterns = [entry for entry in entries if "*" in entry]
    matched: dict[str, list[str]] = {pattern: [] for pattern in patterns}
    for place in sorted(set(places) - set(entries)):
        pattern = next((each for each in patterns if _matches(each, place)), None)
        if pattern is not None:
            matched[pattern].append(place)
    return _expand(nav, matched)


def _matches(pattern: str, place: str) -> bool:
    """`*.md` is about docs/ itself, not about what lies below."""
    return pattern.count("/") == place.count("/") and fnmatchcase(place, pattern)


def _entries_of(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, Mapping) else nav:
            yield from _entries_of(entry)


def _expand(entry: Any, matched: Mapping[str, Sequence[str]]) -> Any:
    if isinstance(entry, Mapping):
        return {title: _expand(below, matched) for title, below in entry.items()}
    if isinstance(entry, str):
        return entry
    expanded: list[Any] = []
    for part in entry:
        if isinstance(part, str):
            expanded += matched.get(part, [part])
        else:
            expanded.append(_expand(part, matched))
    return expanded


def write_related(place: str, related: Sequence[str], sources: Mapping[str, str]) -> str:
    """A list of the related pages that exist; each is named by its place in docs/."""
    folder = posixpath.dirname(place)
    entries = [
        f"- [{title_of(sources[name])}]({posixpath.relpath(name, folder or '.')})\n"
        for name in related
        if name in sources
    ]
    return f"\n\n## See also\n\n{''.join(entries)}" if entries else ""


def title_of(text: str) -> str:
    """The first heading of a page."""
    found = re.search(r"^# (.+)$", text, flags=re.MULTILINE)
    return found[1].strip() if found else "Untitled"


def _lead_of(text: str) -> str:
    """The first sentence below the first heading, where a paragraph follows it; links become their text."""
    body = re.split(r"^# .+$", text, maxsplit=1, flags=re.MULTILINE)[-1].strip()
    paragraph = " ".join(body.partition("\n\n")[0].split())
    if paragraph[:1] in "#|`!<-":
        return ""
    plain = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", paragraph.replace("**Context.** ", ""))
    sentence = re.match(r".*?[.:?](?=\s|$)", plain)
    return sentence[0].rstrip(":") if sentence else plain
