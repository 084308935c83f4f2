"""What ``--version`` prints; nothing that takes long is imported for it."""

from importlib.metadata import version


def version_line() -> str:
    """Name and version."""
    return f"neuro-aolo {version('neuro-aolo')}"
