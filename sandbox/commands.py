"""What each command of `python -m sandbox` does."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from sandbox.engine import cli
from sandbox.engine.plugins import install_plugins
from sandbox.environment import child_environment, write_env_file
from sandbox.estate import seed_sites
from sandbox.paths import REPOSITORY, Sandbox, shorten, venv_bin
from sandbox.processes import holding
from sandbox.servers import (
    CLOUDS,
    find_endpoint,
    running_endpoints,
    start_server,
    stop_server,
)
from sandbox.sites import Site, choose_sites
from sandbox.stacks import Pulumi, Stack, project_name, write_stack_file
from sandbox.talk import SandboxError, say

_SWYX_TIME = 600.0  # seconds for one `swyx` command
_LOCK_TIME = 3600.0  # seconds to wait for another command, which may be building the engine


def start(sandbox: Sandbox) -> Pulumi:
    """Engine, stand-ins, both servers and the env file; what runs already is left alone."""
    sandbox.state.mkdir(parents=True, exist_ok=True)
    with holding(sandbox.lock, _LOCK_TIME):
        found = cli.provide_engine(sandbox.engine_bin)
        install_plugins(sandbox, found.pulumi, child_environment(sandbox, {}, found.pulumi))
        endpoints, fresh = {}, []
        for cloud in CLOUDS:
            endpoints[cloud], started = start_server(sandbox, cloud)
            say(f"{cloud}: {'started' if started else 'already running'} at {endpoints[cloud]}")
            fresh += [cloud] if started else []
        write_env_file(sandbox, endpoints, found.pulumi)
        engine = Pulumi(sandbox, found.pulumi, endpoints)
        if "aws" in fresh:
            _tell_empty(sandbox, engine)
    return engine


def _tell_empty(sandbox: Sandbox, engine: Pulumi) -> None:
    """The AWS server keeps its state in memory: stacks that had something there must look again."""
    stacks = engine.list_stacks()
    say("aws: starts empty, its state is in memory (azure keeps its state on disk).")
    for stack in stacks:
        _marker(sandbox, stack).parent.mkdir(parents=True, exist_ok=True)
        _marker(sandbox, stack).touch()
    if stacks:
        by_hand = "(by hand: `pulumi up --refresh`)"
        say(f"aws: the stacks' resources are gone; `make up` creates them again {by_hand}.")


def _marker(sandbox: Sandbox, stack: Stack) -> Path:
    """There while a stack's state may name things that a stopped AWS server took with it."""
    return sandbox.stacks / f"{stack.project}.{stack.name}.refresh"


def stop(sandbox: Sandbox) -> None:
    """End both servers. Azure's state stays, AWS's was in memory."""
    with holding(sandbox.lock, _LOCK_TIME):
        for cloud in CLOUDS:
            say(f"{cloud}: {'stopped' if stop_server(sandbox, cloud) else 'was not running'}")


def status(sandbox: Sandbox) -> None:
    """What there is and what runs. Changes nothing."""
    built = sandbox.engine_bin / "pulumi"
    installed = cli.find_installed(but_not=sandbox.engine_bin)
    pulumi = installed.pulumi if installed else built
    version = cli.read_version(pulumi)
    say(f"engine: {f'{pulumi} {version}' if version else 'none yet; `make engine` provides it'}")
    for cloud in CLOUDS:
        say(f"{cloud}: {find_endpoint(sandbox, cloud) or 'not running'}")
    stacks = Pulumi(sandbox, pulumi, running_endpoints(sandbox)).list_stacks() if version else []
    say(f"stacks: {', '.join(stack.reference for stack in stacks) or 'none'}")


def seed(sandbox: Sandbox, installation: Path, named: str | None) -> None:
    """Make the estate of an installation file in the clouds that run."""
    sites = choose_sites(installation, named)
    endpoints = running_endpoints(sandbox)
    missing = {site.cloud for site in sites} - endpoints.keys()
    if missing:
        raise SandboxError(
            f"{' and '.join(sorted(missing))} is not running; run `python -m sandbox start`."
        )
    seed_sites(sites, endpoints)


def up(sandbox: Sandbox, installation: Path, named: str | None) -> int:
    """Check the file, start the clouds, seed, deploy every site, prove it. The exit code."""
    if run_swyx("check", "-q", str(shorten(installation)), env=None) != 0:
        say("Nothing was created.")
        return 2
    sites = choose_sites(installation, named)
    sandbox.root.mkdir(parents=True, exist_ok=True)
    sandbox.log.write_text("")
    engine = start(sandbox)
    seed_sites(sites, running_endpoints(sandbox))
    outcomes = [_bring_up(sandbox, engine, site) for site in sites]
    engine.select(Stack(project=project_name(), name=sites[0].name))
    say("")
    for site, (_, line) in zip(sites, outcomes, strict=True):
        say(f"{site.name} on {site.cloud}: {line}")
    worst = max(code for code, _ in outcomes)
    say(f"The engine's output: {_near(sandbox.log)}")
    if worst == 0:
        _propose(sandbox, sites)
    return worst


