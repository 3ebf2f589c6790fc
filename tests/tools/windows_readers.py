"""Small readers of what Windows reads, written from its rules and apart from the writers.

Each refuses what it does not know, so that a value that breaks out of its place is found.
"""

from __future__ import annotations

import re

QUOTES = "'\u2018\u2019\u201a\u201b"
Keys = dict[str, dict[str, str | list[str]]]


def read_reg(raw: bytes) -> Keys:
    """Values by key of a .reg file, as regedit takes them."""
    assert raw[:2] == b"\xff\xfe", "regedit wants UTF-16 LE with its mark"
    text = raw[2:].decode("utf-16-le")
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    lines = text.split("\r\n")
    assert lines[0] == "Windows Registry Editor Version 5.00" and lines[1] == ""
    keys: Keys = {}
    for line in lines[2:]:
        if not line or line.startswith(";"):
            continue
        if found := re.fullmatch(r"\[([^\]]+)\]", line):
            here = keys.setdefault(found[1], {})
            continue
        found = re.fullmatch(
            r'"((?:[^"\\]|\\.)*)"=(?:"((?:[^"\\]|\\.)*)"|hex\(7\):([0-9a-f,]+))', line
        )
        assert found, f"not a line of a .reg file: {line}"
        name = re.sub(r"\\(.)", r"\1", found[1])
        if found[3] is None:
            here[name] = re.sub(r"\\(.)", r"\1", found[2])
        else:
            units = bytes.fromhex(found[3].replace(",", "")).decode("utf-16-le")
            assert units.endswith("\0\0")
            here[name] = units[:-2].split("\0")
    return keys


def powershell_tokens(text: str) -> list[str]:
    """Strings (with a quote before their content), words and signs; comments left out."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in QUOTES:
            at, content = _single_quoted(text, at + 1)
            tokens.append(f"'{content}")
        elif char == '"':
            end = text.index('"', at + 1)
            assert "`" not in text[at:end] and "\n" not in text[at:end]
            tokens.append(text[at : end + 1])
            at = end + 1
        elif char == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif char == "\n":
            tokens.append("\n")
            at += 1
        elif char.isspace():
            at += 1
        elif found := re.compile(r"[\w$.:@-]+").match(text, at):
            tokens.append(found[0])
            at = found.end()
        else:
            assert char in "[](){}|;=,%", f"{char!r} in a script"
            tokens.append(char)
            at += 1
    return tokens


def _single_quoted(text: str, at: int) -> tuple[int, str]:
    """Two quotes of any of the five kinds are one of them; one ends the string."""
    content = ""
    while True:
        char = text[at]
        if char in QUOTES:
            if at + 1 < len(text) and text[at + 1] in QUOTES:
                content, at = content + char, at + 2
                continue
            return at + 1, content
        content, at = content + char, at + 1


def read_script(raw: bytes) -> str:
    """The text of a .ps1, which Windows PowerShell takes for UTF-8 only with its mark."""
    assert raw[:3] == b"\xef\xbb\xbf"
    text = raw[3:].decode("utf-8")
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n", "\n")


def read_firewall_rules(raw: bytes) -> list[dict[str, str | list[str]]]:
    """The hash tables given to Add-Rule; the rest of the script must be the same for every host."""
    rules = []
    for line in read_script(raw).split("\n"):
        tokens = powershell_tokens(line.strip())
        if tokens[:1] != ["Add-Rule"]:
            continue
        assert tokens[1:3] == ["@", "{"] and tokens[-1] == "}"
        rule: dict[str, str | list[str]] = {}
        for member in _split(tokens[3:-1], ";"):
            name, sign, *value = member
            assert sign == "="
            if value[:2] == ["@", "("]:
                rule[name] = [word[1:] for word in value[2:-1] if word != ","]
            else:
                (only,) = value
                assert only.startswith("'")
                rule[name] = only[1:]
        rules.append(rule)
    return rules


def _split(tokens: list[str], sign: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == sign:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def read_commands(raw: bytes) -> list[str]:
    """The commands of a .cmd file; a comment must hold nothing that cmd looks at even there."""
    text = raw.decode("ascii")
    assert "\n" not in text.replace("\r\n", "")
    commands = []
    for line in text.split("\r\n"):
        if line.startswith("rem "):
            assert not set(line) & set('%^&|<>"!'), line
        elif line:
            assert len(line) < 8191
            commands.append(line)
    return commands
