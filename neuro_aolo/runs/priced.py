"""Third stage: what a decision costs on each device, the actor's own bills beside those of its dense twin."""

from dataclasses import asdict, dataclass, replace
from functools import cached_property

import torch

from hardware_profiles.profile import Profile, load_profile
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.carbon.lines import carbon_mg
from neuro_aolo.pricing.bill import LEFT_OUT, Bill, Conditions, Unfit
from neuro_aolo.pricing.breakeven import Condition, by_layer, published
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts, count_dense
from neuro_aolo.pricing.profiler import Profiler, load_conditions
from neuro_aolo.runs.defaults import OF_DEPLOYMENT, PROFILES, TWIN_KIND
from neuro_aolo.runs.deployed import OnChip
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.part import ActorKind, Span
from neuro_aolo.runs.summary.priced import (
    BillFigures,
    BillLineFigures,
    Device,
    FootingFigures,
    LayerEnergy,
    PairFigures,
    PlacementFigures,
    Priced,
    PricedUnder,
    PublishedCondition,
)
from neuro_aolo_export.graph import DenseGraph


@dataclass(frozen=True)
class Pricing:
    """What a decision is priced on, and under which conditions.

    Attributes:
        profiles: devices, by name or file.
        request_rate_hz: decisions a second of devices that are always on; they are on for each decision alone
            where None.
        twin: ``mlp-int8`` or ``mlp-fp32``, the dense actor beside the spiking one.
        host: profile of the device that encodes and decodes for a chip that cannot; none where None, and the
            deployment's where it is :data:`OF_DEPLOYMENT`.

    Raises:
        ProfileError: an unknown profile.
        AgentError: conditions that cannot be.
    """

    profiles: tuple[str, ...] = PROFILES
    request_rate_hz: float | None = None
    twin: str = TWIN_KIND
    host: str | None = OF_DEPLOYMENT

    def devices(self) -> dict[str, Profile]:
        """The profiles by id."""
        return {profile.id: profile for profile in map(load_profile, self.profiles)}

    def conditions(self, run: Run) -> Conditions:
        """Under which decisions of ``run`` are priced."""
        host = run.config.deployment.host_profile if self.host == OF_DEPLOYMENT else self.host
        conditions = load_conditions(host, self.request_rate_hz, self.twin)
        return replace(conditions, copies=run.task.spec.agents)


def check_pricing(run: Run, pricing: Pricing) -> None:
    """Refuse devices and conditions that cannot be, before anything is decided.

    Raises:
        ProfileError: an unknown profile.
        AgentError: conditions that cannot be.
    """
    pricing.devices()
    pricing.conditions(run)


USUAL = Pricing()
"""On the devices of a run's report."""


@dataclass(frozen=True)
class Prices:
    """Bills of one decision of a run's actor.

    Attributes:
        run: the run.
        profiles: devices by id.
        conditions: of all bills.
        spiking: operations of the spiking actor; None of a dense one.
        dense: operations of the dense actor, the run's own or the twin's.
    """

    run: Run
    profiles: dict[str, Profile]
    conditions: Conditions
    spiking: SpikingCounts | None
    dense: DenseCounts

    @cached_property
    def profiler(self) -> Profiler:
        """Bills of a device that is on as the conditions say."""
        return Profiler(self.spiking, self.dense, self.profiles, self.conditions)

    @property
    def request_rate_hz(self) -> float:
        """Decisions a second of the devices on the ledger, which are always on."""
        return self.conditions.request_rate_hz or self.run.config.deployment.request_rate_hz

    @cached_property
    def always_on(self) -> Profiler:
        """Bills of a device that is on all the time, each copy of the network deciding on it."""
        rate_hz = self.request_rate_hz * self.run.task.spec.agents
        conditions = replace(self.conditions, request_rate_hz=rate_hz)
        return Profiler(self.spiking, self.dense, self.profiles, conditions)

    @cached_property
    def on_alone(self) -> Profiler:
        """Bills of a device that is on for each decision of one copy of the network alone."""
        return Profiler(
            self.spiking, self.dense, self.profiles, replace(self.conditions, request_rate_hz=None)
        )

    def of_actor(self, profiler: Profiler) -> dict[str, Bill | Unfit]:
        """Of a profiler's bills those of the run's actor, by profile."""
        return profiler.dense if self.spiking is None else profiler.spiking


def price_run(run: Run, chip: OnChip | None, pricing: Pricing = USUAL) -> Prices:
    """Count what a decision of a run takes, for bills on each device.

    Args:
        run: the run.
        chip: its actor in the chip's integers; None of a dense one.
        pricing: devices and conditions.
    """
    conditions = pricing.conditions(run)
    if chip is None:
        assert isinstance(run.graph, DenseGraph)
        return Prices(run, pricing.devices(), conditions, None, count_dense(run.graph))
    conditions = replace(conditions, spiking_bits=chip.weight_bits)
    return Prices(run, pricing.devices(), conditions, chip.counts, count_dense(_twin(run)))


