"""`swyx verify` and `swyx audit` from files: hand-checked exports, what they lack, what is wrong."""

from __future__ import annotations

import copy
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tools.command import Outcome, swyx

UNREAD_ON_AZURE = (
    "  not checked: security admin rules of Azure Virtual Network Manager apply before every network "
    "security group and are not read; `az network manager list-effective-security-admin-rule` shows "
    "those of a virtual network"
)
EXPORTS = Path(__file__).parents[1] / "fixtures/exports"
SMALL = Path(__file__).parents[1] / "analysis/audit/small.yaml"
AWS = ("aws-groups", "aws-interfaces")
AZURE = ("azure-groups", "azure-interfaces")
HOSTILE = "\x1b[2J\u202egnp\n"


def load(name: str) -> Any:
    return json.loads((EXPORTS / f"{name}.json").read_text(encoding="utf-8"))


def save(folder: Path, **documents: Any) -> list[str]:
    """The documents as files, and the options that name them."""
    words = []
    for name, document in documents.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        words += ["--saved", str(path)]
    return words


def saved(*names: str) -> list[str]:
    return [word for name in names for word in ("--saved", str(EXPORTS / f"{name}.json"))]


def verify(*words: str) -> Outcome:
    return swyx("verify", SMALL, *words)


# ---- as planned


def test_saved_groups_and_interfaces_of_aws_as_planned() -> None:
    outcome = verify(*saved(*AWS))
    assert outcome.err == ""
    assert outcome.out == "acme (aws): 1 group, 6 rules; proof: 0 missing, 0 excess\n"
    assert outcome.code == 0


def test_saved_lists_of_azure_as_planned_name_the_group_at_the_subnet_once() -> None:
    outcome = verify(*saved(*AZURE))
    assert outcome.err == ""
    assert outcome.out.splitlines() == [
        "acme (azure): 1 group, 6 rules; proof: 0 missing, 0 excess",
        "  note: also applied to its interfaces, without effect on the proof: network security group wall of "
        "the subnet machines",
        UNREAD_ON_AZURE,
    ]
    assert outcome.code == 0


def test_a_state_with_sealed_secrets_tells_the_site_and_the_rules() -> None:
    outcome = verify("--state", str(EXPORTS / "aws-state.json"))
    assert outcome.out.splitlines() == [
        "acme (aws): 1 group, 6 rules; proof: 0 missing, 0 excess",
        "  not checked: a state has only the stack's own resources, so other groups at the interfaces are "
        "not checked; verify the live cloud or saved interfaces",
    ]
    assert outcome.code == 0


def test_a_state_of_azure_is_read_like_its_lists(tmp_path: Path) -> None:
    kinds = {"NetworkSecurityGroup": "azure-groups", "NetworkInterface": "azure-interfaces"}
    resources = [
        {
            "urn": f"urn:pulumi:acme::swyx::azure-native:network:{kind}::{place}",
            "type": f"azure-native:network/v20240501:{kind}"
            if place
            else f"azure-native:network:{kind}",
            "id": item["id"],
            "outputs": item,
        }
        for kind, name in kinds.items()
        for place, item in enumerate(load(name))
    ]
    site = {
        "urn": "u::acme",
        "type": "swyx:index:SwyxSite",
        "inputs": {"site": "acme", "cloud": "azure"},
    }
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": [site, *resources]}}))
    outcome = verify("--state", str(path))
    assert outcome.out.startswith("acme (azure): 1 group, 6 rules; proof: 0 missing, 0 excess\n")
    assert outcome.code == 0


@pytest.mark.parametrize("inputs", [{}, {"cloud": "aws"}, {"site": "acme"}])
def test_a_state_that_names_no_site_in_a_cloud_is_refused(
    inputs: dict[str, str], tmp_path: Path
) -> None:
    site = {"urn": "u::acme", "type": "swyx:index:SwyxSite", "inputs": inputs}
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": [site]}}))
    outcome = verify("--state", str(path))
    assert outcome.code == 2
    assert "the stack contains no site of this package; export the stack that" in outcome.err


# ---- as somebody changed it


