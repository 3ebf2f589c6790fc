"""Text that nobody means well, and values of every kind where another is expected."""

from __future__ import annotations

from typing import Any

# By what it would do if something printed, ran or rendered it as it is.
HOSTILE_TEXTS = {
    "html": '<img src=x onerror="alert(1)">',
    "script end": "</script><script>alert(1)</script>",
    "shell": "$(touch x); `id` | sh && rm -rf ~",
    "template": "{{7*7}} ${7*7} #{7*7} {% raw %} %(file)s {place}",
    "ansi colour": "\x1b[31mred\x1b[0m",
    "ansi title": "\x1b]0;title\x07",
    "ansi clear": "\x1b[2J\x1b[1;1H",
    "c1 control": "\x9b31m",
    "carriage return": "safe\rerror: none",
    "line feed": "one\nerror: two",
    "line separator": "one\u2028two\x85three",
    "right to left": "\u202egnp.exe\u202c \u2066x\u2069",
    "zero width": "a\u200bb\ufeffc\u00ad",
    "combining": "a" + "\u0301" * 60,
    "300 characters": "x" * 300,
    "prototype": "__proto__",
    "constructor": "constructor",
    "path": "../../../../etc/passwd",
    "spreadsheet": '=HYPERLINK("http://127.0.0.1/","x")',
    "markdown": "[x](javascript:alert(1)) ![x](http://127.0.0.1/)",
    "rich markup": "[bold red]x[/] [link=http://127.0.0.1/]y[/link]",
    "yaml": "!!python/object/apply:os.system ['id']",
    "astral": "\U0001f4de\U000e0041",
    "quotes": "'\"\\`",
    "dot": ".",
    "space": " ",
}

NUMBERS: list[Any] = [0, -1, 1718, 65536, 10**400, 5060.0, 1.5, True, False, None]
WORDS = [
    "", "x", "0", "010", "-1", "1:20:30", "1e999", "0x1F", ".inf", "no", "~", "135-65535", "1-1",
    "65535-1", "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.2.0.10", "::1",
    "::ffff:10.0.0.1", "fe80::1%eth0", "10.1.0.10/33", "10.1.0.10 ", "\u0661\u0660.1.0.10", "media", "both",
    "chained", "open", "restricted", "windows-2003", "aachen", "bochum", "ac-link", "bo-link",
    "SwyxServer", "swyxserver", "SwyxServr", "LinkManager", "SwyxPhoneL100", "SwyxPhoneL440",
    "ConferenceManager", "PhoneManager", "ITSPManager", "SwyxGate", "SwyxIt", "\ud800",
]  # fmt: skip
SYNTAX = [
    "{", "}", "[", "]", ":", ": ", " ", "\n", "\n  ", "- ", "-", "&a ", "*a", "!!str ", "!x ", "'",
    '"', "\t", "\0", "<<: ", "<<: *a", "~", "#", "---\n", "...\n", "? ", "|\n", ">\n", "%", "@",
    "`", "\\", ",", "\ufeff", "\r", "x" * 300, "[" * 40, "{a: " * 40,
]  # fmt: skip
