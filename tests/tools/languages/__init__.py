"""What the examples in other languages need beside the engine."""
