"""`swyx rollout`: the steps of a change, for people and as JSON, and what is refused before the first."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.hostile import NASTY, write_hostile
from tests.cli.running import SMALL, Outcome, swyx, write_file
from tests.cli.test_diff import PHONE
from tests.cli.test_hostile import assert_inert

EXAMPLE = Path(__file__).parents[2] / "stacks/installation.yaml"
ESSEN = """\
  essen:
    machines:
      es-server: {addresses: [10.3.0.10], roles: [SwyxServer]}
links:
  aachen-essen: {sites: [aachen, essen], link_manager: ac-link}
"""
THREE = SMALL.replace("links:\n", ESSEN)
NARROW = SMALL.replace("bochum:\n", "bochum:\n    decisions: {dcom: 40000-40149}\n", 1)
OTHER_H245 = SMALL.replace("41000-41099", "42000-42099")
EXCHANGED = PHONE.replace("roles: [SwyxPhoneL400]", "roles: [SwyxPhoneL440]")


def roll(folder: Path, old: str, new: str, *words: str) -> Outcome:
    files = write_file(folder, old, "old.yaml"), write_file(folder, new, "new.yaml")
    return swyx("rollout", *files, *words)


def steps(outcome: Outcome) -> list[tuple[str, str]]:
    return [(step["work"], step["site"]) for step in outcome.json()["steps"]]


def commands(outcome: Outcome) -> list[str]:
    return [command for step in outcome.json()["steps"] for command in step["commands"]]


def test_where_nothing_changes_there_is_nothing_to_do() -> None:
    outcome = swyx("rollout", EXAMPLE, EXAMPLE)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "Nothing to do: no stack changes.\n"
    told = swyx("rollout", EXAMPLE, EXAMPLE, "--json").json()
    assert told == {
        "version": 1,
        "unchanged": ["aachen", "bochum"],
        "steps": [],
        "verify": "",
        "messages": [],
    }


def test_text_has_the_steps_with_their_reasons_and_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(tmp_path, SMALL, "old.yaml")
    write_file(tmp_path, THREE, "new.yaml")
    monkeypatch.chdir(tmp_path)
    outcome = swyx("rollout", "old.yaml", "new.yaml", "--cloud", "aachen=aws", "--cloud", "azure")
    assert (outcome.code, outcome.err) == (0, "")
    assert (
        outcome.out
        == """\
2 stacks to change, in 2 steps.
Without any `pulumi up`: bochum.
What both files allow is never cut by the order of sites: each keeps it at its own end. What is
new between two sites works once both are updated; what is given up ends once one of them is.
Put new.yaml where the stacks look for it (`swyx:installation`). In the project's folder:

1. essen on azure: a new stack
  before aachen: its own rules stand before anybody lets its addresses in
    pulumi stack init essen
    pulumi config set swyx:site essen --stack essen
    pulumi config set swyx:cloud azure --stack essen
    pulumi config set --path swyx:network.resource_group RESOURCE_GROUP --stack essen
    pulumi config set --path swyx:network.virtual_network VIRTUAL_NETWORK --stack essen
    pulumi config set azure-native:location LOCATION --stack essen
    pulumi up --stack essen

2. aachen on aws: one update
  after essen: the rules of a new site stand before its addresses are let in here
    pulumi up --stack aachen
  calls between aachen and essen work from here on
  flows that begin
    aachen to essen  K3 K5 K6 M4b
    essen to aachen  K4 K6 M4b
  passes now
    ac-link to es-server  tcp 1720, 41000-41099; udp 1719; udp 51000-51499 from source ports 55000-56000
    es-server to ac-link  tcp 41000-41099, 65001; udp 55000-56000 from source ports 51000-51499

At the end, once every step is done
    swyx verify new.yaml --site aachen --site essen --cloud aachen=aws --cloud essen=azure