def _bring_up(sandbox: Sandbox, engine: Pulumi, site: Site) -> tuple[int, str]:
    """One site: preview, update, proof. Its exit code and what to say about it at the end."""
    stack = Stack(project=project_name(), name=site.name)
    say(f"{site.name} on {site.cloud}: deploying, progress in {_near(sandbox.log)} ...")
    file = write_stack_file(sandbox, site)
    engine.ensure_stack(stack)
    marker, begun = _marker(sandbox, stack), sandbox.log.stat().st_size
    if not engine.up(stack, file, refresh=marker.exists()):
        _show_end(sandbox.log, begun)
        return 3, (
            "`pulumi up` failed, see its output above. Run this again to finish it; if an earlier "
            f"run was killed, first run `pulumi cancel --yes --stack {site.name}`."
        )
    marker.unlink(missing_ok=True)
    changes, summary = describe_changes(engine.last_changes(stack)), engine.read_summary(stack)
    begun = sandbox.log.stat().st_size
    words = ("verify", str(site.installation), "--site", site.name, "--cloud", site.cloud)
    if proof := run_swyx(*words, env=engine.environment, log=sandbox.log):
        _show_end(sandbox.log, begun)
        return proof, f"{changes}; NOT proved, see the differences above"
    counts = [(summary.get(f"{word}s"), word) for word in ("group", "machine", "rule")]
    groups, machines, rules = (f"{n} {word}{'s' * (n != 1)}" for n, word in counts)
    found = f"proved: {str(summary.get('proof')).partition(': ')[2]}, in the cloud as in the plan"
    return 0, f"{groups} on {machines}, {rules} ({changes})\n  {found}"


def _show_end(log: Path, begun: int) -> None:
    """The last lines of what a command wrote into the log from there on."""
    text = log.read_bytes()[begun:].decode(errors="replace")
    say("\n".join(text.splitlines()[-60:]))


def _propose(sandbox: Sandbox, sites: Sequence[Site]) -> None:
    """Commands that work as they stand, for the example and for a file of one's own."""
    first, file = sites[0], _near(sites[0].installation)
    settings = _near(sandbox.stacks / f"Pulumi.{first.name}.yaml")
    where = " ".join(f"--cloud {site.name}={site.cloud}" for site in sites)
    say(
        f"""
Try next, in this folder:
  . {_near(sandbox.env_file)}
  swyx plan {file} --site {first.name} --cloud {first.name}={first.cloud}
  swyx verify {file} --site {first.name} --cloud {first.cloud}
  swyx report {file} {where} --output report.html
  pulumi preview --stack {first.name} --config-file {settings}
Edit {file} and run `make up` again in the same way to see an update.
Your own sites, here and then in real accounts: docs/how-to/go-from-the-trial-to-your-own-sites.md
`make down` removes everything."""
    )


def _near(path: Path) -> str:
    """The short path, quoted where a shell needs it."""
    return shlex.quote(str(shorten(path)))


def describe_changes(changes: dict[str, int]) -> str:
    """`4 created, 1 deleted`, or `unchanged` if the update found nothing to do."""
    words = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}
    done = [f"{changes[name]} {word}" for name, word in words.items() if changes.get(name)]
    return ", ".join(done) if done else f"unchanged, {changes.get('same', 0)} resources"


def run_swyx(*words: str, env: dict[str, str] | None, log: Path | None = None) -> int:
    """Run the project's own command, its output in the log, or before the person; the exit code."""
    program = venv_bin() / "swyx"
    if not program.is_file():
        raise SandboxError(f"{program} is missing; run `make setup`.")
    try:
        with log.open("a") if log else nullcontext() as out:
            command = [str(program), *words]
            return subprocess.run(
                command, cwd=REPOSITORY, env=env, stdout=out, timeout=_SWYX_TIME
            ).returncode
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"`swyx {words[0]}` took over {_SWYX_TIME:.0f} s.") from error


def down(sandbox: Sandbox) -> None:
    """Destroy every stack, stop the servers, remove what they kept.

    The built engine stays, for it takes long to make.

    Raises:
        SandboxError: a stack could not be destroyed; it says what remains, and everything is left
            as it is.
    """
    if any((sandbox.state / ".pulumi" / "stacks").rglob("*.json")):
        _destroy_stacks(sandbox)
    with holding(sandbox.lock, _LOCK_TIME):
        for cloud in CLOUDS:
            stop_server(sandbox, cloud)
        made = (sandbox.home, sandbox.state, sandbox.stacks, sandbox.plugins)
        for folder in (*made, *map(sandbox.server, CLOUDS)):
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)
        for file in (sandbox.env_file, sandbox.log, sandbox.lock):
            file.unlink(missing_ok=True)
    with suppress(OSError):  # the built engine is still in it
        sandbox.root.rmdir()
    say("The clouds are stopped and removed.")


def _destroy_stacks(sandbox: Sandbox) -> None:
    """Each stack through the engine; a server that was stopped is started again for it."""
    engine = start(sandbox)
    left = []
    for stack in engine.list_stacks():
        say(f"{stack.name}: destroying ...")
        begun = sandbox.log.stat().st_size if sandbox.log.exists() else 0
        if not engine.destroy(stack, refresh=_marker(sandbox, stack).exists()):
            _show_end(sandbox.log, begun)
            left.append(f"{stack.name} with {engine.count_resources(stack)} resources")
    if left:
        raise SandboxError(
            f"These stacks remain: {', '.join(left)}. The engine's output above says why; fix the "
            "cause and run this again. The servers are still running for inspection: "
            f"`. {sandbox.env_file}`."
        )
