"""`swyx hosts`: what the machines must be set to, shown and written, and what it never writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.tools.command import SMALL, Outcome, swyx, write_file
from tests.tools.hostile import NASTY, UNPRINTABLE, write_hostile
from tests.tools.windows_readers import (
    powershell_tokens,
    read_commands,
    read_firewall_rules,
    read_reg,
    read_script,
)

EXAMPLE = Path(__file__).parents[2] / "stacks/installation.yaml"
RPC = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Rpc\\Internet"


def written(folder: Path, file: Path = EXAMPLE, *words: str) -> tuple[Path, Outcome]:
    out = folder / "out"
    return out, swyx("hosts", file, "--output", out, *words)


def test_a_server_with_managers_gets_exactly_these_files(tmp_path: Path) -> None:
    out, outcome = written(tmp_path)
    assert outcome.code == 0
    names = sorted(path.name for path in (out / "aachen/ac-server").iterdir())
    assert names == [
        "dcom.ps1",
        "dcom.reg",
        "firewall-2003.cmd",
        "firewall.ps1",
        "reserve-ports-2003.cmd",
        "reserve-ports.cmd",
    ]
    assert sorted(path.name for path in (out / "aachen/ac-link").iterdir()) == [
        "by-hand.txt",
        "firewall-2003.cmd",
        "firewall.ps1",
        "reserve-ports.cmd",
    ]
    assert not (out / "aachen/ac-phones").exists()


def test_the_dcom_range_reads_back_from_the_registry_file(tmp_path: Path) -> None:
    out, _ = written(tmp_path)
    wanted = {"Ports": ["40000-40199"], "PortsInternetAvailable": "Y", "UseInternetPorts": "Y"}
    for host in ("ac-server", "ac-gate", "ac-office"):
        assert read_reg((out / f"aachen/{host}/dcom.reg").read_bytes()) == {RPC: wanted}


def test_powershell_sets_the_same_range(tmp_path: Path) -> None:
    out, _ = written(tmp_path)
    tokens = powershell_tokens(read_script((out / "aachen/ac-server/dcom.ps1").read_bytes()))
    assert "'HKLM:\\SOFTWARE\\Microsoft\\Rpc\\Internet" in tokens
    assert [t for t in tokens if t.startswith("'4")] == ["'40000-40199"]


def test_clients_get_the_client_range_and_servers_the_server_range(tmp_path: Path) -> None:
    text = SMALL.replace("dcom: restricted", "dcom: {server: 42000-42099, client: 43000-43099}")
    out, _ = written(tmp_path, write_file(tmp_path, text))
    for host, ports in (("ac-server", "42000-42099"), ("ac-office", "43000-43099")):
        values = read_reg((out / f"aachen/{host}/dcom.reg").read_bytes())[RPC]
        assert values["Ports"] == [ports]


@pytest.mark.parametrize(
    "ranges",
    [
        "135",
        "100-200",
        "{server: 135, client: 43000-43099}",
        "{server: 42000-42099, client: 36-135}",
    ],
)
def test_no_file_gives_dcom_the_port_of_the_endpoint_mapper(ranges: str, tmp_path: Path) -> None:
    """135 is the mapper's own: a host whose DCOM range held it could not be asked for a port any more."""
    text = SMALL.replace("dcom: restricted", f"dcom: {ranges}")
    out, outcome = written(tmp_path, write_file(tmp_path, text))
    assert (outcome.code, outcome.out) == (2, "")
    assert "135 is the port of the RPC endpoint mapper" in outcome.err
    assert not out.exists()


def test_a_dcom_range_next_to_the_port_of_the_endpoint_mapper_is_written(tmp_path: Path) -> None:
    text = SMALL.replace("dcom: restricted", "dcom: 136-299")
    out, _ = written(tmp_path, write_file(tmp_path, text))
    assert read_reg((out / "aachen/ac-server/dcom.reg").read_bytes())[RPC]["Ports"] == ["136-299"]


