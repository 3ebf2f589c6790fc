"""The Python language host, in place of the official one, a Go program not obtainable everywhere.

The protocol is `pulumirpc.LanguageRuntime`, as much as runs programs, plugins and policy packs.
"""