@pytest.mark.parametrize("narrow", ["10.1.0.10", "10.1.0.0/28"])
def test_an_azure_rule_narrowed_to_the_machine_itself_differs_and_no_packet_is_missing(
    narrow: str, tmp_path: Path
) -> None:
    groups = load("azure-groups")
    (rule,) = (r for r in groups[0]["securityRules"] if r["name"].startswith("in-tcp-135"))
    rule |= {"destinationAddressPrefix": None, "destinationAddressPrefixes": [narrow]}
    outcome = verify(*save(tmp_path, groups=groups), *saved("azure-interfaces"))
    assert (outcome.code, outcome.out.splitlines()[:3]) == (
        1,
        [
            "acme (azure): 1 group, 6 rules; proof: 0 missing, 0 excess",
            "  server: differs, planned 1538 in tcp 135, 40000-40199 from 10.1.20.0/24 [C1 L72 L115]",
            "  server:             found in-tcp-135_40000-40199-ipv4 at priority 1538 "
            f"(destination is {narrow} instead of *)",
        ],
    )


def test_an_excess_from_any_source_port_is_one_line_without_them(tmp_path: Path) -> None:
    """The media rule allows UDP from 50000-50099 to other ports, which splits the comparison in three."""
    groups = load("azure-groups")
    (rule,) = (r for r in groups[0]["securityRules"] if r["name"].startswith("in-tcp-135"))
    rule["protocol"] = "*"
    lines = verify(*save(tmp_path, groups=groups), *saved("azure-interfaces")).out.splitlines()
    assert [line for line in lines if "in udp" in line] == [
        "  excess packets: server in udp 135, 40000-40199 from 10.1.20.0-10.1.20.255"
    ]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("destinationAddressPrefix", "10.1.0.99", "destination is 10.1.0.99 instead of *"),
        ("sourceAddressPrefix", "VirtualNetwork", "source VirtualNetwork"),
        ("protocol", "Esp", "protocol esp"),
    ],
)
def test_an_azure_rule_that_no_plan_can_have_is_told_beside_the_planned_one(
    key: str, value: str, words: str, tmp_path: Path
) -> None:
    groups = load("azure-groups")
    (rule,) = (r for r in groups[0]["securityRules"] if r["name"].startswith("in-tcp-135"))
    rule[key] = value
    documents = save(tmp_path, groups=groups)
    outcome = verify(*documents, *saved("azure-interfaces"))
    assert outcome.code == 1
    assert outcome.out.splitlines()[:4] == [
        "acme (azure): 1 group, 6 rules; proof: 1 missing, 0 excess",
        "  server: differs, planned 1538 in tcp 135, 40000-40199 from 10.1.20.0/24 [C1 L72 L115]",
        f"  server:             found in-tcp-135_40000-40199-ipv4 at priority 1538 ({words})",
        "  missing packets: server in tcp 135, 40000-40199 from 10.1.20.0-10.1.20.255",
    ]
    (site,) = verify(*documents, *saved("azure-interfaces"), "--json").json()["sites"]
    (change,) = site["changes"]
    assert change["found_text"] == f"in-tcp-135_40000-40199-ipv4 at priority 1538 ({words})"
    assert (sorted(change), site["faults"]) == (["found_text", "group", "planned"], [])


def test_an_azure_rule_of_another_name_that_no_plan_can_have_is_unplanned(tmp_path: Path) -> None:
    groups = load("azure-groups")
    rule = copy.deepcopy(groups[0]["securityRules"][0])
    rule |= {"name": "by-hand", "priority": 200, "sourceAddressPrefix": "Internet"}
    groups[0]["securityRules"].append(rule)
    outcome = verify(*save(tmp_path, groups=groups), *saved("azure-interfaces"))
    assert "  server: unplanned rule by-hand at priority 200 (source Internet)" in outcome.out
    assert "differs" not in outcome.out


def test_a_rule_that_was_widened_and_one_that_was_taken_out(tmp_path: Path) -> None:
    groups = load("aws-groups")
    inbound = groups["SecurityGroups"][0]["IpPermissions"]
    inbound[0]["ToPort"] = 139
    del inbound[2]
    outcome = verify(*save(tmp_path, groups=groups), *saved("aws-interfaces"))
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "acme (aws): 1 group, 5 rules; proof: 1 missing, 1 excess",
        "  server: missing rule in tcp 135 from 10.1.20.0/24 [C1 L72 L115]",
        "  server: missing rule in udp 51000-51499 from 10.1.20.0/24 [M2 L111]",
        "  server: unplanned rule in tcp 135-139 from 10.1.20.0/24",
        "  missing packets: server in udp 51000-51499 from 10.1.20.0-10.1.20.255",
        "  excess packets: server in tcp 136-139 from 10.1.20.0-10.1.20.255",
    ]


