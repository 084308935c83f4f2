"""A run in Python: open it, look at it, export, simulate, price, report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from neuro_aolo.api.arguments import names_of, places_of
from neuro_aolo.api.deployed import Energy, Exports, LearningCurve, Simulation
from neuro_aolo.api.errors import check_whole, speaks_python
from neuro_aolo.api.results import Evaluation, Ledger, Report
from neuro_aolo.runs import answers
from neuro_aolo.runs.defaults import OF_DEPLOYMENT, PROFILES, TWIN_KIND

if TYPE_CHECKING:
    from torch import nn

    from neuro_aolo.runs.config import RunConfig
    from neuro_aolo.runs.run import Run as OpenRun
    from neuro_aolo.systems.system import System
    from neuro_aolo_export.graph import DenseGraph, SpikingGraph


@dataclass(frozen=True)
class Run:
    """A trained actor in its folder. What was asked of it before is answered at once.

    Attributes:
        path: the folder.
        system: what is controlled, where that does not come with this package.

    Example:
        >>> import neuro_aolo as na
        >>> run = na.load("demo")
        >>> run.graph.action_size
        2
        >>> run.metrics.best["requests"] > 0
        True
    """

    path: Path
    system: "System | None" = field(default=None, repr=False)

    @cached_property
    def _open(self) -> "OpenRun":
        from neuro_aolo.runs.folder import RunFolder
        from neuro_aolo.runs.run import Run as OpenRun

        return OpenRun.open(RunFolder.open(self.path, self.system))

    @property
    def config(self) -> "RunConfig":
        """Everything that the run depends on, as its ``config.toml`` holds it."""
        return self._open.config

    @property
    def actor(self) -> "nn.Module":
        """The trained network: observations ``(B, D)`` to actions ``(B, A)``, both in [-1, 1].

        Example:
            >>> import torch
            >>> import neuro_aolo as na
            >>> na.load("demo").actor(torch.zeros(3, 5)).shape
            torch.Size([3, 2])
        """
        return self._open.saved.network

    @property
    def graph(self) -> "SpikingGraph | DenseGraph":
        """The same, frozen as NumPy arrays: what is exported, simulated and priced."""
        return self._open.graph

    @property
    def metrics(self) -> LearningCurve:
        """The learning curve.

        Example:
            >>> import neuro_aolo as na
            >>> list(na.load("demo").metrics.to_dataframe().columns)[:2]
            ['requests', 'seconds']
        """
        return LearningCurve(tuple(self._open.folder.metrics()))

    @speaks_python
    def evaluate(
        self,
        *,
        requests: int | None = None,
        scenario: "str | Path | None" = None,
        country: Mapping[str, str] | None = None,
        trace: "Mapping[str, str | Path] | None" = None,
        fill: str | None = None,
        longest_gap: int | None = None,
    ) -> Evaluation:
        """Regret against the exact optimum and violations on held-out decisions.

        Args:
            requests: held-out decisions; 20,000 where None.
            scenario: another scenario of the same state, by name or file; its own where None.
            country: ISO 3166-1 alpha-3 codes by site, as ``{"dc": "DEU"}``.
            trace: CSV files of hourly carbon intensity (g/kWh) by site.
            fill: ``hold`` or ``linear`` for hours that a trace lacks; they are refused where None.
            longest_gap: most hours in a row that are filled; 24 where None.

        Raises:
            NeuroAoloError: files of the run are missing or wrong, or an argument is not allowed.

        Example:
            >>> import neuro_aolo as na
            >>> found = na.load("demo").evaluate(requests=1_000)
            >>> found.decisions, 0.0 <= found.violation_rate <= 1.0
            (1000, True)
        """
        check_whole("requests", requests)
        answer = answers.evaluate(
            self.path,
            requests=requests,
            scenario=None if scenario is None else str(scenario),
            places=places_of(country, trace, fill, longest_gap),
            system=self.system,
        )
        return Evaluation.of(answer)

    @speaks_python
    def energy(
        self,
        *,
        profiles: "Sequence[str | Path] | str | None" = None,
        request_rate_hz: float | None = None,
        twin: str = TWIN_KIND,
        host: str | None = OF_DEPLOYMENT,
        weight_bits: int | None = None,
    ) -> Energy:
        """Joules of a decision on each device, a spiking actor beside a dense one of its size.

        Args:
            profiles: devices by name or ``.toml`` file; all of :func:`~neuro_aolo.profiles` where None.
            request_rate_hz: decisions a second of a device that is always on; it is on for each decision
                alone where None.
            twin: ``mlp-int8`` or ``mlp-fp32``, the dense actor beside it.
            host: device that encodes and decodes for a chip that cannot; None for none.
            weight_bits: of a spiking actor's weights, 4 to 8; those of a fine-tuning, else 8, where None.

        Raises:
            NeuroAoloError, ProfileError: files of the run are missing or wrong, or an argument is not
                allowed.

        Example:
            >>> import neuro_aolo as na
            >>> bill = na.load("demo").energy(profiles=["loihi2", "mcu_m33_u575"])
            >>> sorted(bill.nominal_j)
            ['loihi2', 'mcu_m33_u575']
            >>> list(bill.to_dataframe().columns)[:3]
            ['device', 'network', 'energy_low_j']
        """
        answer = answers.energy(
            self.path,
            profiles=names_of(profiles),
            request_rate_hz=request_rate_hz,
            twin=twin,
            host=host,
            weight_bits=weight_bits,
            system=self.system,
        )
        return Energy.of(answer.run.kind, answer.priced, {"run": answer.run.to_dict()})

    @speaks_python
    def ledger(
        self,
        *,
        profiles: "Sequence[str | Path] | str | None" = None,
        request_rate_hz: float | None = None,
        baselines: "Sequence[str | Path] | str | None" = None,
        trainings: int | None = None,
        training_country: str | None = None,
        country: Mapping[str, str] | None = None,
        trace: "Mapping[str, str | Path] | None" = None,
        fill: str | None = None,
        longest_gap: int | None = None,
    ) -> Ledger:
        """Carbon of service and agent per decision and year, and whether the agent pays.

        Args:
            profiles: devices of the agent; four where None.
            request_rate_hz: decisions a second; the run's where None.
            baselines: what the saving is against: ``random``, ``constant``, ``mlp``, ``rule`` (the system's
                best), a rule by its name, numbers of a constant action with commas between, or a cell's
                ``.json``; the first four, as far as they are there, where None.
            trainings: how many there were, those that were thrown away included; one where None.
            training_country: code of the country where they ran; priced as the agent's site is where None.
            country: as in :meth:`evaluate`.
            trace: likewise; a year is added up over its hours.
            fill: likewise.
            longest_gap: likewise.

        Raises:
            NeuroAoloError, ProfileError: files of the run are missing or wrong, or an argument is not
                allowed.

        Example:
            >>> import neuro_aolo as na
            >>> book = na.load("demo").ledger(baselines=["random"])
            >>> book.service_mg > 0.0, sorted(book.pays)
            (True, ['random'])
        """
        answer = answers.ledger(
            self.path,
            profiles=names_of(profiles) or PROFILES,
            request_rate_hz=request_rate_hz,
            baselines=names_of(baselines),
            trainings=trainings,
            training_country=training_country,
            places=places_of(country, trace, fill, longest_gap),
            system=self.system,
        )
        return Ledger.of(answer)

    @speaks_python
    def report(self, out: "str | Path | None" = None) -> Report:
        """Write the run's page, ``summary.json``, ``emissions.csv`` and ``emissions_modelled.csv``.

        Args:
            out: where the page goes; ``report.html`` in the run's folder where None.

        Raises:
            NeuroAoloError: files of the run are missing or wrong, or the page cannot be written.

        Example:
            >>> import neuro_aolo as na
            >>> na.load("demo").report().path.name
            'report.html'
        """
        from neuro_aolo.report.of_run import report

        summary, page = report(self.path, None if out is None else Path(out), system=self.system)
        return Report(page, summary)

    @speaks_python
    def export(
        self,
        to: "Sequence[str] | str | None" = None,
        *,
        out: "str | Path | None" = None,
        weight_bits: int | None = None,
    ) -> Exports:
        """Write the actor for other tools; every file is run back on the same inputs before it counts.

        Args:
            to: some of ``lava``, ``nir`` and ``onnx``; all where None, Lava where it is installed.
            out: folder of the files; the run's where None.
            weight_bits: of a weight in Lava's file, 4 to 8.

        Raises:
            NeuroAoloError, ExportError: a file cannot be written, or differs when it is run back.

        Example:
            >>> import neuro_aolo as na
            >>> made = na.load("demo").export(["nir"])
            >>> made.checks["actor.nir"].mismatches
            0
        """
        from neuro_aolo.runs.exports import chosen_formats, export_run

        formats, left_out = chosen_formats(to if to is None or isinstance(to, str) else ",".join(to))
        folder = self.path if out is None else Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        exported = export_run(self._open, formats, folder, weight_bits)
        return Exports(folder, exported.checks, left_out, exported.quantisation)

    @speaks_python
    def simulate(
        self,
        backend: str = "loihi2",
        *,
        decisions: int = 2_048,
        seed: int = 0,
        weight_bits: int | None = None,
        fault: str | None = None,
    ) -> Simulation:
        """Let a backend decide, and keep every spike.

        Args:
            backend: ``float``, ``loihi2`` (our integers), ``lava`` or ``onnx``.
            decisions: B, drawn from the scenario.
            seed: of the decisions, and of faults.
            weight_bits: of the integers, 4 to 8.
            fault: of the chip's integers, as ``lost-spikes=0.01``.

        Raises:
            NeuroAoloError, ExportError: the actor is dense, or the backend is missing or failed.

        Example:
            >>> import neuro_aolo as na
            >>> chip = na.load("demo").simulate(decisions=64)
            >>> chip.actions.shape, chip.spikes[0].shape[1]
            ((64, 2), 64)
        """
        from neuro_aolo.runs.network import of_run
        from neuro_aolo.runs.simulation import chosen_backend, run
        from neuro_aolo_export.loihi2.faults import Fault

        check_whole("decisions", decisions)
        check_whole("seed", seed, least=0)
        network = of_run(self._open, decisions, seed, weight_bits)
        wrong = None if fault is None else Fault.parse(fault)
        return Simulation.of(network, run(network, chosen_backend(backend), wrong, seed))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(str(self))}</p>"

    def __str__(self) -> str:
        config = self.config
        name = getattr(config.scenario, "name", type(config.scenario).__name__)
        kind = type(config.actor).__name__.removesuffix("Config")
        return f"{self.path}: a {kind} trained on {name}, seed {config.seed}"
