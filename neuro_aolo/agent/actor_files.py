"""Names of the files of a saved actor and of its training; importing them does not import torch."""

WEIGHTS = "actor.safetensors"
DESCRIPTION = "actor.json"
SNAPSHOT = "training.safetensors"
"""The training in progress; gone once it has ended."""
