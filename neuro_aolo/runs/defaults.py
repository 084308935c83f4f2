"""What a training is of where nothing else is said: for Python and for the command line."""

SCENARIO = "paper"
PRESET = "tuned"
SEED = 0
DEVICE = "cpu"
SPIKE_WEIGHT = 0.0
SPIKE_PROFILE = "loihi2"
"""Whose joules spikes cost in training."""
CHECKPOINT_EVERY = 1
"""Rounds of the loop."""
