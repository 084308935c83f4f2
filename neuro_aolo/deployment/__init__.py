"""A trained actor, or a network of one's own, exported, simulated and priced: what happens off the GPU."""
