"""Names of the two files of a saved actor; importing them does not import torch."""

WEIGHTS = "actor.safetensors"
DESCRIPTION = "actor.json"
