"""`swyx diff`: what an edit changes, for people and as JSON, and what a cloud is told."""

from __future__ import annotations

from pathlib import Path

from tests.tools.command import SMALL, swyx, write_file
from tests.tools.hostile import NASTY, write_hostile

EXAMPLE = Path(__file__).parents[2] / "stacks/installation.yaml"
NARROW = SMALL.replace("bochum:\n", "bochum:\n    decisions: {dcom: 40000-40149}\n", 1)


def two(folder: Path, new: str = NARROW) -> tuple[Path, Path]:
    return write_file(folder, SMALL, "old.yaml"), write_file(folder, new, "new.yaml")


def test_the_example_and_itself_do_not_differ() -> None:
    outcome = swyx("diff", EXAMPLE, EXAMPLE, "--exit-code")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "No difference: the same sites, rules and packets.\n"


def test_a_difference_is_the_exit_code_only_where_it_is_asked_for(tmp_path: Path) -> None:
    assert swyx("diff", *two(tmp_path)).code == 0
    assert swyx("diff", *two(tmp_path), "--exit-code").code == 1


def test_text_names_the_edit_the_packets_and_the_rules(tmp_path: Path) -> None:
    lines = [" ".join(line.split()) for line in swyx("diff", *two(tmp_path)).out.splitlines()]
    assert lines == [
        "1 edit",
        "sites.bochum.decisions.dcom 40000-40199 -> 40000-40149",
        "",
        "1 stack to update",
        "bochum update 2 rules",
        "at bochum removed with its update: 2 flows (C1 C2)",
        "",
        "0 flows newly allowed",
        "",
        "2 flows no longer allowed",
        "bo-office to bo-server tcp 40150-40199, by the rules at bo-server",
        "bo-server to bo-office tcp 40150-40199, by the rules at bo-server",
        "",
        "bochum: 2 rules changed",
        "before bo-server in tcp 40000-40199 from 10.2.20.0/24 [C1 L72 L115], flows",
        "C1; since sites.bochum.decisions.dcom",
        "after bo-server in tcp 40000-40149 from 10.2.20.0/24 [C1 L72 L115]",
        "before bo-server out tcp 40000-40199 to 10.2.20.0/24 [C2 L72 L117], flows",
        "C2; since sites.bochum.decisions.dcom",
        "after bo-server out tcp 40000-40149 to 10.2.20.0/24 [C2 L72 L117]",
    ]


def test_a_site_that_comes_or_goes_is_added_or_removed(tmp_path: Path) -> None:
    old, new = two(tmp_path, ESSEN)
    for files, said in ((old, new), "added"), ((new, old), "removed"):
        rows = [line.split() for line in swyx("diff", *files).out.splitlines()]
        assert ["sites.essen", f"{said}:", "egress", "closed"] in rows


def test_each_group_has_its_own_line(tmp_path: Path) -> None:
    server = "bo-server: {addresses: [10.2.0.10], roles: ["
    assert server in SMALL
    new = SMALL.replace(server, f"{server}SwyxGate, ")
    gate = "bo-gate: {addresses: [10.2.0.9], roles: [SwyxGate]}"
    new = new.replace(server, f"{gate}\n      {server}")
    out = swyx("diff", *two(tmp_path, new)).out
    assert out[out.index("bochum: ") :].splitlines()[1:3] == [
        "  group swyxgate: added (bo-gate)",
        "  group swyxserver -> swyxserver-swyxgate: bo-server",
    ]


def test_on_aws_rules_come_and_go_by_the_names_that_pulumi_shows(tmp_path: Path) -> None:
    document = swyx("diff", *two(tmp_path), "--cloud", "bochum=aws", "--json").json()
    assert document["equal"] is False
    cloud = document["clouds"]["bochum"]
    assert [(r["action"], r["kind"], r["name"]) for r in cloud["resources"]] == [
        ("create", "rule", "bochum.swyxserver-in-tcp-40000-40149-10.2.20.0_24"),
        ("delete", "rule", "bochum.swyxserver-in-tcp-40000-40199-10.2.20.0_24"),
        ("create", "rule", "bochum.swyxserver-out-tcp-40000-40149-10.2.20.0_24"),
        ("delete", "rule", "bochum.swyxserver-out-tcp-40000-40199-10.2.20.0_24"),
    ]
    assert (
        "adds new rules and attachments before it removes old ones" in cloud["messages"][0]["text"]
    )


def test_on_azure_a_group_is_one_update_with_its_rules_as_details(tmp_path: Path) -> None:
    document = swyx("diff", *two(tmp_path), "--cloud", "azure", "--json").json()
    assert list(document["clouds"]) == ["bochum"]
    (group,) = document["clouds"]["bochum"]["resources"]
    assert (group["action"], group["name"]) == ("update", "bochum.bo-server-nsg")
    assert group["details"] == [
        "rule in-tcp-135_40000-40149-ipv4: create",
        "rule in-tcp-135_40000-40199-ipv4: delete",
        "rule out-tcp-135_40000-40149-ipv4: create",
        "rule out-tcp-135_40000-40199-ipv4: delete",
    ]


