"""A trained actor looked at from every side: decisions, spikes, Lava, joules, carbon.

Every figure is computed from the run folder's actor and settings when it is asked for, and once.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel

from hardware_profiles.profile import Profile, load_profile
from neuro_aolo.agent.checkpoint import Actor, SavedActor, load_actor
from neuro_aolo.agent.evaluate import HELD_OUT_REQUESTS, Evaluation, Requests, held_out, noise_free
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN
from neuro_aolo.agent.rivals import ConstantAction, best_constant_action
from neuro_aolo.carbon.feedback import agent_carbon
from neuro_aolo.carbon.ledger import SERVICE
from neuro_aolo.energy.count import SpikingCounts, count_dense, count_spiking
from neuro_aolo.energy.profiler import Profiler, load_conditions
from neuro_aolo.errors import RunError
from neuro_aolo.runs.folder import NETWORK, RunFolder
from neuro_aolo.systems.aolo.request import outcome, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo.systems.scenario_file import scenario_names
from neuro_aolo.systems.task import Floats, Observations
from neuro_aolo.units import MG_PER_G
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.loihi2.integers import WEIGHT_BITS, QuantizedGraph
from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, lava_version, run_network, write_network
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.quantity import Quantity
from neuro_aolo_export.simulate import Activity, simulate_integer
from neuro_aolo_export.verify import compare

COUNTED_DECISIONS = 2_048
"""Held-out requests whose recorded activity is priced."""

LAVA_DECISIONS = 128
"""Held-out requests that Lava decides too."""

DEFAULT_PROFILES = ("h100", "loihi1", "loihi2", "mcu_m33_u575")
"""Devices of a run's report: two chips, a microcontroller, a GPU."""

OF_SCENARIO = "scenario"
"""The host that the scenario's deployment names."""

_CHUNK = 2_048


