"""A spiking actor in the integers of a Loihi 2 core, and on Lava."""
