"""The one error of this package: it says the value, what is allowed, and the fix."""


class ExportError(ValueError):
    """A graph, a network file or a Lava run cannot be used as given."""

    def __init__(self, message: str = "") -> None:
        # Names that come from files may hold ends of lines.
        super().__init__(" ".join(str(message).splitlines()))
