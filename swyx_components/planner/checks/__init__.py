"""Checks of a planned site."""
