"""`swyx diff`: what an edit changes, for people and as JSON, and what a cloud is told."""

from __future__ import annotations

from pathlib import Path

from tests.cli.hostile import NASTY, write_hostile
from tests.cli.running import SMALL, swyx, write_file

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
        "sites.bochum.decisions.dcom server 40000-40199, client 40000-40199 -> "
        "server 40000-40149, client 40000-40149",
        "",
        "0 kinds of packets now pass",
        "",
        "2 kinds of packets pass no more",
        "bo-office to bo-server tcp 40150-40199 by the rules at bo-server",
        "bo-server to bo-office tcp 40150-40199 by the rules at bo-server",
        "",
        "bochum: 2 rules changed",
        "before swyxserver in tcp 40000-40199 from 10.2.20.0/24 [C1 L72 L115] flows C1; since "
        "sites.bochum.decisions.dcom",
        "after swyxserver in tcp 40000-40149 from 10.2.20.0/24 [C1 L72 L115]",
        "before swyxserver out tcp 40000-40199 to 10.2.20.0/24 [C2 L72 L117] flows C2; since "
        "sites.bochum.decisions.dcom",
        "after swyxserver out tcp 40000-40149 to 10.2.20.0/24 [C2 L72 L117]",
    ]


def test_on_aws_rules_come_and_go_by_the_names_that_pulumi_shows(tmp_path: Path) -> None:
    document = swyx("diff", *two(tmp_path), "--cloud", "bochum=aws", "--json").json()
    assert document["equal"] is False
    cloud = document["clouds"]["bochum"]
    assert [(r["action"], r["kind"], r["name"]) for r in cloud["resources"]] == [
        ("create", "rule", "bochum-swyxserver-in-tcp-40000-40149-10.2.20.0_24"),
        ("delete", "rule", "bochum-swyxserver-in-tcp-40000-40199-10.2.20.0_24"),
        ("create", "rule", "bochum-swyxserver-out-tcp-40000-40149-10.2.20.0_24"),
        ("delete", "rule", "bochum-swyxserver-out-tcp-40000-40199-10.2.20.0_24"),
    ]
    assert (
        "adds new rules and attachments before it removes old ones" in cloud["messages"][0]["text"]
    )


def test_on_azure_a_group_is_one_update_with_its_rules_as_details(tmp_path: Path) -> None:
    document = swyx("diff", *two(tmp_path), "--cloud", "azure", "--json").json()
    assert list(document["clouds"]) == ["bochum"]
    (group,) = document["clouds"]["bochum"]["resources"]
    assert (group["action"], group["name"]) == ("update", "bochum-swyxserver-nsg")
    assert group["details"] == [
        "rule in-tcp-135_40000-40149-ipv4: create",
        "rule in-tcp-135_40000-40199-ipv4: delete",
        "rule out-tcp-135_40000-40149-ipv4: create",
        "rule out-tcp-135_40000-40199-ipv4: delete",
    ]


def test_a_machine_with_new_roles_changes_its_group_attachment_and_identity(tmp_path: Path) -> None:
    new = SMALL.replace("roles: [SwyxGate]", "roles: [SwyxGate, ConferenceManager]")
    files = two(tmp_path, new)
    aws = swyx("diff", *files, "--cloud", "aachen=aws", "--json").json()["clouds"]["aachen"]
    found = {(r["action"], r["kind"], r["name"]) for r in aws["resources"] if r["kind"] != "rule"}
    assert found == {
        ("create", "security group", "aachen-swyxgate-conferencemanager-sg"),
        ("delete", "security group", "aachen-swyxgate-sg"),
        ("create", "attachment", "aachen-swyxgate-conferencemanager-*"),
        ("delete", "attachment", "aachen-swyxgate-*"),
    }
    assert any("deleted last" in message["text"] for message in aws["messages"])
    azure = swyx("diff", *files, "--cloud", "aachen=azure", "--json").json()["clouds"]["aachen"]
    touched = {(r["action"], r["name"]) for r in azure["resources"]}
    assert ("create", "aachen-conferencemanager-asg") in touched
    assert ("update", "aachen-ac-gates-nic") in touched
    assert not [name for _, name in touched if name == "aachen-swyxgate-asg"]


def test_a_machine_whose_identity_is_renamed_by_another_has_its_interface_updated(
    tmp_path: Path,
) -> None:
    """The new gate comes first by name, so it takes the short name of the role's ASG."""
    both = SMALL.replace("roles: [SwyxGate]", "roles: [SwyxGate, ConferenceManager]")
    gate = "aa-gate: {addresses: [10.1.0.13], roles: [SwyxGate], ports: {SwyxGate: {h225: 2005}}}"
    files = (
        write_file(tmp_path, both, "old.yaml"),
        write_file(
            tmp_path, both.replace("ac-server: {", f"{gate}\n      ac-server: {{", 1), "new.yaml"
        ),
    )
    found = swyx("diff", *files, "--cloud", "aachen=azure", "--json").json()["clouds"]["aachen"]
    touched = {(r["action"], r["name"]) for r in found["resources"]}
    assert ("create", "aachen-swyxgate.ac-gates-asg") in touched
    assert ("update", "aachen-ac-gates-nic") in touched


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
    assert f"{new}: sites.aachen.machines.ac-gates.roles[0]" in outcome.err


def test_hostile_text_reaches_the_terminal_as_text(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    old, new = write_hostile(tmp_path / "one"), write_hostile(tmp_path / "two", "other" + NASTY)
    for words in ((), ("--json",), ("--cloud", "aws")):
        outcome = swyx("diff", old, new, *words)
        assert outcome.code == 0
        assert not set("\x1b\x07\u202e\u2028\x85") & set(outcome.out + outcome.err)
    assert "-> other" in swyx("diff", old, new).out


PHONE = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: tunnelled}
sites:
  bochum:
    control_path: {SwyxPhoneL400: h323, SwyxPhoneL440: h323}
    machines:
      bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}
      bo-phone: {addresses: [10.2.0.20], roles: [SwyxPhoneL400]}
"""


def test_interfaces_that_an_update_on_azure_holds_are_said_and_need_no_way_around(
    tmp_path: Path,
) -> None:
    """The phone leaves one application security group and joins another, its ports stay the same."""
    files = (
        write_file(tmp_path, PHONE, "old.yaml"),
        write_file(
            tmp_path, PHONE.replace("roles: [SwyxPhoneL400]", "roles: [SwyxPhoneL440]"), "new.yaml"
        ),
    )
    told = swyx("diff", *files, "--cloud", "bochum=azure", "--json").json()["clouds"]["bochum"]
    (held,) = (each for each in told["messages"] if each["id"] == "update-holds")
    assert (held["severity"], held["place"]) == ("note", "sites.bochum")
    assert "disagree at bo-server, about" in held["text"]
    assert "keeps these interfaces in what both plans give them" in held["text"]
    assert {each["severity"] for each in told["messages"]} == {"note"}
    assert "replaces" not in held["text"]
    out = swyx("diff", *files, "--cloud", "bochum=azure").out
    assert "so nothing is cut" in out and "warning: " not in out
    aws = swyx("diff", *files, "--cloud", "bochum=aws", "--json").json()["clouds"]["bochum"]
    assert [each["severity"] for each in aws["messages"]] == ["note", "note"]
