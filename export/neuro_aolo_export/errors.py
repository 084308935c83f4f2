"""The one error of this package: it says the value, what is allowed, and the fix."""


def one_line(message: str) -> str:
    """``message`` on one line: names that come from files may hold ends of lines."""
    return " ".join(str(message).replace("\r\n", " ").replace("\r", "\\r").splitlines())


class ExportError(ValueError):
    """A graph, a network file or a Lava run cannot be used as given."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))
