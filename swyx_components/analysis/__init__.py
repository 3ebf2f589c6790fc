"""Questions about finished plans, answered without planning again."""
