"""Questions about one packet."""
