"""What is taken where nothing else is said: for Python and for the command line."""

SCENARIO = "paper"
PRESET = "tuned"
SEED = 0
DEVICE = "cpu"
SPIKE_WEIGHT = 0.0
SPIKE_PROFILE = "loihi2"
"""Whose joules spikes cost in training."""
CHECKPOINT_EVERY = 1
"""Rounds of the loop."""

PROFILES = ("h100", "loihi1", "loihi2", "mcu_m33_u575")
"""Devices of a run's report: two chips, a microcontroller, a GPU."""
OF_DEPLOYMENT = "deployment"
"""The host that the run's deployment names."""
TWIN_KIND = "mlp-int8"
"""The dense actor beside a spiking one."""
