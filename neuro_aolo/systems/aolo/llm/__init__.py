"""Scenarios of named language models on named servers, by the open method of EcoLogits."""
