"""From one installation to another: edits, rules, packets, resources, and why."""