class Analysis:
    """All that a run folder with a trained actor can tell.

    Args:
        folder: the run.
        requests: held-out requests to decide.
        profiles: hardware profiles to price on.
        scenario: the service to look at the actor in; the one that it was trained in where none is given.
        weight_bits: of the integer graph; those that the actor was fine-tuned for, else 8, where None.
        request_rate_hz: decisions a second of devices that are always on; they are on for each decision alone
            where None.
        twin: ``mlp-int8`` or ``mlp-fp32``, the dense actor beside the spiking one.
        host: profile of the device that encodes and decodes for a chip that cannot; none where None, and the
            scenario's where it is :data:`OF_SCENARIO`.

    Raises:
        RunError, AgentError: the folder's files are missing or wrong.
        ProfileError: an unknown profile.
    """

    def __init__(
        self,
        folder: RunFolder,
        requests: int = HELD_OUT_REQUESTS,
        profiles: tuple[str, ...] = DEFAULT_PROFILES,
        scenario: Scenario | None = None,
        weight_bits: int | None = None,
        request_rate_hz: float | None = None,
        twin: str = "mlp-int8",
        host: str | None = OF_SCENARIO,
    ) -> None:
        self.folder = folder
        self.config = folder.config()
        if scenario is not None:
            self.config = replace(self.config, scenario=scenario)
        self.saved: SavedActor = load_actor(folder.path)
        self.task = AoloTask(self.config.scenario)
        if self.saved.spec.observation_names != self.task.observation_names:
            raise RunError(
                f"{folder.path}: the actor observes {', '.join(self.saved.spec.observation_names)}, "
                f"its scenario has {', '.join(self.task.observation_names)}: train it again"
            )
        self.profiles: dict[str, Profile] = {}
        for name in profiles:
            profile = load_profile(name)
            self.profiles[profile.id] = profile
        if host == OF_SCENARIO:
            host = self.config.scenario.deployment.host_profile
        self._conditions = load_conditions(host, request_rate_hz, twin)
        self._requests = requests
        self._weight_bits = weight_bits
        self.timings_s: dict[str, float] = {}

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.timings_s[step] = time.perf_counter() - began

    @cached_property
    def held_out(self) -> Requests:
        """The requests that every figure is over: those of the held-out ones that have a feasible action."""
        with self._timed("oracle"):
            return held_out(self.task, self._requests)

    @cached_property
    def actions(self) -> Floats:
        """The trained actor's decisions of the held-out requests, in [-1, 1]."""
        with self._timed("decide"):
            return noise_free(self.saved.network)(self.held_out.observations)

    @cached_property
    def evaluation(self) -> Evaluation:
        """How the trained actor does."""
        return self.held_out.evaluate(lambda observations: self.actions, self._deciding(self.saved.network))

    @cached_property
    def deciding_mg(self) -> float:
        """Mean of what the actor's decisions emit, as far as its regret holds it; 0 where it does not."""
        return float(np.mean(self._deciding(self.saved.network)))

    def _deciding(self, actor: Actor) -> Floats | float:
        """What the decisions of the held-out requests emit in mg, where the scenario counts it."""
        graph = actor.graph()
        bits = self.weight_bits if isinstance(graph, SpikingGraph) else 8
        scenario, site = self.config.scenario, self.config.agent_site
        found = agent_carbon(scenario, site, graph, self.held_out.observations, bits)
        return 0.0 if found is None else found.mg(self.held_out.states)

    @cached_property
    def service_terms_mg(self) -> dict[str, float]:
        """Mean carbon of a request under the trained actor, by the ledger's key of each term, in mg."""
        words, power_w = to_physical(self.task.scenario, self.actions)
        terms = outcome(self.task.scenario, self.held_out.states, words, power_w).terms
        return {key: float(np.mean(getattr(terms, f"{key}_g"))) * MG_PER_G for key in SERVICE}

    @cached_property
    def constant(self) -> ConstantAction:
        """The best constant action, searched on requests of its own."""
        with self._timed("constant action"):
            return best_constant_action(self.task)

    @cached_property
    def quantities(self) -> tuple[tuple[Quantity, ...], tuple[Quantity, ...]]:
        """Physical observations and actions as the actor was trained on them."""
        scenario = self.folder.config().scenario
        observations = [
            Quantity(name, _unit(scenario.state, name), *getattr(scenario.state, name).observe)
            for name in scenario.state_names
        ]
        actions = [
            Quantity(name, _unit(scenario.actions, name), *getattr(scenario.actions, name))
            for name in self.task.action_names
        ]
        return tuple(observations), tuple(actions)

    @cached_property
    def graph(self) -> SpikingGraph:
        """The trained actor's graph.

        Raises:
            RunError: the actor is an MLP.
        """
        network = self.saved.network
        if not isinstance(network, PopSAN):
            raise RunError(f"{self.folder.path} holds an MLP, which has no spikes: train with --actor popsan")
        return network.graph(*self.quantities)

    @cached_property
    def weight_bits(self) -> int:
        """Bits of a weight on the chip.

        Raises:
            RunError: the run says a number of bits that no chip has.
        """
        bits = self._weight_bits or self.saved.training.get("finetuned_weight_bits", 8)
        if bits not in WEIGHT_BITS:
            raise RunError(
                f"{self.folder.path}: finetuned_weight_bits = {bits!r}: give 4 to 8, or train again"
            )
        return int(bits)

    @cached_property
    def quantized(self) -> QuantizedGraph:
        """The graph in Loihi 2 integers."""
        return quantize(self.graph, self.weight_bits)

    @cached_property
    def activity(self) -> Activity:
        """Recorded spikes of the integer graph over the first held-out requests."""
        return simulate_integer(self.quantized, self.held_out.observations[:COUNTED_DECISIONS])

    @cached_property
    def deployed(self) -> Evaluation:
        """How the integer graph does: what a chip would decide."""

        def decide(observations: Observations) -> Floats:
            chunks = [observations[i : i + _CHUNK] for i in range(0, len(observations), _CHUNK)]
            actions = [simulate_integer(self.quantized, chunk).actions for chunk in chunks]
            return np.concatenate(actions).astype(np.float64)

        with self._timed("simulate"):
            return self.held_out.evaluate(decide, self._deciding(self.saved.network))

    @cached_property
    def counts(self) -> SpikingCounts:
        """Operations of one decision of the integer graph."""
        return count_spiking(self.quantized, self.activity)

    @property
    def is_spiking(self) -> bool:
        """Whether the actor has spikes; an MLP otherwise."""
        return isinstance(self.saved.network, PopSAN)

    @cached_property
    def dense_graph(self) -> DenseGraph | None:
        """The trained MLP's graph, the actor itself or its same-size twin; None where none was trained."""
        if isinstance(self.saved.network, MLP):
            return self.saved.network.graph(*self.quantities)
        return self.twin_graph if self.twin is not None else None

    @cached_property
    def twin_graph(self) -> DenseGraph:
        """The same-size MLP: trained with the run where it was, else untrained. Its counts are the same.

        Raises:
            RunError: what lies beside the run is no MLP.
        """
        if (self.folder.twin.path / "actor.json").is_file():
            network = load_actor(self.folder.twin.path).network
        else:
            spec = self.saved.spec
            hidden = tuple(layer.neurons for layer in self.graph.layers[:-1])
            network = replace(spec, config=MLPConfig(hidden)).build(torch.Generator())
        if not isinstance(network, MLP):
            raise RunError(
                f"{self.folder.twin.path} holds a {type(network).__name__}, not the same-size MLP: "
                "remove that folder, or run again"
            )
        return network.graph(*self.quantities)

    @cached_property
    def twin(self) -> tuple[Evaluation, SavedActor] | None:
        """How the trained same-size MLP does, and what it is; None where none was trained with the run."""
        if not (self.folder.twin.path / "actor.json").is_file():
            return None
        saved = load_actor(self.folder.twin.path)
        return self.held_out.evaluate(noise_free(saved.network), self._deciding(saved.network)), saved

    @cached_property
    def profiler(self) -> Profiler:
        """Bills of one decision per profile, of the spiking actor and of the MLP."""
        conditions = replace(self._conditions, spiking_bits=self.weight_bits)
        return Profiler(self.counts, count_dense(self.twin_graph), self.profiles, conditions)

    @property
    def request_rate_hz(self) -> float:
        """Requests a second of the devices on the ledger, which are always on."""
        return self._conditions.request_rate_hz or self.config.scenario.deployment.request_rate_hz

    @cached_property
    def always_on(self) -> Profiler:
        """Bills of one decision of devices that are on all the time."""
        conditions = replace(self.profiler.conditions, request_rate_hz=self.request_rate_hz)
        return Profiler(self.counts, self.profiler.dense_counts, self.profiles, conditions)

    @property
    def host(self) -> Profile | None:
        """The device that encodes and decodes for a chip that cannot."""
        return self._conditions.host

    @cached_property
    def site_intensity_g_per_kwh(self) -> float:
        """Mean carbon intensity at the agent's site: over its trace, or over the requests without one."""
        name, traces = f"{self.config.agent_site}_intensity_g_per_kwh", self.config.scenario.traces
        hourly = traces.clock.g_per_kwh if traces else {}
        if name in hourly:
            return float(np.mean(hourly[name]))
        return float(self.held_out.states[:, self.task.observation_names.index(name)].mean())

    @property
    def trace_sources(self) -> dict[str, str]:
        """Files of the dated traces by side, ``dc`` and ``bs``."""
        traces = self.config.scenario.traces
        sides = {"dc": traces.dc, "bs": traces.bs} if traces else {}
        return {side: trace.source for side, trace in sides.items() if trace and trace.start}

    @property
    def scenario_is_shipped(self) -> bool:
        """Whether the scenario is a shipped one, its countries and traces aside."""
        scenario = self.config.scenario
        if scenario.name not in scenario_names():
            return False
        shipped = Scenario.load(scenario.name).with_countries(scenario.dc_country, scenario.bs_country)
        sections = ("channel", "inference", "radio", "quality", "limits", "actions", "deployment")
        return all(getattr(shipped, name) == getattr(scenario, name) for name in sections)

    def write_network(self, path: Path) -> None:
        """Write the integer graph as a lava-dl network file.

        Raises:
            ExportError: Lava is missing, or the file cannot be written.
        """
        write_network(self.quantized, path)

    @cached_property
    def lava(self) -> dict[str, Any]:
        """The integer simulator beside Lava on the same spikes; writes ``actor.net`` on the way.

        Without Lava nothing is written, and the answer says so.
        """
        installed = lava_version()
        nothing = dict.fromkeys(("decisions", "spikes_compared", "spikes_emitted", "mismatches"))
        if installed is None:
            reason = f"Lava is not installed, so no {NETWORK} was written; install it with  {LAVA_INSTALL}"
            return {"available": False, "version": None, **nothing, "reason": reason}
        path = self.folder.path / NETWORK
        with self._timed("Lava"):
            self.write_network(path)
            observations = self.held_out.observations[:LAVA_DECISIONS]
            activity = simulate_integer(self.quantized, observations)
            spikes = run_network(path, activity.input_spikes, steps=self.quantized.steps)
        result = compare(activity, spikes)
        names = [layer["name"] for layer in self.layers[1:]]
        return {
            "available": True,
            "version": installed,
            "decisions": result.decisions,
            "spikes_compared": result.slots,
            "spikes_emitted": result.spikes,
            "mismatches": result.mismatches,
            "layers": [
                {"name": name, "slots": slots, "spikes": fired, "mismatches": mismatches}
                for name, (slots, fired, mismatches) in zip(names, result.per_layer, strict=True)
            ],
        }

    @cached_property
    def layers(self) -> list[dict[str, Any]]:
        """The encoder and every layer: neurons, spikes and synaptic events per decision.

        Neurons and spikes are the network's own; events include those of the always-on axons.
        """
        steps, last = self.quantized.steps, len(self.quantized.layers) - 1
        names = [f"hidden {i + 1}" for i in range(last)] + ["output"]
        own = (self.activity.own_input_spikes, *self.activity.own_layer_spikes)
        events = (0.0, *self.counts.synaptic_events)
        return [
            {
                "name": name,
                "neurons": spikes.shape[-1],
                "spikes_per_decision": float(spikes.mean() * spikes.shape[-1] * steps),
                "firing_rate": float(spikes.mean()),
                "synaptic_events_per_decision": received,
            }
            for name, spikes, received in zip(["encoder", *names], own, events, strict=True)
        ]


def _unit(section: BaseModel, name: str) -> str:
    extra = type(section).model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return str(extra["unit"])
