"""The real engine against the offline clouds, each test in a sandbox of its own."""
