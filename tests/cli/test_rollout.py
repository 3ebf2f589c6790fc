"""`swyx rollout` without an engine: which stacks, in which order, as which workflow, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from swyx_components.cli import rollout as module
from swyx_components.cli.rollout import Job, write_pipeline
from tests.tools.command import SMALL, Outcome, Terminal, swyx

SITES = {"aachen": "aws", "bochum": "azure"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two stacks, and beside it the file as it was before H.245 was narrowed."""
    (tmp_path / "stacks").mkdir()
    settings = {"name": "branches", "runtime": "python", "stackConfigDir": "stacks"}
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    for site, cloud in SITES.items():
        write_stack(tmp_path, site, site=site, cloud=cloud)
    (tmp_path / "old.yaml").write_text(SMALL)
    (tmp_path / "stacks/installation.yaml").write_text(SMALL.replace("41099", "41089"))
    return tmp_path


def write_stack(project: Path, name: str, **config: str) -> None:
    keys = {f"branches:{key}": value for key, value in config.items()}
    (project / f"stacks/Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": keys}))


def rollout(project: Path, *words: str) -> Outcome:
    files = (project / "old.yaml", project / "stacks/installation.yaml")
    return swyx("rollout", *files, "--project", project, *words)


class Engine:
    """Stands where the Automation API does: previews two updates each, and fails where it is told to."""

    fails: tuple[str, ...] = ()
    calls: list[str]

    def __init__(self, folder: Path, names: list[str]) -> None:
        Engine.calls = []

    def preview(self, job: Job) -> Job:
        return job._replace(state="previewed", changes={"update": 2})

    def run(self, job: Job) -> Job:
        Engine.calls.append(f"{job.work} {job.stack}")
        failed = job.stack in self.fails
        errors = ("refused",) if failed else ()
        return job._replace(state="failed" if failed else "done", changes={}, errors=errors)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    monkeypatch.setattr(module, "_Engine", Engine)
    monkeypatch.setattr(Engine, "fails", ())
    return Engine


def test_the_stacks_of_an_edit_are_previewed_and_then_updated(
    project: Path, engine: type[Engine]
) -> None:
    done = rollout(project, "--yes", "--parallel", "1")
    assert (done.code, engine.calls) == (0, ["update aachen", "update bochum"])
    assert done.out.splitlines() == [
        "2 stacks",
        "  aachen  aws    update  done",
        "  bochum  azure  update  done",
    ]
    assert "aachen (aws): update previewed, 2 update" in done.err.splitlines()


def test_a_preview_updates_nothing(project: Path, engine: type[Engine]) -> None:
    assert rollout(project, "--preview").code == 0
    assert engine.calls == []


def test_without_pulumi_it_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    outcome = rollout(project, "--preview")
    assert outcome.code == 3
    assert outcome.err.startswith(
        "swyx: `pulumi stack` failed (it is not installed or not on PATH);"
    )


def test_a_new_site_comes_first_and_a_removed_one_last(project: Path, engine: type[Engine]) -> None:
    new = yaml.safe_load(SMALL.replace("41099", "41089"))
    new["sites"]["zwickau"] = new["sites"].pop("bochum")
    del new["links"]
    (project / "stacks/installation.yaml").write_text(yaml.safe_dump(new))
    write_stack(project, "zwickau", site="zwickau", cloud="azure")
    assert rollout(project, "--yes").code == 0
    assert engine.calls == ["create zwickau", "update aachen", "destroy bochum"]


def test_what_failed_is_done_later_and_what_was_done_is_not_repeated(
    project: Path, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "fails", ("aachen",))
    failed = rollout(project, "--yes", "--parallel", "1")
    assert failed.code == 3
    assert "  bochum  azure  update  not begun" in failed.out.splitlines()
    monkeypatch.setattr(Engine, "fails", ("bochum",))
    assert rollout(project, "--yes").code == 3
    monkeypatch.setattr(Engine, "fails", ())
    done = rollout(project, "--yes", "--continue")
    assert (done.code, engine.calls) == (0, ["update bochum"])
    assert "  aachen  aws    update  done before" in done.out.splitlines()
    assert "no interrupted rollout" in rollout(project, "--yes", "--continue").err


def test_another_edit_is_not_taken_for_the_one_that_was_begun(
    project: Path, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "fails", ("bochum",))
    assert rollout(project, "--yes").code == 3
    (project / "stacks/installation.yaml").write_text(SMALL.replace("41099", "41079"))
    done = rollout(project, "--yes", "--continue")
    assert done.code == 2
    assert "has changed since" in done.err


def test_sites_without_a_stack_are_named(project: Path, engine: type[Engine]) -> None:
    (project / "stacks/Pulumi.bochum.yaml").unlink()
    done = rollout(project, "--yes", "--json")
    assert [stack["stack"] for stack in done.json()["stacks"]] == ["aachen"]
    assert done.json()["without_stack"] == ["bochum"]


def break_cloud(project: Path) -> None:
    write_stack(project, "bochum", site="bochum", cloud="gcp")


def bind_twice(project: Path) -> None:
    write_stack(project, "bochum-two", site="bochum", cloud="azure")


