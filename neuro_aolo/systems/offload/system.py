"""Edge servers for image generation as a system."""

from neuro_aolo.systems.offload.phrases import phrases
from neuro_aolo.systems.offload.scenario import Scenario

__all__ = ["Scenario", "phrases"]
