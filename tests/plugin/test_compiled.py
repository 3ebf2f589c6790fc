"""The examples in TypeScript, Go and Java compile, the first two against the SDKs made from the schema."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.languages.places import CLASSPATH, EXAMPLES, FOLDER, MODULES, ROOT

SCHEMA = ROOT / "tests" / "plugin" / "golden" / "schema.json"
TOOL = ROOT / "sandbox" / "engine" / "tool"
FLAGS = (
    "-trimpath",
    "-tags",
    "osusergo,grpcnotrace",
)  # those of the engine's build, which are cached
GO = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
needs_go = pytest.mark.skipif(
    not shutil.which("go"), reason="the generators of SDKs are Go programs"
)
needs_java = pytest.mark.skipif(
    not (shutil.which("javac") and shutil.which("mvn")), reason="needs a JDK and Maven"
)


def run(folder: Path, *words: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, **GO}, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sdks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDKs that `pulumi package add` makes: `nodejs` and `go`."""
    folder = tmp_path_factory.mktemp("sdks")
    program = FOLDER / "generate.go"
    code, said = run(TOOL, "go", "run", *FLAGS, program, SCHEMA, folder)
    assert code == 0, said
    return folder


@pytest.fixture
def typescript(sdks: Path, tmp_path: Path) -> Path:
    """The example with its SDK, as `npm install` lays it out."""
    folder = tmp_path / "typescript"
    shutil.copytree(EXAMPLES / "typescript", folder)
    shutil.copytree(sdks / "nodejs", folder / "sdks" / "swyx")
    (folder / "node_modules").symlink_to(MODULES)
    settings = json.loads((folder / "tsconfig.json").read_text())
    settings["compilerOptions"]["paths"] = {"@pulumi/swyx": ["./sdks/swyx/index.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    return folder


def compile_typescript(folder: Path) -> tuple[int, str]:
    return run(folder, "node", MODULES / "typescript" / "bin" / "tsc", "-p", ".")


@needs_go
def test_the_example_in_typescript_compiles_and_a_wrong_input_does_not(typescript: Path) -> None:
    assert compile_typescript(typescript) == (0, "")
    program = typescript / "index.ts"
    program.write_text(program.read_text().replace("vpcTags", "vpcTag"))
    code, said = compile_typescript(typescript)
    assert code != 0
    assert "Did you mean to write 'vpcTags'?" in said


@needs_go
def test_the_example_in_go_compiles_and_a_wrong_input_does_not(sdks: Path, tmp_path: Path) -> None:
    module = (TOOL / "go.mod").read_text()
    module = re.sub(r"^module .*", "module example.com/pulumi-swyx/sdk/go", module, flags=re.M)
    (tmp_path / "go.mod").write_text(re.sub(r"^tool \(.*?^\)\n", "", module, flags=re.M | re.S))
    shutil.copy(TOOL / "go.sum", tmp_path)
    shutil.copytree(sdks / "go" / "swyx", tmp_path / "swyx")
    program = tmp_path / "telephony" / "main.go"
    program.parent.mkdir()
    shutil.copy(EXAMPLES / "go" / "main.go", program)
    build = ("go", "build", *FLAGS, "-o", os.devnull, "./telephony")
    assert run(tmp_path, *build) == (0, "")
    program.write_text(program.read_text().replace("VpcTags", "VpcTag"))
    code, said = run(tmp_path, *build)
    assert code != 0
    assert "unknown field VpcTag" in said


@needs_java
def test_the_example_in_java_compiles(tmp_path: Path) -> None:
    sources = sorted((EXAMPLES / "java").rglob("*.java"))
    words = ("-Xlint:all", "-Werror", "--release", "11", "-cp", CLASSPATH.read_text().strip())
    assert run(ROOT, "javac", *words, "-d", tmp_path, *sources) == (0, "")
