"""`python -m swyx_components` is the `swyx` command."""

from swyx_components.cli.main import run

run()