"""
    )


def test_a_removed_site_is_destroyed_last_and_said_what_becomes_of_its_machines(
    tmp_path: Path,
) -> None:
    for cloud, words in (
        ("aws", "EC2 wants every interface to be in one at least"),
        ("azure", "delete their virtual machines first"),
    ):
        outcome = roll(tmp_path, THREE, SMALL, "--cloud", cloud, "--json")
        assert steps(outcome) == [("update", "aachen"), ("destroy", "essen")]
        assert commands(outcome) == [
            "pulumi up --stack aachen",
            "pulumi destroy --stack essen",
            "pulumi stack rm essen",
        ]
        (message,) = outcome.json()["steps"][1]["messages"]
        assert words in message["text"]
        assert outcome.json()["verify"].endswith(f"new.yaml --site aachen --cloud {cloud}")


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_phone_exchanged_for_another_kind_is_one_update(tmp_path: Path, cloud: str) -> None:
    """It leaves one application security group and joins another, which `pulumi up` sees to by itself."""
    outcome = roll(tmp_path, PHONE, EXCHANGED, "--cloud", cloud, "--json")
    assert steps(outcome) == [("update", "bochum")]
    assert commands(outcome) == ["pulumi up --stack bochum"]
    assert outcome.json()["steps"][0]["messages"] == [] == outcome.json()["messages"]


def test_without_a_cloud_it_says_what_depends_on_one(tmp_path: Path) -> None:
    outcome = roll(tmp_path, PHONE, EXCHANGED)
    assert outcome.code == 0
    assert "warning: --cloud: no cloud is named for bochum, so" in outcome.out
    assert "whether a quota refuses, nor which site could keep for a time" in outcome.out
    assert "swyx verify" in outcome.out and "--cloud CLOUD" in outcome.out


def test_what_is_replaced_between_sites_is_bridged_where_a_cloud_can_hold_both(
    tmp_path: Path,
) -> None:
    """H.245 on other ports: Bochum on Azure allows both while Aachen goes over."""
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure", "--json")
    outcome = roll(tmp_path, SMALL, OTHER_H245, *clouds)
    assert steps(outcome) == [("land", "bochum"), ("update", "aachen"), ("finish", "bochum")]
    old = shlex.quote(str(tmp_path / "old.yaml"))
    assert commands(outcome) == [
        f"pulumi config set swyx:replaces {old} --stack bochum",
        "pulumi up --stack bochum",
        "pulumi up --stack aachen",
        "pulumi config rm swyx:replaces --stack bochum",
        "pulumi up --stack bochum",
    ]
    assert outcome.json()["messages"] == []
    (why,) = outcome.json()["steps"][0]["why"]
    assert (why["reason"], why["order"], why["sites"]) == ("keeps-both", "before", ["aachen"])
    between = {("ac-link", "bo-server"), ("bo-server", "ac-link")}
    for which in ("opens", "closes"):
        held = {(p["source"], p["destination"]) for p in outcome.json()["steps"][1][which]}
        assert between <= held


def test_the_site_that_bridges_is_the_one_whose_machines_keep_their_addresses(
    tmp_path: Path,
) -> None:
    new = SMALL.replace("addresses: [10.1.0.11]", "addresses: [10.1.0.21]")
    both = roll(tmp_path, SMALL, new, "--cloud", "azure", "--json")
    assert steps(both) == [("land", "bochum"), ("update", "aachen"), ("finish", "bochum")]
    clouds = ("--cloud", "aachen=azure", "--cloud", "bochum=aws", "--json")
    outcome = roll(tmp_path, SMALL, new, *clouds)
    assert steps(outcome) == [("update", "aachen"), ("update", "bochum")]
    assert [message["id"] for message in outcome.json()["messages"]] == ["rollout-gap"]


def test_a_site_whose_quota_has_no_room_for_both_plans_does_not_bridge(tmp_path: Path) -> None:
    """Bochum's server has 11 rules before and after, and 13 with the ports of both."""
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure", "--json")
    for rules, ids in ((12, ["rollout-gap"]), (13, [])):
        quota = f"quotas: {{azure: {{rules_per_group: {rules}}}}}\n"
        outcome = roll(tmp_path, SMALL, f"{OTHER_H245}{quota}", *clouds)
        assert [message["id"] for message in outcome.json()["messages"]] == ids
        assert (("land", "bochum") in steps(outcome)) == (rules == 13)


def test_where_no_cloud_can_the_time_between_two_steps_is_named(tmp_path: Path) -> None:
    outcome = roll(tmp_path, SMALL, OTHER_H245, "--cloud", "aws", "--json")
    assert steps(outcome) == [("update", "aachen"), ("update", "bochum")]
    (gap,) = outcome.json()["messages"]
    assert gap["id"] == "rollout-gap"
    assert "ends after step 1, such as ac-link to bo-server tcp 41000-41099" in gap["text"]
    assert "works after step 2" in gap["text"]


