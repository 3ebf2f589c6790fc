"""Completion in a shell: the script that makes it ask `swyx`, shown or put where the shell reads it."""

import subprocess
from pathlib import Path

import click
import shellingham
from click.shell_completion import get_completion_class


def show_completion(command: click.Command, variable: str) -> None:
    """Print the script for the shell that `swyx` was started from.

    Raises:
        click.UsageError: it is none that completes.
    """
    click.echo(_script(command, variable, _detect_shell()))


def install_completion(command: click.Command, variable: str) -> None:
    """Have the shell that `swyx` was started from read the script when it starts.

    Raises:
        click.UsageError: it is none that completes.
        OSError: its files can't be written.
    """
    shell = _detect_shell()
    script = _script(command, variable, shell)
    home = Path.home()
    if shell == "bash":
        path = home / ".bash_completions" / "swyx.sh"
        _append(home / ".bashrc", f"source '{path}'")
    elif shell == "zsh":
        path = home / ".zfunc" / "_swyx"
        _append(home / ".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit")
    elif shell == "fish":
        path = home / ".config" / "fish" / "completions" / "swyx.fish"
    else:
        path = _powershell_profile(shell)
    if shell in ("bash", "zsh", "fish"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
    else:
        _append(path, script)
    print(f"{shell} completion installed in {path}")
    print("Completion will take effect once you restart the terminal")


def _detect_shell() -> str:
    try:
        return str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, RuntimeError):
        raise click.UsageError("The current shell can't be told") from None


def _script(command: click.Command, variable: str, shell: str) -> str:
    known = get_completion_class("powershell" if shell == "pwsh" else shell)
    if known is None:
        raise click.UsageError(f"Shell {shell} not supported")
    return known(command, {}, "swyx", variable).source()


def _append(path: Path, text: str) -> None:
    """The text at the end of the file, unless it is there already."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    if text not in before:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{before}\n{text}\n", encoding="utf-8")


def _powershell_profile(shell: str) -> Path:
    """The profile of the user, which Windows runs only if its policy lets it."""
    command = "Set-ExecutionPolicy RemoteSigned -Scope CurrentUser; $profile"
    done = subprocess.run(
        [shell, "-NoProfile", "-Command", command], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(done.stdout.strip())