def test_another_group_on_the_interface_adds_the_members_of_the_group_it_names(
    tmp_path: Path,
) -> None:
    interfaces = load("aws-interfaces")
    interfaces["NetworkInterfaces"][0]["Groups"].append({"GroupId": "sg-0b"})
    outcome = verify(*save(tmp_path, interfaces=interfaces), *saved("aws-groups"))
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:] == [
        "  server (eni-1): security group sg-0b (monitoring) also applies to its interface and "
        "allows what no flow needs:",
        "    in tcp 9182 from 10.1.0.66",
    ]


def test_another_group_whose_rules_no_file_has_is_named_and_not_judged(tmp_path: Path) -> None:
    interfaces = load("aws-interfaces")
    interfaces["NetworkInterfaces"][0]["Groups"].append({"GroupId": "sg-0e"})
    outcome = verify(*save(tmp_path, interfaces=interfaces), *saved("aws-groups"))
    assert outcome.code == 0
    assert outcome.out.splitlines()[1:] == [
        "  note: server (eni-1): security group sg-0e also applies to its interface; its rules are "
        "unknown, so what it allows is not part of the proof"
    ]


def test_a_network_acl_that_stops_the_answers_makes_the_site_unequal(tmp_path: Path) -> None:
    entries = [
        {
            "RuleNumber": number,
            "Egress": egress,
            "RuleAction": "allow",
            "Protocol": protocol,
            "CidrBlock": "10.1.20.0/24",
        }
        for number, egress, protocol in ((1, False, "6"), (2, False, "17"), (3, True, "17"))
    ]
    acl = {
        "NetworkAclId": "acl-1",
        "VpcId": "vpc-1",
        "Associations": [{"SubnetId": "subnet-1"}],
        "Entries": entries,
    }
    outcome = verify(*save(tmp_path, acls={"NetworkAcls": [acl]}), *saved(*AWS))
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:] == [
        "  server (eni-1): network ACL acl-1 also applies to its interface and blocks what flows need:",
        "    out tcp 135, 1024-65535 to 10.1.20.0/24",
    ]


def test_a_network_acl_that_stops_only_what_leaves_is_not_overlooked(tmp_path: Path) -> None:
    def entry(number: int, egress: bool, action: str, cidr: str) -> dict[str, Any]:
        common = {"Egress": egress, "Protocol": "-1", "CidrBlock": cidr}
        return {"RuleNumber": number, "RuleAction": action, **common}

    acl = {
        "NetworkAclId": "acl-1",
        "VpcId": "vpc-1",
        "Associations": [{"SubnetId": "subnet-1"}],
        "Entries": [
            entry(100, False, "allow", "0.0.0.0/0"),
            entry(90, True, "deny", "10.1.20.128/25"),
            entry(100, True, "allow", "0.0.0.0/0"),
        ],
    }
    outcome = verify(*save(tmp_path, acls={"NetworkAcls": [acl]}), *saved(*AWS))
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:] == [
        "  server (eni-1): network ACL acl-1 also applies to its interface and blocks what flows need:",
        "    out tcp 135, 1024-65535 to 10.1.20.128/25",
        "    out udp 50000-50099 to 10.1.20.128/25",
    ]


# ---- what the files lack