def test_a_range_too_small_for_windows_itself_is_said(tmp_path: Path) -> None:
    """Microsoft's article 154596 asks for a hundred ports at least."""
    text = SMALL.replace("dcom: restricted", "dcom: {server: 42000-42098, client: 43000-43099}")
    out, _ = written(tmp_path, write_file(tmp_path, text))
    assert "at least 100" in read_script((out / "aachen/ac-server/dcom.ps1").read_bytes())
    assert "at least 100" not in read_script((out / "aachen/ac-office/dcom.ps1").read_bytes())


def test_the_firewall_of_the_link_manager_lets_in_what_the_article_says(tmp_path: Path) -> None:
    """K1 from its own server, K4 from the other, H.245 from both, media with source ports."""
    out, _ = written(tmp_path, write_file(tmp_path))
    rules = read_firewall_rules((out / "aachen/ac-link/firewall.ps1").read_bytes())
    inbound = {
        (r["Protocol"], r["LocalPort"], r.get("RemotePort", "any"), tuple(r["RemoteAddress"]))
        for r in rules
        if r["Direction"] == "Inbound"
    }
    assert inbound == {
        ("TCP", "65000", "any", ("10.1.0.10",)),
        ("TCP", "65001", "any", ("10.2.0.10",)),
        ("TCP", "41000-41099", "any", ("10.1.0.10",)),
        ("TCP", "41000-41099", "any", ("10.2.0.10",)),
        ("UDP", "55000-56000", "50000-50099", ("10.1.20.0/24", "10.2.20.0/24")),
        ("UDP", "55000-56000", "51000-51499", ("10.1.0.10",)),
        ("UDP", "55000-56000", "51000-51499", ("10.2.0.10",)),
        ("UDP", "55000-56000", "51500-51999", ("10.1.0.12",)),
    }
    assert len({rule["Name"] for rule in rules}) == len(rules)
    (k1,) = [rule for rule in rules if rule.get("LocalPort") == "65000"]
    assert k1["DisplayName"] == "SwyxWare in TCP 65000 (K1)"
    assert k1["Description"] == "flows K1, kb2308 L95 L116"


def test_a_client_network_lets_its_own_hosts_in_for_media_and_the_server_for_dcom(
    tmp_path: Path,
) -> None:
    out, _ = written(tmp_path, write_file(tmp_path))
    rules = read_firewall_rules((out / "bochum/bo-office/firewall.ps1").read_bytes())
    inbound = {
        (r["Protocol"], r["LocalPort"], tuple(r["RemoteAddress"]))
        for r in rules
        if r["Direction"] == "Inbound"
    }
    assert inbound == {
        ("TCP", "135", ("10.2.0.10",)),
        ("TCP", "40000-40199", ("10.2.0.10",)),
        ("UDP", "50000-50099", ("10.2.20.0/24",)),
        ("UDP", "50000-50099", ("10.2.0.10",)),
        ("UDP", "50000-50099", ("10.1.0.11",)),
    }


def test_in_the_old_firewall_a_port_stands_once_with_all_of_its_peers(tmp_path: Path) -> None:
    out, _ = written(tmp_path)
    commands = read_commands((out / "aachen/ac-server/firewall-2003.cmd").read_bytes())
    h225 = [c for c in commands if "port=1720 " in c]
    assert h225 == [
        'netsh firewall add portopening protocol=TCP port=1720 name="SwyxWare TCP 1720" mode=ENABLE '
        "scope=CUSTOM addresses=10.1.0.11,10.1.0.12/31 || set failed=1"
    ]
    opened: dict[str, list[range]] = {}
    for command in commands:
        protocol = re.search(r"protocol=(TCP|UDP)", command)
        loop = re.match(r"for /L %%p in \((\d+),1,(\d+)\) do ", command)
        single = re.search(r" port=(\d+) ", command)
        if protocol and (loop or single):
            first, last = loop.groups() if loop else (single[1], single[1])  # type: ignore[index]
            opened.setdefault(protocol[1], []).append(range(int(first), int(last) + 1))
    for ranges in opened.values():
        assert len({port for r in ranges for port in r}) == sum(map(len, ranges))