def test_a_renamed_machine_keeps_its_interface_on_azure_and_needs_nothing_on_aws(
    tmp_path: Path,
) -> None:
    new = SMALL.replace("ac-gates", "ac-tor")
    assert roll(tmp_path, SMALL, new, "--cloud", "aws").out.startswith("Nothing to do")
    outcome = roll(tmp_path, SMALL, new, "--cloud", "azure", "--json")
    assert commands(outcome) == [
        "pulumi config set --path --type string swyx:machines.ac-tor.formerly ac-gates --stack aachen",
        "pulumi up --stack aachen",
    ]
    (step,) = outcome.json()["steps"]
    assert step["opens"] == [] == step["closes"]


def test_an_address_that_two_interfaces_would_have_is_refused_before_the_first_step(
    tmp_path: Path,
) -> None:
    old = SMALL.replace("addresses: [10.2.0.10]", "addresses: [10.2.0.10, 10.2.0.9]")
    fax = "      bo-fax: {addresses: [10.2.0.9], roles: [SwyxFaxServer]}\n      bo-server"
    new = SMALL.replace("      bo-server", fax)
    outcome = roll(tmp_path, old, new, "--cloud", "azure")
    assert (outcome.code, outcome.out) == (2, "")
    assert (
        "sites.bochum.machines.bo-fax.addresses: bo-fax gets 10.2.0.9 of bo-server" in outcome.err
    )
    assert roll(tmp_path, old, new, "--cloud", "aws").code == 0


def test_sites_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    def swapped(aachen: str, bochum: str) -> str:
        gate = "      {0}-hall: {{addresses: [{1}], roles: [SwyxGate]}}\n      {0}-server"
        text = SMALL.replace("      ac-server", gate.format("ac", aachen), 1)
        return text.replace("      bo-server", gate.format("bo", bochum), 1)

    files = swapped("10.8.0.1", "10.8.0.2"), swapped("10.8.0.2", "10.8.0.1")
    outcome = roll(tmp_path, *files, "--cloud", "azure")
    assert (outcome.code, outcome.out) == (2, "")
    assert "sites.aachen, sites.bochum: these sites wait for each other" in outcome.err


def test_every_refused_quota_of_every_site_is_told_and_no_step(tmp_path: Path) -> None:
    quota = "quotas: {aws: {rules_per_group: 4, groups_per_interface: 1}}\n"
    outcome = roll(tmp_path, SMALL, f"{NARROW}{quota}", "--cloud", "aws")
    assert (outcome.code, outcome.out) == (2, "")
    assert "sites.aachen.groups.linkmanager" in outcome.err
    assert "sites.bochum.groups.swyxserver" in outcome.err
    assert roll(tmp_path, SMALL, NARROW, "--cloud", "aws").code == 0


def test_the_peak_of_an_update_is_refused_though_both_plans_fit(tmp_path: Path) -> None:
    """Bochum's server has 7 rules in before and 7 others after: 14 at once where 8 are allowed."""
    quota = "quotas: {aws: {rules_per_group: 8}}\n"
    old = f"{SMALL}{quota}"
    new = old.replace("10.2.20.0/24", "10.2.30.0/24").replace("10.1.0.11]", "10.1.0.14]")
    for text in (old, new):
        assert swyx("plan", write_file(tmp_path, text), "--cloud", "bochum=aws").code == 0
    outcome = roll(tmp_path, old, new, "--cloud", "bochum=aws")
    assert (outcome.code, outcome.out) == (2, "")
    assert (
        "new.yaml: sites.bochum.groups.swyxserver: 14 inbound IPv4 rules where aws allows 8"
        in outcome.err
    )
    assert "(now 7; 7 are made, then 7 taken away)" in outcome.err


def test_a_raised_quota_moves_rules_between_groups_though_no_packet_changes(
    tmp_path: Path,
) -> None:
    tight = f"{SMALL}quotas: {{aws: {{rules_per_group: 6}}}}\n"
    outcome = roll(tmp_path, tight, SMALL, "--cloud", "aws", "--json")
    assert ("update", "aachen") in steps(outcome)
    assert all(step["opens"] == [] == step["closes"] for step in outcome.json()["steps"])
    assert "  no packet changes with it" in roll(tmp_path, tight, SMALL, "--cloud", "aws").out
    assert steps(roll(tmp_path, tight, SMALL, "--cloud", "azure", "--json")) == []


