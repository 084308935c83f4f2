"""Errors for the reader: each message says the value, what is allowed, and the fix."""

from neuro_aolo_export.errors import one_line


class NeuroAoloError(Exception):
    """Base of every error that this package raises on purpose: one line."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class ScenarioError(NeuroAoloError, ValueError):
    """A scenario, a country, a carbon-intensity file or a QoE file cannot be used as given."""


class ServiceError(NeuroAoloError, ValueError):
    """A quantity of the service model is outside its domain."""


class AgentError(NeuroAoloError, ValueError):
    """An actor, a training setting or a checkpoint cannot be used as given."""


class RunError(NeuroAoloError, ValueError):
    """A run folder is missing, incomplete, or would be overwritten."""


class NetworkError(NeuroAoloError, ValueError):
    """A network, a file of one or a hardware profile cannot be used as given."""


class FormulationError(NeuroAoloError, ValueError):
    """A description in words, or a document beside it, cannot be made a scenario of."""
