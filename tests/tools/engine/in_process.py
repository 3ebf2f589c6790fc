"""Stacks whose program runs inside the test, through the automation API, so that the SDKs are loaded once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from pulumi import automation as auto
from pulumi.automation._stack import StackInitMode


class QuickStack(auto.Stack):
    """A stack whose commands end with the engine.

    The API asks the CLI for a stack's outputs, twice, and its history after every update: that is more work
    than most updates here, and no test reads it.
    """

    @classmethod
    def open(
        cls,
        name: str,
        project: str,
        program: Callable[[], None],
        folder: Path,
        env: Mapping[str, str],
    ) -> QuickStack:
        """The stack of a project of this name, created unless it exists."""
        settings = auto.ProjectSettings(name=project, runtime="python", main=str(folder))
        workspace = auto.LocalWorkspace(
            work_dir=str(folder), program=program, env_vars=dict(env), project_settings=settings
        )
        # `create_or_select` would make a `Stack`, whatever class it is called on.
        return cls(name, workspace, StackInitMode.CREATE_OR_SELECT)

    def update(self) -> dict[str, int]:
        """Update; operation and number of resources, as the engine sums up at the end."""
        events: list[auto.EngineEvent] = []
        self.up(on_event=events.append)
        (summary,) = (event.summary_event for event in events if event.summary_event)
        return {getattr(op, "value", op): count for op, count in summary.resource_changes.items()}

    def outputs(self) -> auto.OutputMap:
        """None: `read_outputs` asks for them."""
        return {}

    def read_outputs(self) -> auto.OutputMap:
        """The outputs as the state has them."""
        return super().outputs()

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:
        """Nothing that was looked up."""
        return auto.UpdateSummary("update", datetime.min, "", {}, {}, "succeeded")
