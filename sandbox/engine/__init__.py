"""The real Pulumi engine: the CLI, the Python language host, the stand-ins as plugins."""
