"""Installations of any size: sites of one shape, each linked to the first."""

from __future__ import annotations

from pathlib import Path

SITE = """\
  s{n}:
    machines:
      s{n}-server: {{addresses: [{net}.0.10], roles: [SwyxServer, PhoneManager, ITSPManager]}}
      s{n}-gate: {{addresses: [{net}.0.11], roles: [SwyxGate, ConferenceManager]}}
      s{n}-fax: {{addresses: [{net}.0.12], roles: [SwyxFaxServer]}}
      s{n}-link: {{addresses: [{net}.0.13], roles: [LinkManager]}}
    networks:
      s{n}-office: {{cidrs: [{net}.1.0/24], roles: [SwyxIt]}}
      s{n}-phones: {{cidrs: [{net}.2.0/24], roles: [SwyxPhoneL100, SwyxPhoneL400, SwyxPhoneL420]}}
"""
LINK = "  l{n}: {{sites: [s{near}, s{n}], link_manager: s{n}-link}}\n"
HEAD = 'swyxware: "6.01"\ndecisions: {dcom: restricted, h245: 41000-41099}\nsites:\n'


def write_estate(folder: Path, sites: int) -> Path:
    """A file with so many sites; every site is linked to the one before, by a LinkManager of its own."""
    text = HEAD + "".join(SITE.format(n=n, net=f"{10 + n // 250}.{n % 250}") for n in range(sites))
    if sites > 1:
        text += "links:\n" + "".join(LINK.format(n=n, near=n - 1) for n in range(1, sites))
    path = folder / f"{sites}.yaml"
    path.write_text(text, encoding="utf-8")
    return path
