"""Mutants of the catalogue: one fact of the article changed at a time, which the tests must notice."""
