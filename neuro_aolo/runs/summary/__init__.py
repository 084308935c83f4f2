"""What a run's ``summary.json`` holds: typed, with units in its keys, and checked when it is read."""
