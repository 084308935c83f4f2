"""What one training came to, as one file: what a comparison keeps, and what a ledger can be set against."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import RunError
from neuro_aolo.files import to_json, write_whole
from neuro_aolo.runs.config import learnt_toml
from neuro_aolo.runs.summary.part import Number

FORMAT = 1


@dataclass(frozen=True)
class Point:
    """One validation of a training: noise-free, on requests of its own."""

    seconds: float
    requests: int
    regret: Number
    violation_rate: float


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
    """

    scenario: str
    learner: str
    seed: int
    settings: Mapping[str, Any]
    regret: Number
    violation_rate: float
    cost_mg: float
    carbon_mg: Number
    requests: int
    updates: int
    seconds: float
    curve: tuple[Point, ...]
    versions: Mapping[str, str]

    def save(self, file: Path) -> None:
        """Write the cell, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, to_json({"format": FORMAT, **asdict(self)}) + "\n")

    @classmethod
    def load(cls, file: Path) -> "Cell":
        """Read a cell that :meth:`save` wrote.

        Raises:
            RunError: the file is not what it should be.
        """
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT}")
            return TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            first = error.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
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
