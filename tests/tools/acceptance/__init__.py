"""The official providers against what the sandbox's stand-ins do: `python -m tests.tools.acceptance`."""