def _twin(run: Run) -> DenseGraph:
    """The MLP beside it: trained with the run where it was, else untrained. Its counts are the same."""
    if run.twin is not None:
        assert isinstance(run.twin.graph, DenseGraph)
        return run.twin.graph
    spec = run.saved.spec
    sizes = len(spec.observation_names), len(spec.action_names)
    return MLPConfig.beside(tuple(spec.config.hidden)).build(*sizes, torch.Generator()).graph()


def priced_figures(prices: Prices, intensity_g_per_kwh: float) -> Priced:
    """The stage as a summary holds it.

    Args:
        prices: the stage.
        intensity_g_per_kwh: at the agent's site.
    """
    bills = prices.of_actor(prices.profiler)
    return profiled(
        prices.profiler,
        {
            name: span(carbon_mg(bill.total_j * prices.conditions.copies, intensity_g_per_kwh))
            for name, bill in bills.items()
            if isinstance(bill, Bill)
        },
    )


def profiled(profiler: Profiler, agent_mg_per_decision: dict[str, Span]) -> Priced:
    """What a profiler's bills and pairs come to.

    Args:
        profiler: of a run, or of a network file.
        agent_mg_per_decision: carbon of a decision by profile, where a site is known.
    """
    conditions, counts = profiler.conditions, profiler.spiking_counts
    independent = profiler.independent
    return Priced(
        devices={name: _device(profiler, name) for name in profiler.profiles},
        pairs=tuple(PairFigures(**asdict(pair)) for pair in profiler.pairs),
        nearest={
            name: PairFigures(**asdict(pair))
            for name in profiler.profiles
            if (pair := profiler.nearest(name))
        },
        published=() if counts is None else tuple(map(_published, published(counts))),
        firing_rate=None if counts is None else counts.firing_rate,
        synapses=None if counts is None else sum(counts.synapses),
        spikes_per_synapse=None if counts is None else counts.spikes_per_synapse,
        synaptic_events_by_step=() if counts is None else counts.events_by_step,
        bias_events=0.0 if counts is None else sum(counts.constant_events),
        conditions=PricedUnder(
            host=conditions.host.id if conditions.host else None,
            request_rate_hz=conditions.request_rate_hz,
            spiking_bits=conditions.spiking_bits,
            dense_bits=conditions.dense_bits,
            copies=conditions.copies,
        ),
        agent_mg_per_decision=agent_mg_per_decision,
        independent=independent,
        independent_assumptions=len(independent),
    )


def _published(condition: Condition) -> PublishedCondition:
    return PublishedCondition(**asdict(condition), verdict=condition.verdict, reduction=condition.reduction)


def _device(profiler: Profiler, name: str) -> Device:
    profile = profiler.profiles[name]
    bills: dict[ActorKind, Bill | Unfit | None] = {
        "spiking": profiler.spiking.get(name),
        "dense": profiler.dense.get(name),
    }
    layers = None
    if isinstance(bills["spiking"], Bill) and profiler.spiking_counts is not None:
        layers = {
            share.key: LayerEnergy(name=share.name, energy_j=share.energy_j)
            for share in by_layer(profiler.spiking_counts, bills["spiking"], profile)
        }
    return Device(
        name=profile.name,
        kind=profile.kind,
        spiking=bill_figures(bills["spiking"]),
        dense=bill_figures(bills["dense"]),
        unfit={
            kind: _more_than_that(bill, profile) for kind, bill in bills.items() if isinstance(bill, Unfit)
        },
        by_layer=layers,
    )


def _more_than_that(bill: Unfit, profile: Profile) -> str:
    """Why a device does not run an actor; nothing where it runs none of that kind, and says no more."""
    return bill.reason if bill.actor in profile.executes or profile.refuses else ""


def bill_figures(bill: Bill | Unfit | None) -> BillFigures | None:
    """A bill as a summary holds it; None where there is none."""
    if not isinstance(bill, Bill):
        return None
    return BillFigures(
        boundary=bill.boundary,
        evidence=bill.evidence,
        total_j=span(bill.total_j),
        interval_j=bill.interval_j,
        parts_j={part: span(energy_j) for part, energy_j in bill.parts_j.items()},
        modelled_j=span(bill.modelled_j),
        static_share=bill.static_share,
        latency_s=span(bill.latency_s) if bill.latency_s else None,
        highest_rate_hz=span(rate) if (rate := bill.highest_rate_hz) else None,
        delay_product_js=span(product) if (product := bill.delay_product_js) else None,
        placement=PlacementFigures(**asdict(bill.placement)) if bill.placement else None,
        lines=tuple(
            BillLineFigures(
                key=line.key,
                name=line.name,
                part=line.part,
                count=line.count,
                energy_j=span(line.energy_j),
                source=line.source,
                evidence=line.evidence,
                quartiles_j=line.quartiles_j,
            )
            for line in bill.lines
        ),
        unpriced=bill.unpriced,
        left_out=tuple(LEFT_OUT[part] for part in bill.left_out),
        excluded=bill.excluded,
        quartiles_j=bill.quartiles_j,
        latency_quartiles_s=bill.latency_quartiles_s,
        footing=FootingFigures(**asdict(bill.footing)),
        covered=bill.covered,
    )


def span(amount: object) -> Span:
    """An amount with low, nominal and high as a summary holds it."""
    return Span.model_validate(amount, from_attributes=True)
