"""Installations of any size, written as files."""

from __future__ import annotations

import random
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


def write_mixed(folder: Path, sites: int) -> Path:
    """Sites that all differ: role sets, machines of several roles, own ranges, fax transports, IPv6.

    Every hub has two to nine links, a quarter of them chained.
    """
    dice = random.Random(1)
    text, links, number = HEAD, "", 0
    while number < sites:
        hub, branches = number, min(dice.randint(2, 9), sites - number - 1)
        text += _mixed_site(hub, dice, serves_links=True)
        for number in range(hub + 1, hub + branches + 1):
            chained = dice.random() < 0.25
            text += _mixed_site(number, dice, serves_links=chained)
            both = (
                f"mode: chained, link_managers: {{s{hub}: s{hub}-link, s{number}: s{number}-link}}"
            )
            served = both if chained else f"link_manager: s{hub}-link"
            links += f"  l{number}: {{sites: [s{hub}, s{number}], {served}}}\n"
        number = hub + branches + 1
    return _write(folder / f"mixed-{sites}.yaml", f"{text}links:\n{links}" if links else text)


MANAGERS = ("PhoneManager", "ITSPManager", "ConferenceManager", "SwyxGate", "SwyxFaxServer")
PHONES = ("SwyxPhoneL400", "SwyxPhoneL420", "SwyxPhoneL420e", "SwyxPhoneL440")


def _mixed_site(number: int, dice: random.Random, serves_links: bool) -> str:
    name, net = f"s{number}", f"10.{number // 256}.{number % 256}"
    machines = {"server": ["SwyxServer"]}
    for role in dice.sample(MANAGERS, dice.randint(1, 5)):
        place = dice.choice([*machines, f"m{len(machines)}"])
        machines.setdefault("fax" if role == "SwyxFaxServer" else place, []).append(role)
    if serves_links:
        machines["link"] = ["LinkManager"]
    roles = {role for own in machines.values() for role in own}
    phones = ["SwyxIt", *(["SwyxPhoneL100"] if "ITSPManager" in roles else [])]
    if "PhoneManager" in roles:
        phones += dice.sample(PHONES, dice.randint(1, 3))
    text = f"  {name}:\n"
    if dice.random() < 0.5:
        text += f"    decisions: {{fax_transport: {dice.choice(['tcp', 'both', 'udp'])}}}\n"
    if dice.random() < 0.4:
        text += f"    ports: {{SwyxIt: {{media: {_range(dice, 50000)}}}}}\n"
    text += "    machines:\n"
    for last, (machine, own) in enumerate(machines.items(), start=10):
        more = f", 'fd00:{number:x}::{last}'" if number % 5 == 0 else ""
        text += (
            f"      {name}-{machine}: {{addresses: [{net}.{last}{more}], roles: [{', '.join(own)}]"
        )
        if "SwyxGate" in own and dice.random() < 0.5:
            text += f", ports: {{SwyxGate: {{media: {_range(dice, 51500)}}}}}"
        text += "}\n"
    text += "    networks:\n"
    split = dice.randint(1, len(phones))
    for block, some in enumerate(filter(None, (phones[:split], phones[split:]))):
        more = f", 'fd00:{number:x}:{block + 1}::/64'" if number % 5 == 0 else ""
        cidrs = f"{net}.{128 + 64 * block}/26{more}"
        text += f"      {name}-n{block}: {{cidrs: [{cidrs}], roles: [{', '.join(some)}]}}\n"
    return text


def _range(dice: random.Random, begin: int) -> str:
    first = begin + 2 * dice.randint(0, 100)
    return f"{first}-{first + 99 + 2 * dice.randint(0, 50)}"


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
