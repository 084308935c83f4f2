"""What one training came to, as one file: what a comparison keeps, and what a ledger can be set against."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import RunError
from neuro_aolo.files import read_sealed, sealed, write_whole
from neuro_aolo.runs.config import learnt_toml
from neuro_aolo.runs.summary.part import Number
from neuro_aolo.systems.schema import as_written

FORMAT = 2
"""Number of this form; that of 0.1 was 1, without a digest."""

_KNOWN_KEYS = ConfigDict(extra="forbid", allow_inf_nan=True)
_Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0)]
_Part = Annotated[float, Field(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class Point:
    """One validation of a training: noise-free, on requests of its own.

    Attributes:
        seconds: of the training until then, as of the cell.
        requests: served in training until then.
        regret: on the validation requests.
        violation_rate: on the same.
        processor_s: processor time until then; None where the cell is older than this was measured.
    """

    __pydantic_config__ = _KNOWN_KEYS

    seconds: _Amount
    requests: _Count
    regret: Number
    violation_rate: _Part
    processor_s: _Amount | None = None


@dataclass(frozen=True)
class Cell:
    """What one training came to; every figure but the curve is over the held-out requests.

    Attributes:
        scenario: name of the service.
        learner: one of :data:`LEARNERS`.
        seed: of the training.
        settings: all that the result depends on.
        regret: regret against the oracle, violating requests included; NaN where nobody knows the optimum.
        violation_rate: share of requests in which a constraint is broken.
        cost_mg: mean cost of a request, violating ones included.
        carbon_mg: mean carbon of the requests in which no constraint is broken; NaN where there is none.
        requests: requests served in training.
        updates: batches learnt from.
        seconds: time of the training on one core, its validations included: wall time of our own loop,
            processor time of Stable-Baselines3, which a busy machine must not rob of its share.
        curve: the validations of the training, if there were any.
        versions: of Python and of the packages that matter.
        graph_sha256: digest of the network that decides, which is kept beside the cell; empty where none is.
        processor_s: processor time of the training; None where the cell is older than this was measured.
        validation_requests: decisions of all validations; None likewise.
    """

    __pydantic_config__ = _KNOWN_KEYS

    scenario: str
    learner: str
    seed: _Count
    settings: Mapping[str, Any]
    regret: Number
    violation_rate: _Part
    cost_mg: Annotated[float, Field(allow_inf_nan=False)]
    carbon_mg: Number
    requests: _Count
    updates: _Count
    seconds: _Amount
    curve: tuple[Point, ...]
    versions: Mapping[str, str]
    graph_sha256: str = ""
    processor_s: _Amount | None = None
    validation_requests: _Count | None = None

    @property
    def processor(self) -> float:
        """Processor time of the training; NaN where an older cell has wall time alone."""
        if self.processor_s is not None:
            return self.processor_s
        # What has a fixed time is told it in processor time, and what is not trained takes none.
        return self.seconds if "seconds" in self.settings or not self.seconds else math.nan

    @property
    def validated(self) -> int:
        """Decisions of all validations; of an older cell worked out from its settings."""
        if self.validation_requests is not None:
            return self.validation_requests
        settings = self.settings.get("training", self.settings)
        return len(self.curve) * int(settings.get("validation_requests", 0))

    def save(self, file: Path) -> None:
        """Write the cell, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(sealed({"format": FORMAT, **asdict(self)}), indent=2) + "\n")

    @classmethod
    def load(cls, file: Path) -> "Cell":
        """Read a cell that :meth:`save` wrote.

        Raises:
            RunError: the file is not what it should be.
        """
        try:
            data = read_sealed(file, lambda data: data.get("format") == 1)
            if data.pop("format", None) not in (1, FORMAT):
                raise ValueError(f"its format is not {FORMAT}")
            return as_written(cls, data)
        except (OSError, ValueError) as error:
            reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:300]
        raise RunError(
            f"{file} is no finished cell ({reason}): remove it, or add --overwrite to train it again"
        )


def scenario_sha256(scenario: Any, deployment: Deployment) -> str:
    """Digest of all that a training on the scenario depends on."""
    return hashlib.sha256(learnt_toml(scenario, deployment).encode()).hexdigest()


def file_name(scenario: Any) -> str:
    """The scenario's name without what a file's name may not hold, and without dots that it begins with."""
    return re.sub(r"^\.+|[^\w.]+", "_", str(getattr(scenario, "name", type(scenario).__name__)))


def check_settings(file: Path, made: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse what was made with other settings than are asked for.

    Raises:
        RunError: a setting differs; it is named.
    """
    other = _difference(made, asked)
    if other:
        raise RunError(
            f"{file} was made with other settings ({other}): choose another --out, or add --overwrite "
            "to train it again"
        )


def _difference(made: Mapping[str, Any], asked: Mapping[str, Any], prefix: str = "") -> str:
    """The first setting that differs, as ``training.total_steps = 512, now 1024``; empty where none does."""
    for key in sorted({*made, *asked}):
        first, second = made.get(key), asked.get(key)
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            inner = _difference(first, second, f"{prefix}{key}.")
            if inner:
                return inner
        elif first != second:
            return f"{prefix}{key} = {_short(first)}, now {_short(second)}"
    return ""


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:12]}...{text[-1]}"
