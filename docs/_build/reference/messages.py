"""The page of messages: every id with its severity, sentence and remedy, each at an anchor of its own."""

import re
from collections.abc import Iterator
from importlib.resources import files

import yaml
from reference.markup import code, heading, plain, slug

_LEAD = """# Messages

Every message names a place in your file, what is wrong with the actual values, and what to write. An *error* stops the plan, a *warning* is
worth a look before you deploy, a *note* says how something was settled. Words in *italics* are placeholders for your figures and names.
Each warning and note ends with its id; write the id under `acknowledge` in the file to hide it.
"""


# Around a placeholder while the text is escaped; no message has them.
_BEGIN, _END = "\x02", "\x03"


def write_messages() -> str:
    """The page, in the order of the message catalogue and under its own headings."""
    text = files("swyx_components.messages").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)
    return "".join([_LEAD, *_sections(text, rows)])


def _sections(text: str, rows: dict[str, dict[str, str]]) -> Iterator[str]:
    section = ""
    for title, id in re.findall(r"^(?:# -+ (.+)|([a-z0-9-]+):)$", text, flags=re.MULTILINE):
        if title:
            section = title
            continue
        if section:
            yield heading(2, plain(section[0].upper() + section[1:]), f"about-{slug(section)}")
            section = ""
        yield _message(id, rows[id])


def _message(id: str, row: dict[str, str]) -> str:
    remedy = row.get("remedy", "")
    stop = "" if remedy.endswith("?") else "."
    ending = f"  \n*What to do*: {_with_values(remedy)}{stop}" if remedy else ""
    body = f"*{row['severity'].capitalize()}*: {_with_values(row['sentence'])}."
    return f"{heading(3, code(id), id)}{body}{ending}\n"


def _with_values(text: str) -> str:
    """The sentence with its placeholders in italics, those within `backticks` too."""
    marked = re.sub(r"\{(\w+)\}", f"{_BEGIN}\\1{_END}", text)
    literal = marked.replace("{{", "{").replace("}}", "}")
    return plain(literal).replace(_BEGIN, "<em>").replace(_END, "</em>")
