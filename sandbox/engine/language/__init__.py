"""The Python language host: what the engine talks to in order to run a Python program, plugin or
policy pack.

It stands in for the official `pulumi-language-python`, which is a Go program and not obtainable
everywhere. The protocol is `pulumirpc.LanguageRuntime`; what is implemented is what the engine
needs to preview, update and destroy (code generation for SDKs is not).
"""
