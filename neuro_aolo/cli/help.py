"""What ``--help`` prints: commands by section, and examples; and the word of an interrupt."""

from contextlib import suppress
from typing import Any

import typer
from typer.core import TyperGroup

from neuro_aolo import interrupt
from neuro_aolo.runs.progress import err

_LONGEST = 200
"""Letters of a command's first sentence, which takes more than a line where it has to."""


def examples(*typed: str) -> str:
    """Commands as they are typed, for the end of a help text; :func:`typed_in` reads them back."""
    heading = "Example" if len(typed) == 1 else "Examples"
    # \b keeps the lines as they are.
    return "\n".join(("\b", f"{heading}:", *(f"  {line}" for line in typed)))


def typed_in(epilog: str | None) -> list[str]:
    """The commands in what :func:`examples` made."""
    lines = (line.strip() for line in (epilog or "").splitlines())
    return [line for line in lines if line.startswith("neuro-aolo ")]


class Sections(TyperGroup):
    """A group that lists its commands by the section that each is in, and says what interrupted one."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; without a word Typer would turn an interrupt into an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            with suppress(OSError):  # of a terminal that is gone
                err.print(interrupt.word())
            raise typer.Exit(interrupt.exit_code()) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections in the order of their first commands."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            section = getattr(command, "rich_help_panel", None) or "Commands"
            sections.setdefault(section, []).append((name, command.get_short_help_str(_LONGEST)))
        width = max(map(len, self.commands))
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), text) for name, text in rows])
