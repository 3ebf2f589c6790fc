"""A catalogue of one's own: the page's example is planned and proven, and nothing is called SwyxWare."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation, load_schema, read_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import assess_site
from tests.tools.command import swyx
from tests.tools.own_catalogue import CATALOGUE, INSTALLATION, inline

OTHERS = re.compile(
    'swyxware(?!": "2.1)|kb2308', re.IGNORECASE
)  # but for the key of JSON documents


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The page's two files, in one folder."""
    (tmp_path / "sip.yaml").write_text(CATALOGUE, encoding="utf-8")
    (tmp_path / "installation.yaml").write_text(INSTALLATION, encoding="utf-8")
    return tmp_path / "installation.yaml"


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_its_rules_are_planned_and_proven(file: Path, cloud: str) -> None:
    installation = load_installation(file)
    result = assess_site(plan_site(installation, "aachen"), installation, PLATFORMS[cloud])
    assert [message.id for message in result.messages if message.severity.value == "error"] == []
    assert result.proof is not None and result.proof.holds
    rules = {
        (str(rule.direction.value), rule.protocol.value, str(rule.ports), " ".join(rule.flows))
        for group in result.plan.groups
        if "ac-registrar" in [machine.name for machine in group.machines]
        for rule in group.rules
    }
    assert rules == {
        ("in", "udp", "5060", "S1"),
        ("in", "tcp", "5060", "S1"),
        ("out", "udp", "5060", "S2"),
        ("out", "tcp", "2223", "S3"),
    }


def test_a_flow_that_names_two_adjoining_listeners_is_beside_neither(tmp_path: Path) -> None:
    """S1 is for 5060 and 5061, which stand as one range in its rule."""
    text = CATALOGUE.replace("ports: [sip]}", "ports: [sip, sips]}", 1).replace(
        "purpose: SIP, lines: [4]}\n",
        "purpose: SIP, lines: [4]}\n"
        "      sips: {transports: [tcp], ports: 5061, phase: control, purpose: SIP over TLS}\n",
    )
    assert text.count("sips") == 2
    (tmp_path / "sip.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "installation.yaml").write_text(INSTALLATION, encoding="utf-8")
    plan = plan_site(load_installation(tmp_path / "installation.yaml"), "aachen")
    assert "5060-5061" in {str(rule.ports) for group in plan.groups for rule in group.rules}
    assert [message for message in plan.messages if message.id == "opened-beside"] == []


def test_the_catalogue_itself_says_the_same_as_its_file(file: Path) -> None:
    inside, messages = read_installation(inline())
    assert [message.id for message in messages] == []
    from_file = load_installation(file)
    assert inside is not None
    assert (inside.catalogue, inside.sites) == (from_file.catalogue, from_file.sites)


def test_the_schema_takes_both_forms_and_sees_what_is_wrong() -> None:
    validator = Draft202012Validator(load_schema())
    assert list(validator.iter_errors(yaml.safe_load(INSTALLATION))) == []
    assert list(validator.iter_errors(inline())) == []
    assert list(validator.iter_errors(inline(source=None))) != []
    bundled = {**inline(), "swyxware": "6.01"}
    del bundled["catalogue"]
    assert list(validator.iter_errors(bundled)) != []


@pytest.mark.parametrize("missing", ["version", "source", "roles", "flows"])
def test_four_keys_are_required(missing: str) -> None:
    _, messages = read_installation(inline(**{missing: None}), file="plan.yaml")
    assert [str(message) for message in messages] == [
        f"plan.yaml: catalogue: invalid catalogue: missing key '{missing}'; "
        "compare the entry with the bundled catalogue."
    ]


def test_a_defect_inside_the_installation_has_its_place() -> None:
    own = inline()
    own["catalogue"]["flows"]["S1"]["legs"][0]["to"] = ["Registrat"]
    _, (message,) = read_installation(own, file="plan.yaml")
    assert message.place == "catalogue.flows.S1"
    assert "unknown role 'Registrat'" in message.sentence


COMMANDS = {
    "check": ["check", "FILE"],
    "plan": ["plan", "FILE", "--cloud", "aws"],
    "plan-json": ["plan", "FILE", "--cloud", "azure", "--json"],
    "flows": ["flows", "FILE", "--role", "phone"],
    "call": ["call", "FILE", "Phone@aachen", "Phone@aachen"],
    "explain": ["explain", "FILE", "ac-lobby", "ac-registrar", "udp/5060"],
    "catalogue": ["catalogue", "FILE"],
    "catalogue-json": ["catalogue", "FILE", "--json"],
    "hosts": ["hosts", "FILE"],
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_no_command_calls_it_swyxware(file: Path, words: list[str]) -> None:
    done = swyx(*(str(file) if word == "FILE" else word for word in words))
    assert done.code == 0, done.err
    assert not OTHERS.search(done.out + done.err)


def test_a_call_runs_by_the_steps_of_the_catalogue(file: Path) -> None:
    done = swyx("call", str(file), "Phone@aachen", "Phone@aachen", "--json")
    steps = done.json()["calls"][0]["steps"]
    assert [step["does"] for step in steps][:4] == [
        "asks for the call",
        "answers",
        "rings",
        "answers",
    ]
    assert all(step["allowed"] for step in steps)


def test_reports_and_scripts_name_its_document_and_system(file: Path) -> None:
    report, scripts = file.parent / "report.html", file.parent / "hosts"
    assert swyx("report", str(file), "--output", str(report)).code == 0
    assert swyx("hosts", str(file), "--output", str(scripts)).code == 0
    texts = {
        path: path.read_text(encoding="utf-8-sig", errors="ignore") for path in scripts.rglob("*.*")
    }
    texts[report] = report.read_text(encoding="utf-8")
    assert "Office telephony 2.1" in texts[report]
    for path, text in texts.items():
        assert not OTHERS.search(text), path


def test_a_step_of_a_flow_that_is_not_there_is_refused() -> None:
    own: dict[str, Any] = inline()
    own["catalogue"]["calls"]["ways"][0]["calling"][0]["flows"] = ["S9"]
    _, (message,) = read_installation(own)
    assert (message.place, "S9" in message.sentence) == ("catalogue.calls", True)


def test_it_may_say_what_a_line_says(tmp_path: Path) -> None:
    said = {"4": "the registrar listens on 5060"}  # an installation has its numbers as text
    inside, messages = read_installation(inline(cited_lines=said))
    assert (inside and inside.catalogue.explain_lines([4, 3]), messages) == (
        ((4, "the registrar listens on 5060"),),
        (),
    )


def test_a_sentence_for_no_line_is_refused() -> None:
    inside, messages = read_installation(inline(cited_lines={"four": "the registrar listens"}))
    assert inside is None
    assert "a key of cited_lines must be a whole number, not 'four'" in str(messages[0])