def read_another_file(project: Path) -> None:
    write_stack(project, "bochum", site="bochum", cloud="azure", installation="other.yaml")


def break_yaml(project: Path) -> None:
    (project / "stacks/Pulumi.bochum.yaml").write_text("config: {")


def remove_project(project: Path) -> None:
    (project / "Pulumi.yaml").unlink()


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (break_cloud, "Pulumi.bochum.yaml", "gcp"),
        (bind_twice, "Pulumi.bochum.yaml", "deploys the site bochum"),
        (read_another_file, "Pulumi.bochum.yaml", "other.yaml"),
        (break_yaml, "Pulumi.bochum.yaml", "invalid YAML"),
        (remove_project, "--project", "no Pulumi.yaml"),
    ],
)
def test_a_project_that_does_not_fit_is_refused_before_anything_runs(
    project: Path, change: Any, place: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_Engine", None)
    change(project)
    done = rollout(project, "--yes")
    assert done.code == 2
    assert place in done.err
    assert said in done.err


def test_nobody_is_asked_where_nobody_can_answer(project: Path, engine: type[Engine]) -> None:
    done = rollout(project)
    assert (done.code, engine.calls) == (2, [])
    assert "`--yes`" in done.err


def test_a_workflow_of_github_runs_the_stacks_stage_by_stage() -> None:
    jobs = [
        *(Job(f"s{n}", f"s{n}", "aws", "create") for n in range(201)),
        Job("bochum", "bochum", "azure", "update"),
        Job("old", "old", "aws", "destroy"),
    ]
    flow = yaml.safe_load(write_pipeline("github", jobs, 8))["jobs"]
    assert list(flow) == ["create", "create-2", "update", "destroy"]
    assert len(flow["create"]["strategy"]["matrix"]["stack"]) == 200
    assert flow["create-2"]["strategy"]["matrix"]["stack"] == ["s200"]
    assert flow["update"]["needs"] == ["create", "create-2"]
    assert flow["update"]["strategy"]["max-parallel"] == 8
    commands = {name: job["steps"][-1]["with"]["command"] for name, job in flow.items()}
    assert commands == {"create": "up", "create-2": "up", "update": "up", "destroy": "destroy"}


def test_a_workflow_of_azure_pipelines_runs_the_stacks_stage_by_stage() -> None:
    jobs = [Job("a.b", "a", "aws", "create"), Job("bochum", "bochum", "azure", "update")]
    first, second = yaml.safe_load(write_pipeline("azure-pipelines", jobs, 4))["jobs"]
    assert first["strategy"]["matrix"] == {"stack_1": {"STACK": "a.b"}}
    assert (second["job"], second["dependsOn"]) == ("update", ["create"])


def test_a_workflow_of_gitlab_runs_the_stacks_stage_by_stage() -> None:
    jobs = [Job("bochum", "bochum", "azure", "update"), Job("old", "old", "aws", "destroy")]
    flow = yaml.safe_load(write_pipeline("gitlab", jobs, 4))
    assert flow["stages"] == ["update", "destroy"]
    assert flow["update"]["parallel"] == {"matrix": [{"STACK": ["bochum"]}]}
    assert flow["destroy"]["script"][0].startswith("pulumi destroy --yes")


@pytest.mark.parametrize(
    ("pipeline", "schema"),
    [
        ("github", "vendor.github-workflows"),
        ("gitlab", "vendor.gitlab-ci"),
        ("azure-pipelines", "vendor.azure-pipelines"),
    ],
)
def test_a_workflow_is_what_its_service_accepts(pipeline: str, schema: str, tmp_path: Path) -> None:
    jobs = [Job("bochum", "bochum", "azure", "update"), Job("old", "old", "aws", "destroy")]
    file = tmp_path / f"{pipeline}.yml"
    file.write_text(write_pipeline(pipeline, jobs, 4))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_workflow_is_printed_without_an_engine(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_Engine", None)
    done = rollout(project, "--emit", "github")
    assert done.code == 0
    assert list(yaml.safe_load(done.out)["jobs"]) == ["update"]
    assert "github, gitlab, azure-pipelines" in rollout(project, "--emit", "jenkins").err


def test_standard_input_is_refused_with_how_to_save_it(project: Path) -> None:
    new = project / "stacks/installation.yaml"
    for words, place in ((("-", new), "OLD"), ((new, "-"), "NEW")):
        outcome = swyx("rollout", *words, "--project", project, "--preview")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            f"swyx: {place}: standard input (`-`) is not possible here: `--continue` and the stacks read the "
            "files again; name a file; `git show HEAD:stacks/installation.yaml > deployed.yaml` saves the "
            "deployed version.\n"
        )


def test_what_the_engine_says_is_wrapped_on_a_terminal(
    project: Path, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "error: " + "the interface is in five security groups already, " * 4
    monkeypatch.setenv("COLUMNS", "80")
    failed = {"state": "failed", "changes": {}, "errors": (said.strip(),)}
    monkeypatch.setattr(Engine, "run", lambda self, job: job._replace(**failed))
    files = (project / "old.yaml", project / "stacks/installation.yaml")
    done = swyx("rollout", *files, "--project", project, "--yes", stream=Terminal)
    assert done.code == 3
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\n  error: the interface is in five" in done.out
