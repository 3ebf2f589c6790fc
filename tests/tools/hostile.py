"""An installation with hostile text in every field that takes free text, its own catalogue included."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

# Ends strings, comments and commands of .reg, PowerShell, cmd, HTML and terminals.
NASTY = (
    "'\u2019\u201b; Remove-Item C:\\ #> $(calc) `n %PATH% ^& del x | !x! \"]\u201d=<b onload=x>{0}"
)
UNPRINTABLE = "\r\nWrite-Host pwned\n[HKEY_CLASSES_ROOT]\u2028\u202e\x1b]0;title\x07\x85"

INSTALLATION = """\
swyxware: "6.01"
catalogue: own.yaml
decisions: {dcom: {server: 40000-40099, client: 40100-40199}, h245: 41000-41099, cornet: [4061]}
sites:
  nul:
    machines:
      con:
        addresses: [10.1.0.10, "fd00:1::10"]
        roles: [SwyxServer, PhoneManager]
        ports: {SwyxServer: {media: 52000-52099}}
      aux:
        addresses: [10.1.0.11]
        roles: [LinkManager]
        ports: {LinkManager: {media: 55000-55999, sip: 65010}}
      gate: {addresses: [10.1.0.12], roles: [SwyxGate], ports: {SwyxGate: {h225: 2005}}}
      fax: {addresses: [10.1.0.13], roles: [SwyxFaxServer]}
    networks:
      office: {cidrs: [10.1.20.0/24], roles: [SwyxIt]}
      phones: {cidrs: [10.1.21.0/24], roles: [SwyxPhoneL420, SwyxPhoneL440]}
    control_path: {SwyxPhoneL440: h323}
    extra_rules:
      - {direction: in, to: con, from: [10.9.0.0/24], protocol: tcp, ports: 3389, reason: "REASON"}
      - {direction: out, from: con, to: [10.9.0.5], protocol: icmp, reason: "REASON"}
      - {direction: in, to: con, from: [10.9.0.6, "fd00:9::6"], protocol: udp, ports: 161, reason: "REASON"}
  bochum:
    machines:
      bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}
links:
  one: {sites: [nul, bochum], link_manager: aux}
"""


def write_hostile(folder: Path, reason: str = NASTY) -> Path:
    """The installation, with its catalogue beside it."""
    bundled = files("swyx_components.catalogue").joinpath("v6_01.yaml").read_text(encoding="utf-8")
    rows = yaml.load(bundled, Loader=yaml.CSafeLoader)
    text = NASTY + UNPRINTABLE
    rows["uncovered"] = [text]
    rows["ephemeral"] = {text: "1025-5000"}
    rows["administration_ports"] = {text: "3389"}
    for flow in rows["flows"].values():
        flow["purpose"] = text
    for role in rows["roles"].values():
        for listener in role["listeners"].values():
            _poison(listener, text)
    (folder / "own.yaml").write_text(yaml.safe_dump(rows, sort_keys=False), encoding="utf-8")
    file = folder / "plan'; $(calc) %PATH%.yaml"
    file.write_text(
        INSTALLATION.replace('"REASON"', yaml.safe_dump(reason, width=9999).partition("\n")[0]),
        encoding="utf-8",
    )
    return file


def _poison(listener: dict[str, Any], text: str) -> None:
    listener["purpose"] = text
    if "configurable" in listener:
        listener["configurable"] = text
    if "registry" in listener:
        listener["registry"] = [f"{name}{text}" for name in listener["registry"]]
