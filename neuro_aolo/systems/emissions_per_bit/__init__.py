"""A radio cell whose servers process every bit with energy from the grid, the sun and batteries."""