def test_new_roles_are_another_group_on_aws_and_other_rules_of_the_same_one_on_azure(
    tmp_path: Path,
) -> None:
    new = SMALL.replace("roles: [SwyxGate]", "roles: [SwyxGate, ConferenceManager]")
    files = two(tmp_path, new)
    aws = swyx("diff", *files, "--cloud", "aachen=aws", "--json").json()["clouds"]["aachen"]
    found = {(r["action"], r["kind"], r["name"]) for r in aws["resources"] if r["kind"] != "rule"}
    assert found == {
        ("create", "security group", "aachen.swyxgate-conferencemanager-sg"),
        ("delete", "security group", "aachen.swyxgate-sg"),
        ("create", "attachment", "aachen.swyxgate-conferencemanager-*"),
        ("delete", "attachment", "aachen.swyxgate-*"),
    }
    assert any("deleted last" in message["text"] for message in aws["messages"])
    azure = swyx("diff", *files, "--cloud", "aachen=azure", "--json").json()["clouds"]["aachen"]
    touched = {(r["action"], r["name"]) for r in azure["resources"]}
    assert ("update", "aachen.ac-gates-nsg") in touched
    assert {action for action, _ in touched} == {"update"}
    assert not [name for _, name in touched if not name.endswith("-nsg")]


def test_another_quota_may_spread_rules_otherwise(tmp_path: Path) -> None:
    old = write_file(tmp_path, f"{SMALL}quotas: {{aws: {{rules_per_group: 6}}}}\n", "old.yaml")
    new = write_file(tmp_path, SMALL, "new.yaml")
    clouds = swyx("diff", old, new, "--cloud", "aachen=aws", "--json").json()["clouds"]
    actions = {(r["action"], r["kind"]) for r in clouds["aachen"]["resources"]}
    assert ("delete", "security group") in actions and ("create", "rule") in actions
    assert swyx("diff", old, new, "--cloud", "azure", "--json").json()["clouds"] == {}


def test_one_site_of_several(tmp_path: Path) -> None:
    document = swyx("diff", *two(tmp_path), "--site", "aachen", "--json").json()
    assert document["sites"] == {} and document["packets"] == [] and document["edits"] == []


def test_a_site_that_only_one_of_the_files_has_can_be_named(tmp_path: Path) -> None:
    new = SMALL.partition("  bochum:")[0]
    outcome = swyx(
        "diff", *two(tmp_path, new), "--site", "bochum", "--cloud", "bochum=aws", "--json"
    )
    assert outcome.code == 0
    assert outcome.json()["sites"]["bochum"]["after"] is False
    assert {r["action"] for r in outcome.json()["clouds"]["bochum"]["resources"]} == {"delete"}


def test_an_error_in_either_file_is_a_sentence_with_the_file(tmp_path: Path) -> None:
    old, new = two(tmp_path, SMALL.replace("SwyxGate", "SwyxGat"))
    outcome = swyx("diff", old, new)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{new}:8:64: sites.aachen.machines.ac-gates.roles[0]" in outcome.err


