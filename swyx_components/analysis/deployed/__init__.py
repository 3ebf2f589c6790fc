"""Deployed rules, ours or hand-made, compared with a plan."""