def test_rules_alone_are_judged_as_far_as_they_go(tmp_path: Path) -> None:
    rules = [
        {
            "SecurityGroupRuleId": f"sgr-{place}",
            "GroupId": "sg-0a",
            "IsEgress": way == "out",
            "IpProtocol": protocol,
            "FromPort": first,
            "ToPort": last,
            "CidrIpv4": "10.1.20.0/24",
            "Tags": [
                {"Key": "swyx:site", "Value": "acme"},
                {"Key": "swyx:group", "Value": "swyxserver"},
            ],
        }
        for place, (way, protocol, first, last) in enumerate(
            (
                ("in", "tcp", 135, 135),
                ("in", "tcp", 40000, 40199),
                ("in", "udp", 51000, 51499),
                ("out", "tcp", 135, 135),
                ("out", "tcp", 40000, 40199),
                ("out", "udp", 50000, 50099),
            )
        )
    ]
    outcome = verify(*save(tmp_path, rules={"SecurityGroupRules": rules}))
    assert outcome.code == 0
    first, *rest = outcome.out.splitlines()
    assert first == "acme (aws): 1 group, 6 rules; proof: 0 missing, 0 excess"
    assert [line.partition("; add the output of `")[2] for line in rest] == [
        "aws ec2 describe-security-groups`",
        "aws ec2 describe-network-interfaces`",
    ]
    document = verify(*save(tmp_path, rules={"SecurityGroupRules": rules}), "--json").json()
    assert len(document["sites"][0]["not_judged"]) == 2


def test_groups_of_azure_alone_are_judged_as_far_as_they_go() -> None:
    outcome = verify(*saved("azure-groups"))
    assert outcome.code == 0
    assert "not checked: no interfaces in the files" in outcome.out


def test_a_field_that_is_empty_beside_its_list_says_nothing(tmp_path: Path) -> None:
    groups, interfaces = load("azure-groups"), load("azure-interfaces")
    for rule in groups[0]["securityRules"]:
        if rule.get("sourceAddressPrefix") == "10.1.20.0/24":
            rule |= {"sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.1.20.0/24"]}
    outcome = verify(*save(tmp_path, groups=groups, interfaces=interfaces))
    assert outcome.out.startswith("acme (azure): 1 group, 6 rules; proof: 0 missing, 0 excess\n")


# ---- what is wrong with them

NOT_SAVED = [
    ("{", "invalid JSON (Expecting property name enclosed in double quotes at line 1); save"),
    ('{"Vpcs": []}', "unsupported content: an object with the keys Vpcs"),
    ("[1]", "unsupported content: a list"),
    ("[]", "the list is empty, so it says nothing about the site"),
    (
        '{"version": 3, "deployment": {}}',
        "the file is the export of a stack; pass it to `swyx verify`",
    ),
    (
        '{"SecurityGroups": [], "NextToken": "x"}',
        "the file ends after the first page of the answer",
    ),
    ('{"SecurityGroups": [{}]}', "(SecurityGroups[0] has no GroupId); save it again, unedited."),
    (
        '{"SecurityGroupRules": [{"GroupId": "a", "IpProtocol": "tcp", "IsEgress": true, "CidrIpv4": "x"}]}',
        "(SecurityGroupRules[0].CidrIpv4: 'x' is not an IPv4 or IPv6 address or CIDR)",
    ),
]