def test_hostile_text_reaches_the_terminal_as_text(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    old, new = write_hostile(tmp_path / "one"), write_hostile(tmp_path / "two", "other" + NASTY)
    for words in ((), ("--json",), ("--cloud", "aws")):
        outcome = swyx("diff", old, new, *words)
        assert outcome.code == 0
        assert not set("\x1b\x07\u202e\u2028\x85") & set(outcome.out + outcome.err)
    assert "-> other" in swyx("diff", old, new).out


ESSEN = SMALL.replace(
    "links:\n",
    """\
  essen:
    machines:
      es-server: {addresses: [10.3.0.10], roles: [SwyxServer]}
links:
  aachen-essen: {sites: [aachen, essen], link_manager: ac-link}
""",
)


def stacks_of(text: str) -> list[str]:
    """The lines about stacks, their columns closed up."""
    return [
        " ".join(line.split())
        for line in text.partition("to update\n")[2].partition("\n\n")[0].splitlines()
    ]


def test_it_says_which_stacks_an_edit_touches_and_what_works_from_when(tmp_path: Path) -> None:
    files = two(tmp_path, ESSEN)
    out = swyx("diff", *files, "--cloud", "essen=aws").out
    assert "2 stacks to update\n" in out
    assert stacks_of(out) == [
        "aachen update 7 rules",
        "essen on aws create 1 group, 7 rules, 9 resources",
        "between aachen and essen new once both are updated: 5 flows (K3 K4 K5 K6",
        "M4b)",
    ]
    document = swyx("diff", *files, "--cloud", "essen=aws", "--json").json()
    assert document["stacks"] == [
        {"site": "aachen", "work": "update", "groups": 0, "rules": 7},
        {
            "site": "essen",
            "cloud": "aws",
            "work": "create",
            "groups": 1,
            "rules": 7,
            "resources": 9,
        },
    ]
    assert document["effects"] == [
        {
            "sites": ["aachen", "essen"],
            "opened": 5,
            "closed": 0,
            "begins": ["K3", "K4", "K5", "K6", "M4b"],
            "ends": [],
        }
    ]


def test_what_is_removed_between_two_sites_stops_with_the_first_update(tmp_path: Path) -> None:
    old, new = write_file(tmp_path, ESSEN, "old.yaml"), write_file(tmp_path, SMALL, "new.yaml")
    outcome = swyx("diff", old, new, "--cloud", "aws")
    assert stacks_of(outcome.out) == [
        "aachen on aws update 7 rules, 7 resources",
        "essen on aws destroy 1 group, 7 rules, 9 resources",
        "between aachen and essen removed as soon as one is updated: 5 flows (K3 K4",
        "K5 K6 M4b)",
    ]
    assert "sites.essen: its machines lose the security groups of this site" in outcome.out


def test_a_stack_none_of_whose_resources_changes_is_not_named(tmp_path: Path) -> None:
    """On AWS a machine's name stands nowhere."""
    files = two(tmp_path, SMALL.replace("ac-gates:", "ac-gate:"))
    assert "0 stacks to update" in swyx("diff", *files, "--cloud", "aws").out
    assert stacks_of(swyx("diff", *files).out) == ["aachen update 1 group, 0 rules"]


def test_for_one_site_of_several_nothing_is_said_about_the_other_ends(tmp_path: Path) -> None:
    document = swyx("diff", *two(tmp_path, ESSEN), "--site", "aachen", "--json").json()
    assert [stack["site"] for stack in document["stacks"]] == ["aachen"]
    assert document["effects"] == []


def test_the_peak_of_an_update_is_refused_though_both_plans_fit(tmp_path: Path) -> None:
    """Bochum's server has 7 rules in before and 7 others after: 14 at once where 8 are allowed."""
    quota = "quotas: {aws: {rules_per_group: 8}}\n"
    old = f"{SMALL}{quota}"
    new = old.replace("10.2.20.0/24", "10.2.30.0/24").replace("10.1.0.11]", "10.1.0.14]")
    files = write_file(tmp_path, old, "old.yaml"), write_file(tmp_path, new, "new.yaml")
    for file in files:
        assert swyx("plan", file, "--cloud", "bochum=aws").code == 0
    outcome = swyx("diff", *files, "--cloud", "bochum=aws")
    assert (outcome.code, outcome.out) == (2, "")
    assert (
        "new.yaml:13:3: sites.bochum.groups.swyxserver: 14 inbound IPv4 rules where AWS allows 8"
        in outcome.err
    )


def test_what_is_refused_is_told_for_every_site_at_once(tmp_path: Path) -> None:
    quota = "quotas: {aws: {rules_per_group: 1}}\n"
    outcome = swyx("diff", *two(tmp_path, f"{NARROW}{quota}"), "--cloud", "aws")
    assert (outcome.code, outcome.out) == (2, "")
    assert "sites.aachen.groups.linkmanager" in outcome.err
    assert "sites.bochum.groups.swyxserver" in outcome.err


def test_swapped_addresses_are_one_story_in_text_in_json_and_on_the_page(tmp_path: Path) -> None:
    swapped = SMALL.replace("0.10]", "0.0]").replace("0.11]", "0.10]").replace("1.0.0]", "1.0.11]")
    old, new = two(tmp_path, swapped.replace("2.0.0]", "2.0.10]"))
    packets = swyx("diff", old, new, "--json").json()["packets"]
    hosts = {p["change"]: set() for p in packets}
    for packet in packets:
        hosts[packet["change"]] |= {packet["source"], packet["destination"]}
    before, after = "ac-server (10.1.0.10)", "ac-server (10.1.0.11)"
    assert before in hosts["closed"] and after not in hosts["closed"]
    assert after in hosts["opened"] and before not in hosts["opened"]
    told = {f"{p['source']} to {p['destination']}" for p in packets}
    text = " ".join(swyx("diff", old, new).out.split())
    assert all(each in text for each in told)
    edits = "sites.aachen.machines.ac-link.addresses, sites.aachen.machines.ac-server.addresses swapped: "
    assert f"{edits}10.1.0.10 and 10.1.0.11" in text
    page = tmp_path / "page.html"
    assert swyx("report", new, "--against", old, "--output", page).code == 0
    shown = page.read_text(encoding="utf-8")
    assert all(each in shown for each in told)
    assert "swapped: 10.1.0.10 and 10.1.0.11" in shown
