"""An offline Azure: an ARM emulator, a stand-in azure-native provider, and the estate of a site.

Not a general Azure emulator: the resource types the project uses, refused and answered as ARM
does.
"""
