"""Azure, offline: an ARM emulator of the types that the project uses, stand-ins, the estate."""
