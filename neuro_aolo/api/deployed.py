"""What a network costs, exports and spikes, and how it learnt: frozen, with plain data and data frames."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuro_aolo.api import shown
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.text.grid import Grid

if TYPE_CHECKING:
    import pandas as pd

    from neuro_aolo.runs.network import Network
    from neuro_aolo.runs.simulation import Simulation as Simulated
    from neuro_aolo_export.arrays import FloatArray, SpikeArray
    from neuro_aolo_export.verify import Check


@dataclass(frozen=True)
class Energy:
    """What a decision of a network costs on devices: modelled from published prices, not measured.

    Attributes:
        kind: ``spiking`` or ``dense``: what the network is.
        nominal_j: joules of a decision by device, of those that run it. Figures of two devices have two
            boundaries: compare within one.
        firing_rate: share of the slots (neuron x step) that hold a spike; None of a dense network.
        priced: every bill, with low, nominal and high, evidence and source of each line.
        network: what else is known of the network, as its multiply-accumulates.
    """

    kind: str
    nominal_j: Mapping[str, float]
    firing_rate: float | None
    priced: Priced = field(repr=False)
    network: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, kind: str, priced: Priced, network: Mapping[str, Any]) -> "Energy":
        """The same of a stage of a run, or of a network file."""
        kind = "spiking" if kind == "spiking" else "dense"
        bills = {name: device.bill(kind) for name, device in priced.devices.items()}  # type: ignore[arg-type]
        nominal_j = {name: bill.total_j.nominal for name, bill in bills.items() if bill is not None}
        return cls(kind, nominal_j, priced.firing_rate, priced, network)

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain data, units in the keys."""
        return {**self.network, "priced": self.priced.to_dict()}

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each device and kind of network that it runs: joules, boundary, evidence, time."""
        rows = []
        for name, device in self.priced.devices.items():
            for kind in ("spiking", "dense"):
                bill = device.bill(kind)
                if bill is None:
                    continue
                latency = shown.spanned("latency", "s", bill.latency_s)
                rows.append(
                    {
                        "device": name,
                        "network": kind,
                        **shown.spanned("energy", "j", bill.total_j),
                        "static_share": bill.static_share,
                        **latency,
                        "boundary": bill.boundary,
                        "evidence": bill.evidence,
                        "lower_bound": bool(bill.unpriced),
                    }
                )
        return shown.frame(rows)

    def _grids(self) -> list[Grid]:
        from neuro_aolo.report.grids import energy

        return [energy(self.priced, {self.kind: self.kind}, in_full=True)]  # type: ignore[dict-item]

    def _repr_html_(self) -> str:
        return shown.html(self._grids())

    def __str__(self) -> str:
        return shown.text(self._grids())


@dataclass(frozen=True)
class Exports:
    """Files for other tools, each of which was run back on the same inputs.

    Attributes:
        folder: where they lie.
        checks: what was compared, by file.
        left_out: why a format was left out, a line each.
        quantisation: what rounding to the chip's integers did; None of a dense actor.
    """

    folder: Path
    checks: "Mapping[str, Check]"
    left_out: tuple[str, ...] = ()
    quantisation: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def files(self) -> dict[str, Path]:
        """The files by name."""
        return {name: self.folder / name for name in self.checks}

    def to_dict(self) -> dict[str, Any]:
        """All that is known of the files as plain data."""
        checks = {name: asdict(check) for name, check in self.checks.items()}
        return {
            "folder": str(self.folder),
            "files": checks,
            "quantisation": self.quantisation,
            "left_out": list(self.left_out),
        }

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each file: slots compared, mismatches, largest difference of an action."""
        return shown.frame(({"file": name, **asdict(check)} for name, check in self.checks.items()), "file")

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().to_html()) + shown.html([], self.left_out)


@dataclass(frozen=True)
class Simulation:
    """What a backend made of decisions of a run.

    Attributes:
        backend: ``float``, ``loihi2``, ``lava`` or ``onnx``.
        decisions: B, how many.
        seconds: wall time.
        regret: of these decisions, against the exact optimum; None where it is not known.
        violation_rate: likewise.
        spikes_by_layer: mean spikes of a decision, by layer.
        actions: ``(B, A)`` in [-1, 1].
        spikes: of each layer ``(T, B, N)``, 0 and 1.
    """

    backend: str
    decisions: int
    seconds: float
    regret: float | None
    violation_rate: float | None
    spikes_by_layer: Mapping[str, float]
    actions: "FloatArray" = field(repr=False)
    spikes: "tuple[SpikeArray, ...]" = field(repr=False)
    simulated: "Simulated" = field(repr=False)

    @classmethod
    def of(cls, network: "Network", simulated: "Simulated") -> "Simulation":
        """The same of a network, and of what a backend made of its inputs."""
        activity = simulated.activity
        evaluation, own = network.evaluate(activity.actions), activity.own_layer_spikes
        return cls(
            backend=simulated.backend,
            decisions=network.decisions,
            seconds=simulated.seconds,
            regret=None if evaluation is None else evaluation.regret,
            violation_rate=None if evaluation is None else evaluation.violation_rate,
            spikes_by_layer={
                name: float(layer.sum() / network.decisions)
                for name, layer in zip(network.layer_names, own, strict=True)
            },
            actions=activity.actions,
            spikes=tuple(own),
            simulated=simulated,
        )

    def save(self, path: "str | Path") -> Path:
        """Write input, spikes of every layer and actions as an ``.npz`` file.

        Raises:
            ExportError: the file cannot be written.
        """
        self.simulated.save(Path(path))
        return Path(path)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain data, spikes and actions aside."""
        names = ("backend", "decisions", "seconds", "regret", "violation_rate")
        return {name: getattr(self, name) for name in names} | {"spikes_by_layer": dict(self.spikes_by_layer)}

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each layer: spikes of a decision."""
        rows = ({"layer": name, "spikes_per_decision": count} for name, count in self.spikes_by_layer.items())
        return shown.frame(rows, "layer")

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().to_html())


@dataclass(frozen=True)
class LearningCurve:
    """What a training told on the way: noise-free evaluations on validation decisions of its own.

    Attributes:
        rows: ``requests`` served, ``seconds``, ``regret``, ``violation_rate``, ``cost`` and the rest of
            ``metrics.csv``, each by its name.
    """

    rows: tuple[Mapping[str, float], ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Mapping[str, float]]:
        return iter(self.rows)

    @property
    def best(self) -> Mapping[str, float] | None:
        """The row of the checkpoint that was kept; None before the first."""
        return next((row for row in reversed(self.rows) if row["best"]), None)

    def to_dict(self) -> dict[str, list[float]]:
        """A list for each column."""
        return {key: [row[key] for row in self.rows] for key in (self.rows[0] if self.rows else ())}

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each evaluation."""
        return shown.frame(self.rows)

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().to_html(index=False))
