"""The `swyx` command in this process, and the small installation that its tests vary."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swyx_components.cli.main import run

SMALL = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: 41000-41099, fax_transport: udp, cornet: [4061]}
sites:
  aachen:
    machines:
      ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}
      ac-link: {addresses: [10.1.0.11], roles: [LinkManager]}
      ac-gates: {addresses: [10.1.0.12, "fd00:1::12"], roles: [SwyxGate]}
    networks:
      ac-office: {cidrs: [10.1.20.0/24], roles: [SwyxIt]}
    extra_rules:
      - {direction: in, to: ac-server, from: [10.1.99.0/24], protocol: tcp, ports: 3389, reason: desktop}
  bochum:
    machines:
      bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}
    networks:
      bo-office: {cidrs: [10.2.20.0/24], roles: [SwyxIt]}
links:
  aachen-bochum: {sites: [aachen, bochum], link_manager: ac-link}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def swyx(*words: object, stream: type[io.StringIO] = io.StringIO) -> Outcome:
    """Run the command with these words; both outputs are streams of this type."""
    out, err = stream(), stream()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        run([str(word) for word in words])
    return Outcome(int(end.value.code or 0), out.getvalue(), err.getvalue())


def write_file(folder: Path, text: str = SMALL, name: str = "plan.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