@pytest.mark.parametrize(("text", "said"), NOT_SAVED)
@pytest.mark.parametrize("command", ["verify", "audit"])
def test_a_file_that_is_nothing_we_know_gets_its_place_and_a_remedy(
    tmp_path: Path, text: str, said: str, command: str
) -> None:
    path = tmp_path / "file.json"
    path.write_text(text, encoding="utf-8")
    outcome = swyx(command, SMALL, "--site", "acme", "--saved", path)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith(f"swyx: {path}: ")
    assert said in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--state", "nowhere.json"), "nowhere.json: the file can't be read (No such file"),
        (
            ("--state", str(EXPORTS / "aws-groups.json")),
            "the file is not the export of a stack; write it with",
        ),
        (("--state", "a", "--saved", "b"), "`--state` and `--saved` can't be combined"),
        (
            ("--state", str(EXPORTS / "aws-state.json"), "--cloud", "acme=azure"),
            "the stack is acme in AWS, not the requested site",
        ),
        ((*saved(*AWS), "--cloud", "azure"), "no file describes Azure, the cloud of acme"),
        (saved("aws-interfaces"), "no group in the files has the tag swyx:site"),
    ],
)
def test_words_of_verify_that_contradict_the_files(words: tuple[str, ...], said: str) -> None:
    outcome = verify(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "missing saved output of the cloud"),
        (saved(*AWS, *AZURE), "the files are from AWS, Azure, and a site is in one cloud"),
        (saved("aws-groups"), "no file has an interface with the address of a machine of acme"),
        (
            (*saved(*AWS), "--machine", "server"),
            "expected NAME=GROUP",
        ),
        (
            (*saved(*AWS), "--machine", "x=sg-0a"),
            "unknown machine or network x; the chosen",
        ),
        ((*saved(*AWS), "--machine", "server=web"), "unknown group web; no file has it"),
    ],
)
def test_words_of_audit_that_contradict_the_files(words: tuple[str, ...], said: str) -> None:
    outcome = swyx("audit", SMALL, "--site", "acme", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


# ---- what must never happen


def spoil(value: Any) -> Any:
    """Every text that is free in an export, made hostile."""
    if isinstance(value, dict):
        free = ("Description", "GroupName", "description", "name")
        return {k: HOSTILE if k in free else spoil(each) for k, each in value.items()}
    return [spoil(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("names", [AWS, AZURE])
@pytest.mark.parametrize("command", ["verify", "audit"])
def test_hostile_text_reaches_the_terminal_escaped(
    tmp_path: Path, names: tuple[str, ...], command: str
) -> None:
    documents = {name: spoil(load(name)) for name in names}
    if names is AWS:
        documents["aws-groups"]["SecurityGroups"][0]["GroupId"] = f"sg{HOSTILE}"
        documents["aws-interfaces"]["NetworkInterfaces"][0]["Groups"] = [
            {"GroupId": f"sg{HOSTILE}"}
        ]
        documents["aws-interfaces"]["NetworkInterfaces"][0]["NetworkInterfaceId"] = HOSTILE
    words = ["--site", "acme"] if command == "audit" else []
    for more in ([], ["--json"]):
        outcome = swyx(command, SMALL, *words, *save(tmp_path, **documents), *more)
        assert outcome.code in (0, 1, 2)
        for line in (outcome.out + outcome.err).split("\n"):
            assert line.isprintable()


def test_a_shown_secret_stays_in_the_file(tmp_path: Path) -> None:
    state = load("aws-state")
    sealed = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "plaintext": json.dumps("hunter2"),
    }
    for resource in state["deployment"]["resources"]:
        resource.setdefault("outputs", {})["description"] = sealed
    state["deployment"]["resources"][4]["outputs"]["toPort"] = 40200
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state), encoding="utf-8")
    outcome = verify("--state", str(path))
    assert outcome.code == 1
    assert "hunter2" not in outcome.out + outcome.err


def places_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a document."""
    inside = list(value.items()) if isinstance(value, dict) else []
    inside += enumerate(value) if isinstance(value, list) else []
    return [path, *(p for key, each in inside for p in places_of(each, (*path, key)))]


def broken(document: Any, path: tuple[Any, ...], by: Any) -> Any:
    """The document with another value at one place."""
    changed = copy.deepcopy(document)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = by
    return changed


@pytest.mark.parametrize("names", [AWS, AZURE, ("aws-state",)])
def test_a_damaged_file_is_never_a_defect(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Any one value replaced: the answer may be anything but a crash or a clean bill by accident."""
    choice = random.Random(20)
    documents = {name: load(name) for name in names}
    for _ in range(60):
        name = choice.choice(names)
        path = choice.choice([p for p in places_of(documents[name]) if p])
        by = choice.choice([None, 7, -1, "", "x", [], {}, [None], True])
        words = save(tmp_path, **{**documents, name: broken(documents[name], path, by)})
        if names == ("aws-state",):
            outcome = verify("--state", words[1])
        else:
            outcome = verify(*words, "--site", "acme")
            audited = swyx("audit", SMALL, "--site", "acme", *words)
            assert "defect" not in audited.err, (name, path, by, audited.err)
        assert "defect" not in outcome.err, (name, path, by, outcome.err)


def test_an_answer_from_files_takes_less_than_half_a_second() -> None:
    swyx("audit", SMALL, "--site", "acme", *saved(*AWS))  # imports
    swyx("audit", SMALL, "--site", "acme", *saved(*AZURE))
    begun = time.perf_counter()
    swyx("audit", SMALL, "--site", "acme", *saved(*AWS))
    verify(*saved(*AZURE))
    assert time.perf_counter() - begun < 0.5
