"""What a cloud holds, ours or hand-made, against a plan."""