def test_listening_ports_inside_the_ephemeral_ranges_are_kept_from_other_programs(
    tmp_path: Path,
) -> None:
    out, _ = written(tmp_path)
    new = read_commands((out / "aachen/ac-gate/reserve-ports.cmd").read_bytes())
    assert [c for c in new if c.startswith("netsh")] == [
        f"netsh interface {family} add excludedportrange protocol=udp startport={first} "
        f"numberofports={count} store=persistent || set failed=1"
        for first, count in ((51500, 500), (56000, 1001))
        for family in ("ipv4", "ipv6")
    ]
    old = read_commands((out / "aachen/ac-server/reserve-ports-2003.cmd").read_bytes())
    assert old[-1] == (
        'reg add "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters" /v ReservedPorts '
        '/t REG_MULTI_SZ /s , /d "1718-1720,4060-4061,4102-4102"'
    )


def test_the_gatekeeper_is_named_to_all_who_register(tmp_path: Path) -> None:
    hosts = swyx("hosts", EXAMPLE, "--json").json()["hosts"]
    found = {
        host["name"]: [(g["machine"], g["addresses"], g["port"]) for g in host["gatekeepers"]]
        for host in hosts
        if host["gatekeepers"]
    }
    aachen, bochum = ("ac-server", ["10.1.0.10"], "1719"), ("bo-server", ["10.2.0.10"], "1719")
    assert found == {
        "ac-gate": [aachen],
        "ac-fax": [aachen],
        "ac-link": [aachen, bochum],
        "bo-gate": [bochum],
        "bo-fax": [bochum],
    }
    out, _ = written(tmp_path)
    text = (out / "aachen/ac-gate/by-hand.txt").read_bytes().decode("utf-8-sig")
    assert "- SwyxGate registers at ac-server, 10.1.0.10 (UDP 1719; C9)\r\n" in text


PORTS = """\
swyxware: "6.01"
decisions: {h245: tunnelled, dcom: restricted}
sites:
  aachen:
    machines:
      server: {addresses: [10.0.0.1], roles: [SwyxServer], ports: {SwyxServer: {sip: 5070}}}
      link:
        addresses: [10.0.0.2]
        roles: [LinkManager, ConferenceManager]
        ports: {LinkManager: {media: 55000-55999}, ConferenceManager: {media: 56002-57000}}
      gate: {addresses: [10.0.0.3], roles: [SwyxGate], ports: {SwyxGate: {h225: 2005}}}
      fax: {addresses: [10.0.0.4], roles: [SwyxFaxServer], ports: {SwyxFaxServer: {session: 2100-3000}}}
"""


def test_port_overrides_name_the_articles_values_and_ask_for_the_key(tmp_path: Path) -> None:
    out, _ = written(tmp_path, write_file(tmp_path, PORTS))
    script = read_script((out / "aachen/link/ports-linkmanager.ps1").read_bytes())
    assert re.findall(r"^Set-Port '(\w+)' (\d+)$", script, re.MULTILINE) == [
        ("LowerBoundMediaPortUdp", "55000"),
        ("UpperBoundMediaPortUdp", "55999"),
        ("LowerBoundMediaPortTcp", "55000"),
        ("UpperBoundMediaPortTcp", "55999"),
    ]
    assert "[Parameter(Mandatory)] [string] $Key" in script
    assert "HKEY" not in script and "Swyx\\" not in script  # no key path is invented
    other = read_script((out / "aachen/link/ports-conferencemanager.ps1").read_bytes())
    assert re.findall(r"^Set-Port '(\w+)' (\d+)$", other, re.MULTILINE) == [
        ("LowerBoundMediaPortUdp", "56002"),
        ("UpperBoundMediaPortUdp", "57000"),
    ]
    single = read_script((out / "aachen/server/ports-swyxserver.ps1").read_bytes())
    assert "\nSet-Port 'SIPListenerPort' 5070\n" in single


