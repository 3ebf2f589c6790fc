"""A second reading of the port model, and what judges the product by it.

Nothing here imports `swyx_components`: the flows are read a second time from the port model's text,
so that a mistake in the product's catalogue or passes cannot hide in the oracle too.
"""
