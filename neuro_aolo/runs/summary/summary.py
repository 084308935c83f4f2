"""All that is known of a run, and the file that holds it."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ValidationError

from neuro_aolo.errors import RunError
from neuro_aolo.files import from_json, read_text, to_json
from neuro_aolo.runs.summary.decided import Decided, TwinFigures
from neuro_aolo.runs.summary.deployed import Deployed
from neuro_aolo.runs.summary.ledger import LedgerPart
from neuro_aolo.runs.summary.part import Number, Part
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.systems.chapter import Chapter

SCHEMA = 3
"""Number of this form; that of 0.1 had none, 2 had no boundaries."""


class AssumptionFigures(Part):
    """A parameter or price that figures rest on; ``profile`` is empty of the system's own.

    Its range is how far it may be off, and what says so; empty of a parameter that has none.
    """

    profile: str = ""
    key: str
    value: str
    unit: str
    grade: str
    source: str
    range: str = ""


class ExportFigures(Part):
    """How an exported file ran when it was run back."""

    file: str
    of: str
    current: bool
    run_by: str
    decisions: int
    slots: int
    spikes: int = 0
    mismatches: int
    traced: int
    action_difference: float | None
    same_spikes_difference: float | None = None


class Summary(LedgerPart):
    """All that is known of a run.

    Attributes:
        schema_number: of this form.
        version: of this package.
        decided: what the actor's decisions come to.
        chapters: sections of the system's own.
        twin: the dense actor of the same size; None where none was trained.
        deployed: what a chip decides; None of a dense actor.
        priced: what a decision costs.
        assumptions: that figures rest on.
        versions: of Python and the packages that figures depend on.
        exports: how exported files ran; None where nothing was exported.
        timings_s: of each stage.
    """

    schema_number: Literal[3] = 3
    version: str
    decided: Decided
    chapters: tuple[Chapter, ...] = ()
    twin: TwinFigures | None
    deployed: Deployed | None
    priced: Priced
    assumptions: tuple[AssumptionFigures, ...]
    versions: dict[str, str | None]
    exports: tuple[ExportFigures, ...] | None
    timings_s: dict[str, Number]

    @classmethod
    def of(cls, data: Any, where: str) -> Self:
        """The summary that plain data holds.

        Args:
            data: as :meth:`to_dict` gives it.
            where: the file, for the reader of an error.

        Raises:
            RunError: it is of another form, or a key is missing, unknown or wrong.
        """
        if not isinstance(data, dict):
            raise RunError(f"{where} holds no table of keys: write it anew with  neuro-aolo report RUN")
        written = data.get("schema_number", "that of 0.1")
        if type(written) is not int or written != SCHEMA:
            raise RunError(
                f"{where} has the form {written}, not {SCHEMA}: write it anew with  neuro-aolo report RUN"
            )
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise RunError(
                f"{where}: {key}: {first['msg']}; write it anew with  neuro-aolo report RUN"
            ) from None

    @classmethod
    def read(cls, file: Path) -> Self:
        """The summary in a file.

        Raises:
            RunError: it is missing, damaged, or of another form.
        """
        try:
            data = from_json(read_text(file))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(
                f"{file} cannot be read ({error}): write it anew with  neuro-aolo report RUN"
            ) from None
        return cls.of(data, str(file))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON holds it: without chapters where the system adds none."""
        data = super().to_dict()
        if not self.chapters:
            del data["chapters"]
        return data

    def to_json(self) -> str:
        """The text of ``summary.json``."""
        return to_json(self.to_dict()) + "\n"