def test_a_listener_without_a_registry_value_is_said_and_not_scripted(tmp_path: Path) -> None:
    out, _ = written(tmp_path, write_file(tmp_path, PORTS))
    gate = (out / "aachen/gate/by-hand.txt").read_bytes().decode("utf-8-sig")
    assert "h225 of SwyxGate: tcp 2005 instead of 2000" in gate
    assert "set in SwyxWare Administration; the article names no registry value" in gate
    fax = (out / "aachen/fax/by-hand.txt").read_bytes().decode("utf-8-sig")
    assert "session of SwyxFaxServer: tcp+udp 2100-3000 instead of 2000-8000" in fax
    assert "the article names no setting for it" in fax
    assert not list((out / "aachen").glob("*/ports-swyx[gf]*"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    out, outcome = written(folder, write_hostile(folder))
    assert outcome.code == 0, outcome.err
    assert not set("\x1b\x07\u202e\u2028\x85") & set(outcome.out + outcome.err)
    return out


def test_hostile_text_breaks_out_of_no_registry_file(hostile: Path) -> None:
    for path in sorted(hostile.rglob("*.reg")):
        (key,) = read_reg(path.read_bytes())
        assert key == RPC


def test_hostile_text_breaks_out_of_no_script(hostile: Path) -> None:
    """Every line is a comment, or tokens among which the hostile text is one string at most."""
    commands = set()
    for path in sorted(hostile.rglob("*.ps1")):
        for line in read_script(path.read_bytes()).split("\n"):
            tokens = powershell_tokens(line)
            commands.update(word for word in tokens if re.fullmatch(r"[A-Z][a-z]+-[A-Z]\w+", word))
            assert "Remove-Item" not in tokens and "Write-Host" not in tokens
    assert commands == {
        "Add-Rule",
        "Get-Item",
        "Get-NetFirewallRule",
        "New-Item",
        "New-ItemProperty",
        "New-NetFirewallRule",
        "New-Object",
        "Out-Null",
        "Remove-NetFirewallRule",
        "Set-Port",
        "Test-Path",
        "Write-Output",
    }


def test_a_hostile_registry_name_is_one_string(hostile: Path) -> None:
    script = read_script((hostile / "+nul/+aux/ports-linkmanager.ps1").read_bytes())
    (line,) = [line for line in script.split("\n") if "Set-Port 'TcpPortOfRemoteSip" in line]
    cleaned = "".join(c if c.isprintable() else "_" for c in NASTY + UNPRINTABLE)
    assert powershell_tokens(line) == [
        "Set-Port",
        f"'TcpPortOfRemoteSipEndpoint{cleaned}",
        "65010",
    ]


def test_hostile_text_breaks_out_of_no_command_file(hostile: Path) -> None:
    begins = ("@echo off", "setlocal ", "set failed=", "netsh ", "for /L ", "if ", "reg ", "echo ")
    for path in sorted(hostile.rglob("*.cmd")):
        for command in read_commands(path.read_bytes()):
            assert command.startswith((*begins, "exit /b 1", ":write"))
            assert "PATH" not in command and "del x" not in command


def test_names_that_windows_keeps_for_devices_are_no_names_of_folders(hostile: Path) -> None:
    assert (hostile / "+nul/+con/dcom.reg").is_file()
    devices = re.compile(r"(?i)(con|nul|aux|prn|com\d|lpt\d)(\..*)?")
    assert not [p for p in hostile.rglob("*") if devices.fullmatch(p.name)]


def test_the_overview_of_a_hostile_installation_is_safe_for_a_terminal(tmp_path: Path) -> None:
    file = write_hostile(tmp_path)
    outcome = swyx("hosts", file)
    assert outcome.code == 0
    assert not set("\x1b\x07\u202e\u2028\x85") & set(outcome.out + outcome.err)
    assert json.loads(swyx("hosts", file, "--json").out)["version"] == 1


def test_what_others_wrote_or_changed_is_not_overwritten(tmp_path: Path) -> None:
    out, _ = written(tmp_path)
    changed = out / "aachen/ac-server/dcom.reg"
    changed.write_bytes(b"mine")
    (out / "swyx-hosts.json").rename(tmp_path / "list")
    again = swyx("hosts", EXAMPLE, "--output", out)
    assert again.code == 2
    assert f"{changed}: the file was not written by this command" in again.err
    assert changed.read_bytes() == b"mine"
    (tmp_path / "list").rename(out / "swyx-hosts.json")
    assert swyx("hosts", EXAMPLE, "--output", out).code == 2
    assert swyx("hosts", EXAMPLE, "--output", out, "--force").code == 0
    assert RPC in read_reg(changed.read_bytes())


def test_running_it_again_changes_nothing_and_a_lost_machine_loses_its_files(
    tmp_path: Path,
) -> None:
    file = write_file(tmp_path)
    out, _ = written(tmp_path, file)
    again = swyx("hosts", file, "--output", out, "--json").json()
    assert again["written"] == [] and again["removed"] == []
    write_file(tmp_path, SMALL.replace("ac-gates", "ac-other"))
    third = swyx("hosts", file, "--output", out, "--json").json()
    assert "aachen/ac-gates/firewall.ps1" in third["removed"]
    assert not (out / "aachen/ac-gates/firewall.ps1").exists()
    assert (out / "aachen/ac-other/firewall.ps1").exists()


def test_one_machine_leaves_the_files_of_others_alone(tmp_path: Path) -> None:
    out, _ = written(tmp_path)
    outcome = swyx("hosts", EXAMPLE, "--machine", "ac-link", "--output", out, "--json")
    assert {path.split("/")[1] for path in outcome.json()["files"]} == {"ac-link"}
    assert outcome.json()["removed"] == []
    assert (out / "aachen/ac-server/dcom.reg").exists()
    unknown = swyx("hosts", EXAMPLE, "--machine", "ac-lin")
    assert unknown.code == 2 and "machine or network ac-lin" in unknown.err


def test_nothing_is_written_through_a_link_or_removed_outside_the_folder(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / "aachen").symlink_to(elsewhere)
    outcome = swyx("hosts", EXAMPLE, "--output", out, "--force")
    assert outcome.code == 2 and "this is a symbolic link" in outcome.err
    assert not list(elsewhere.iterdir())
    (out / "aachen").unlink()
    (out / "aachen").mkdir()
    victim = tmp_path / "victim.txt"
    victim.write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (out / "swyx-hosts.json").write_text(
        json.dumps({"files": {"aachen/../../victim.txt": empty, "/etc/x.y": empty}})
    )
    assert swyx("hosts", EXAMPLE, "--output", out).code == 0
    assert victim.exists()


def test_the_overview_says_what_stands_in_the_files() -> None:
    lines = [" ".join(line.split()) for line in swyx("hosts", EXAMPLE).out.splitlines()]
    assert "aachen: ac-server (SwyxServer, PhoneManager, ITSPManager)" in lines
    assert "dcom DCOM listens on 40000-40199 (restricted) [C1 C13]" in lines
    assert lines.index("INBOUND SOURCE PORTS FLOWS FROM") < lines.index(
        "tcp 65001 any K4 10.2.0.10"
    )
    wide = "udp 55000-56000 50000-50099 M4a 10.1.20.0/24, 10.2.1.10, 10.2.20.0/24"
    assert wide in lines
    assert "aachen: network ac-phones (phones: not Windows hosts, nothing to configure)" in lines
