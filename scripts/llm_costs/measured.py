"""Measured runs of ML.ENERGY v3, and how far EcoLogits' regressions are from them."""

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from neuro_aolo.systems.aolo.llm.servers import SERVERS
from neuro_aolo.systems.aolo.llm.sizes import Size
from neuro_aolo.systems.aolo.llm.spread import Spread
from neuro_aolo.systems.aolo.llm.token import Token, token_of

BATCHES = (8, 16, 32, 64, 128, 256, 512)
KEPT = (8, 64, 512)
"""Requests at once of the runs that are kept beside the page; those between are in the whole data alone."""


@dataclass(frozen=True)
class Run:
    """One measured run: GPU energy alone.

    Attributes:
        model: as ML.ENERGY names it.
        billions, active_billions: its parameters.
        hardware: a name of our table.
        gpus: that it ran on.
        bits: of its weights.
        batch: requests at once that were allowed.
        running: requests at once on average.
        gpu_j_per_token: per output token, prompts included, in J.
        tokens_per_s: of all requests.
    """

    model: str
    billions: float
    active_billions: float
    hardware: str
    gpus: int
    bits: int
    batch: int
    running: float
    gpu_j_per_token: float
    tokens_per_s: float

    @property
    def token_s(self) -> float:
        """Time from one token of a request to the next, in s."""
        return self.running / self.tokens_per_s

    @property
    def token_j(self) -> float:
        """With the rest of the server at the table's power for that time, in J."""
        one = SERVERS[self.hardware]
        return self.gpu_j_per_token + self.token_s * one.host_power_w * self.gpus / one.gpus / self.running

    @property
    def modelled(self) -> Token:
        """The same by EcoLogits' method; narrower weights take less memory there, and nothing else."""
        ends = (self.active_billions,) * 2, (self.billions * self.bits / 16.0,) * 2
        size = Size(self.model, *ends, "ML.ENERGY")
        return token_of(size, SERVERS[self.hardware], round(self.running), self.gpus)

    @property
    def energy_ratio(self) -> float:
        """Measured over modelled energy."""
        return self.token_j / self.modelled.energy_j

    @property
    def time_ratio(self) -> float:
        """Measured over modelled time."""
        return self.token_s / self.modelled.time_s


def from_data(folder: Path) -> list[Run]:
    """The runs in the JSON files of a folder, as the package leadgreen-mcp 0.3.1 holds them."""
    runs = []
    for file in sorted(folder.glob("*.json")):
        model = json.loads(file.read_text(encoding="utf-8"))
        for row in model["configurations"]:
            if row["gpu"].lower() in SERVERS:
                runs.append(_run(model, row))
    return runs


def _run(model: dict[str, Any], row: dict[str, Any]) -> Run:
    return Run(
        model=model["model_id"],
        billions=model["params_b"],
        active_billions=model["active_params_b"],
        hardware=row["gpu"].lower(),
        gpus=row["num_gpus"],
        bits=8 if row["precision"] == "FP8" else 16,
        batch=row["max_num_seqs"],
        running=row["avg_running_batch"],
        gpu_j_per_token=row["joules_per_output_token"],
        tokens_per_s=row["tokens_per_second"],
    )


def from_csv(file: Path) -> list[Run]:
    """The runs that are kept."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [
        Run(
            model=row["model"],
            billions=float(row["billions"]),
            active_billions=float(row["active_billions"]),
            hardware=row["hardware"],
            gpus=int(row["gpus"]),
            bits=int(row["bits"]),
            batch=int(row["batch"]),
            running=float(row["running"]),
            gpu_j_per_token=float(row["gpu_j_per_token"]),
            tokens_per_s=float(row["tokens_per_s"]),
        )
        for row in csv.DictReader(lines)
    ]


def as_csv(runs: Iterable[Run], attribution: str) -> str:
    """The file of kept runs."""
    names = ",".join(each.name for each in fields(Run))
    rows = [",".join(map(str, astuple(run))) for run in runs]
    return "\n".join([f"# {attribution}", names, *rows]) + "\n"


def of_the_spread(runs: Iterable[Run], batch: int) -> list[Run]:
    """Those that EcoLogits is held against: its own GPU and width of weights."""
    return [run for run in runs if (run.hardware, run.bits, run.batch) == ("h100", 16, batch)]


def spread(runs: Sequence[Run]) -> Spread:
    """Smallest and largest ratio, rounded outwards."""
    energy, time = [run.energy_ratio for run in runs], [run.time_ratio for run in runs]
    return Spread(len(runs), _ends(energy), _ends(time))


def _ends(ratios: Sequence[float]) -> tuple[float, float]:
    return math.floor(100 * min(ratios)) / 100, math.ceil(100 * max(ratios)) / 100


def held_by_the_others(runs: Sequence[Run]) -> tuple[int, int]:
    """Of how many models all runs lie in the range that the other models' runs make, and of how many."""
    models = sorted({run.model for run in runs})
    inside = 0
    for model in models:
        others = spread([run for run in runs if run.model != model])
        low, high = min(1.0, others.energy[0]), max(1.0, others.energy[1])
        inside += all(low <= run.energy_ratio <= high for run in runs if run.model == model)
    return inside, len(models)
