"""Calls simulated step by step."""
