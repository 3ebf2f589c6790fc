"""What the sandbox says at the terminal, and the one error that it reports as a sentence."""

import sys


class SandboxError(Exception):
    """Something the person can act on; its text says what is wrong and what to do.

    `exit_code` follows the project's convention: 2 the input is wrong, 3 a cloud or the engine
    failed.
    """

    def __init__(self, message: str, exit_code: int = 3) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def say(text: str) -> None:
    """One line to the terminal at once, so that long work shows that it goes on."""
    print(text, flush=True)


def warn(text: str) -> None:
    """One line to stderr."""
    print(text, file=sys.stderr, flush=True)
