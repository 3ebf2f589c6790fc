"""Installations of any size, written as files."""

from __future__ import annotations

from pathlib import Path

HEAD = 'swyxware: "6.01"\ndecisions: {dcom: restricted, h245: 41000-41099}\nsites:\n'
# Ten thousand of them must stay below the 5 MB that a file may have.
SITE = """\
  s{n}:
    machines:
      s{n}-server: {{addresses: [{net}.10], roles: [SwyxServer, PhoneManager, ITSPManager]}}
      s{n}-gate: {{addresses: [{net}.11], roles: [SwyxGate, ConferenceManager]}}
      s{n}-fax: {{addresses: [{net}.12], roles: [SwyxFaxServer]}}
      s{n}-link: {{addresses: [{net}.13], roles: [LinkManager]}}
    networks:
      s{n}-lan: {{cidrs: [{net}.128/25], roles: [SwyxIt, SwyxPhoneL420]}}
"""
LINK = "  l{n}: {{sites: [s{near}, s{n}], link_manager: s{n}-link}}\n"

HUB = """\
  {hub}:
    machines:
      {hub}-server: {{addresses: [{net}.0.10], roles: [SwyxServer]}}
      {hub}-gate: {{addresses: [{net}.0.11], roles: [SwyxGate]}}
      {hub}-link: {{addresses: [{net}.0.12], roles: [LinkManager]}}
    networks:
      {hub}-lan: {{cidrs: [{net}.1.0/24], roles: [SwyxIt]}}
"""
BRANCH = """\
  {hub}{n}:
    {summary}
    machines:
      {hub}{n}-server: {{addresses: [{net}.10], roles: [SwyxServer]}}
    networks:
      {hub}{n}-lan: {{cidrs: [{net}.128/25], roles: [SwyxIt]}}
"""


def write_estate(folder: Path, sites: int) -> Path:
    """Sites of one shape; every site is linked to the one before, by a LinkManager of its own."""
    text = HEAD + "".join(
        SITE.format(n=n, net=f"{10 + n // 65536}.{n // 256 % 256}.{n % 256}") for n in range(sites)
    )
    if sites > 1:
        text += "links:\n" + "".join(LINK.format(n=n, near=n - 1) for n in range(1, sites))
    return _write(folder / f"{sites}.yaml", text)


def write_hubs(folder: Path, hubs: dict[str, bool], branches: int) -> Path:
    """Hubs whose LinkManager serves many branches; True: each branch stands as one summary."""
    text, links = HEAD, "links:\n"
    for block, (hub, summarised) in enumerate(hubs.items()):
        first = 20 + 2 * block
        text += HUB.format(hub=hub, net=f"{first}.0")
        for n in range(branches):
            net = f"{first + 1}.{n // 256}.{n % 256}"
            summary = f"summary: [{net}.0/24]" if summarised else "flows: {}"
            text += BRANCH.format(hub=hub, n=n, net=net, summary=summary)
            links += f"  {hub}-{n}: {{sites: [{hub}, {hub}{n}], link_manager: {hub}-link}}\n"
    return _write(folder / f"hubs-{branches}.yaml", text + links)


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