def test_errors_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    wrong = SMALL.replace("SwyxGate", "SwyxGat"), SMALL.replace("LinkManager", "LinkManger")
    outcome = roll(tmp_path, *wrong)
    assert (outcome.code, outcome.out) == (2, "")
    assert "old.yaml: sites.aachen.machines.ac-gates.roles[0]" in outcome.err
    assert "new.yaml: sites.aachen.machines.ac-link.roles[0]" in outcome.err


def test_a_plan_that_can_not_be_made_is_refused_with_all_its_errors(tmp_path: Path) -> None:
    new = SMALL.replace("dcom: restricted, ", "")
    outcome = roll(tmp_path, SMALL, new)
    assert (outcome.code, outcome.out) == (2, "")
    assert "sites.aachen" in outcome.err and "sites.bochum" in outcome.err


def test_a_pipe_can_not_be_what_a_stack_reads_later(tmp_path: Path) -> None:
    new = write_file(tmp_path, OTHER_H245, "new.yaml")
    pipe, end = os.pipe()
    os.write(end, SMALL.encode())
    os.close(end)
    outcome = swyx("rollout", f"/dev/fd/{pipe}", new, "--cloud", "azure")
    os.close(pipe)
    assert (outcome.code, outcome.out) == (2, "")
    assert "this is no file that stays, and the stacks of bochum must read it" in outcome.err


def test_hostile_text_reaches_neither_terminal_nor_shell(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    old, new = write_hostile(tmp_path / "one"), write_hostile(tmp_path / "two", "other" + NASTY)
    changed = new.read_text(encoding="utf-8").replace("10.9.0.5", "10.9.0.7")
    new.write_text(changed, encoding="utf-8")
    for words in ((), ("--cloud", "aws"), ("--cloud", "azure"), ("--cloud", "azure", "--json")):
        outcome = swyx("rollout", old, new, *words)
        assert outcome.code == 0
        assert_inert(outcome)
    verify = swyx("rollout", old, new, "--cloud", "aws", "--json").json()["verify"]
    assert shlex.split(verify) == [
        "swyx", "verify", str(new), "--site", "nul", "--cloud", "aws",
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["--cloud=x=aws", "--cloud=\x1b[2J", "--site"])
def test_a_wrong_word_is_a_sentence(word: str) -> None:
    outcome = swyx("rollout", EXAMPLE, EXAMPLE, word)
    assert (outcome.code, outcome.out) == (2, "")
    assert_inert(outcome)


# ---- the engine takes what is printed


PULUMI = Path(__file__).parents[2] / ".sandbox/bin/pulumi"


@pytest.mark.skipif(not PULUMI.exists(), reason="needs the engine")
def test_the_engine_takes_every_setting(tmp_path: Path) -> None:
    """A new stack's settings, a renamed machine's and `swyx:replaces`, read back from the stack's file."""
    (tmp_path / "state").mkdir()
    project = {"name": "swyx", "runtime": "python", "stackConfigDir": "stacks"}
    (tmp_path / "Pulumi.yaml").write_text(json.dumps(project))
    new = THREE.replace("es-server", "es-1")
    asked = [*commands(roll(tmp_path, SMALL, THREE, "--cloud", "azure", "--json"))]
    asked += commands(roll(tmp_path, THREE, new, "--cloud", "azure", "--json"))
    bochum = commands(roll(tmp_path, SMALL, OTHER_H245, "--cloud", "azure", "--json"))[0]
    asked.append(bochum.replace("bochum", "essen"))
    for command in asked:
        words = shlex.split(command)
        if words[1] != "up" and "aachen" not in words:
            run(tmp_path, words[1:])
    config = yaml.safe_load((tmp_path / "stacks/Pulumi.essen.yaml").read_text())["config"]
    assert config == {
        "swyx:site": "essen",
        "swyx:cloud": "azure",
        "swyx:network": {
            "resource_group": "RESOURCE_GROUP",
            "virtual_network": "VIRTUAL_NETWORK",
        },
        "azure-native:location": "LOCATION",
        "swyx:machines": {"es-1": {"formerly": "es-server"}},
        "swyx:replaces": str(tmp_path / "old.yaml"),
    }


def run(folder: Path, words: list[str]) -> Any:
    """`pulumi` with a state of this test's own."""
    return subprocess.run(
        [PULUMI, "--non-interactive", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "sandbox",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        },
    )
