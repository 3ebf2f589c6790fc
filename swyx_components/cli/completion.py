"""Shell completion: the script that makes the shell ask `swyx`, printed or installed."""

import subprocess
from importlib.resources import files
from pathlib import Path

import click
import shellingham
from click.shell_completion import BashComplete, get_completion_class

from swyx_components.cli.terminal import replace_file

# Below the user's folder: the script of each shell, and what its start must run to find it.
_SCRIPTS = {
    "bash": ".bash_completions/swyx.sh",
    "zsh": ".zfunc/_swyx",
    "fish": ".config/fish/completions/swyx.fish",
}
_STARTS = {
    "bash": (".bashrc", "source '{path}'"),
    "zsh": (".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit"),
}


class _Bash(BashComplete):
    source_template = files(__package__).joinpath("completion.bash").read_text(encoding="utf-8")


def offer_completion(command: click.Command, variable: str, install: bool) -> None:
    """Print the script for the shell that `swyx` was started from, or install it.

    Raises:
        click.UsageError: the shell is not supported.
        SwyxError: its files can't be written, or are links.
    """
    try:
        shell = str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, RuntimeError):
        raise click.UsageError("Can't detect the current shell") from None
    known = get_completion_class("powershell" if shell == "pwsh" else shell)
    known = _Bash if shell == "bash" else known
    if known is None:
        raise click.UsageError(f"Shell {shell} not supported")
    script = known(command, {}, "swyx", variable).source()
    if install:
        print(f"{shell} completion installed in {_install(shell, script)}")
        print("Completion will take effect once you restart the terminal")
    else:
        click.echo(script)


def _install(shell: str, script: str) -> Path:
    """The file that the shell reads the script from when it starts."""
    if shell in _SCRIPTS:
        path = Path.home() / _SCRIPTS[shell]
        replace_file(path, [script.encode()], parents=True)
    else:  # the profile of PowerShell's user, which Windows runs only if its policy allows it
        command = "Set-ExecutionPolicy RemoteSigned -Scope CurrentUser; $profile"
        words = [shell, "-NoProfile", "-Command", command]
        run = subprocess.run(words, capture_output=True, text=True, check=True)
        path = Path(run.stdout.strip())
        _append(path, script)
    if shell in _STARTS:
        start, line = _STARTS[shell]
        _append(Path.home() / start, line.format(path=path))
    return path


def _append(path: Path, text: str) -> None:
    """The text at the end of the file, unless it is there already."""
    before = path.read_bytes() if path.is_file() else b""
    if text.encode() not in before:
        replace_file(path, [before, f"\n{text}\n".encode()], parents=True)
