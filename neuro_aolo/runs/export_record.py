"""``exports.json``: what was exported from which graph, and how it ran when it was run back."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from neuro_aolo.errors import RunError
from neuro_aolo.files import read_sealed, sealed, to_json, write_whole
from neuro_aolo.systems.schema import as_written

FORMAT = 2
"""Number of this form; 0.1 wrote none, and no digest."""

_Count = Annotated[int, Field(ge=0)]
_Difference = Annotated[float, Field(ge=0.0)]


class _Entry(BaseModel):
    """The files of one graph."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    graph_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    quantisation: dict[str, Any] | None
    files: dict[str, "_Check"]
    reset: Literal["zero", "subtract"] | None = None
    reset_assumed: bool | None = None


class _Check(BaseModel):
    """How a file ran: a :class:`neuro_aolo_export.verify.Check`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    run_by: str
    decisions: _Count
    slots: _Count = 0
    spikes: _Count = 0
    mismatches: _Count = 0
    traced: _Count = 0
    action_difference: _Difference | None = None
    same_spikes_difference: _Difference | None = None


Record = dict[str, dict[str, Any]]
"""What is known of each graph, by the name of its file."""


def read_record(file: Path) -> Record:
    """What ``exports.json`` says; nothing where there is none.

    Raises:
        RunError: it is damaged.
    """
    try:
        data = read_sealed(file, lambda data: "format" not in data)
        if data.pop("format", FORMAT) != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        for name, entry in data.items():
            as_written(_Entry, entry, name)
            bits = (entry["quantisation"] or {}).get("weight_bits")
            if bits is not None and (type(bits) is not int or not 1 <= bits <= 8):
                raise ValueError(f"{name}.quantisation.weight_bits = {bits!r} is no number of bits")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
        raise RunError(f"{file} is damaged ({reason}): remove it, and export again") from None
    record: Record = data
    return record


def write_record(file: Path, record: Record) -> None:
    """Write ``exports.json`` with its digest, whole or not at all."""
    text = json.dumps(sealed({"format": FORMAT, **record}), indent=2)
    write_whole(file, text + "\n")


def same_entry(entry: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether an earlier entry is of the same graph and the same integers."""
    plain: dict[str, Any] = json.loads(to_json(entry))
    return plain == {key: before.get(key) for key in plain}
