"""Plain words to a checked scenario file: what was said, what was not, and where each figure comes from."""
