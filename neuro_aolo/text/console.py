"""A terminal that prints what it is given: no markup, no codes of emoji, nothing that a file commands."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from neuro_aolo.text.literal import literal


class LiteralConsole(Console):
    """A rich console; ``[red]`` and ``:x:`` in a text are these letters, and what commands is shown.

    Args:
        **options: of :class:`rich.console.Console`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "markup": False, "emoji": False})

    def render_str(self, text: str, **options: Any) -> Text:
        """Text as it is printed; what is written out is so before columns are measured."""
        return super().render_str(literal(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Segments of what is printed, their text without control characters."""
        for segment in super().render(renderable, options):
            if segment.control is None:
                yield Segment(literal(segment.text), segment.style)
            else:
                yield segment
