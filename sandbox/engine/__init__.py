"""The real Pulumi engine: finding or building the CLI, the Python language host, the stand-ins as
plugins.
"""
