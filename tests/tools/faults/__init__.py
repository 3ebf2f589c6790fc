"""Faults and kills at every call of an update, an edit and a destroy: `python -m tests.tools.faults`."""
