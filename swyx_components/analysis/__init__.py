"""Questions about finished plans: answered, never planned anew."""
