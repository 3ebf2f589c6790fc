"""The text of files that Windows reads: values and their quoting.

Nothing that a person wrote may become a command: free text is in comments only, on one line. What
must be a value is quoted for its language.
"""

import re
from collections.abc import Iterable

_SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"  # PowerShell ends a string at each of them
_NO_TEXT = re.compile(r"[^A-Za-z0-9 .,:;/_+()'\-]")
_LONGEST = 400


def comments(lines: Iterable[str], mark: str) -> str:
    """Comments of cmd (`rem`), regedit (`;`) or PowerShell (`#`), a line each; without a mark, just lines."""
    quote = plain_words if mark.startswith("rem") else one_line
    return "".join(f"{mark}{quote(line)}\n" for line in lines)


def one_line(text: str) -> str:
    """Printable text on one line: what breaks lines, steers a terminal or turns text becomes `_`.

    >>> one_line("a\\nReg delete\\u2028\\u202eb")
    'a_Reg delete__b'
    """
    line = "".join(char if char.isprintable() else "_" for char in text)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def plain_words(text: str) -> str:
    """One line for a comment of cmd, which expands %NAME% and continues after ^ even there.

    >>> plain_words("100% ^sure & \\"safe\\" (ü)!")
    '100_ _sure _ _safe_ (_)_'
    """
    return _NO_TEXT.sub("_", text)[:_LONGEST]


def powershell(text: str) -> str:
    """A PowerShell string that holds exactly the text, without any expansion.

    >>> powershell("O\\u2019Brien's $(x)")
    "'O\\u2019\\u2019Brien''s $(x)'"
    """
    doubled = "".join(char * 2 if char in _SINGLE_QUOTES else char for char in one_line(text))
    return f"'{doubled}'"


def powershell_list(texts: list[str]) -> str:
    """A PowerShell array of such strings."""
    return f"@({', '.join(map(powershell, texts))})"


def reg_string(text: str) -> str:
    """A REG_SZ of a .reg file.

    >>> reg_string('C:\\\\a "b"')
    '"C:\\\\\\\\a \\\\"b\\\\""'
    """
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def reg_lines(texts: list[str]) -> str:
    """A REG_MULTI_SZ of a .reg file: UTF-16 LE, each text ended by a zero, and a zero at the end."""
    raw = "".join(f"{one_line(text)}\0" for text in (*texts, "")).encode("utf-16-le")
    return f"hex(7):{','.join(f'{byte:02x}' for byte in raw)}"
