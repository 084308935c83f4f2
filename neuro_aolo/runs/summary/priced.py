"""What a decision costs on each device."""

from typing import Literal

from pydantic import Field

from neuro_aolo.runs.summary.part import ActorKind, Number, Part, Span


class BillLineFigures(Part):
    """One line of a bill."""

    key: str
    name: str
    part: Literal["dynamic", "host", "static"]
    count: Number
    energy_j: Span
    source: str
    evidence: str = ""
    quartiles_j: tuple[Number, Number] | None = None


class FootingFigures(Part):
    """What a total rests on; see :class:`neuro_aolo.pricing.footing.Footing`."""

    evidence: str
    share: Number
    figures: tuple[str, ...]
    mover: str
    low: Number
    high: Number


class PlacementFigures(Part):
    """Where a network sits on a chip."""

    cores: tuple[int, ...]
    chips: int
    hops: tuple[Number, ...]


class BillFigures(Part):
    """What a decision of one actor costs on one device; see :class:`neuro_aolo.pricing.bill.Bill`."""

    boundary: str
    evidence: str
    total_j: Span
    interval_j: tuple[Number, Number]
    parts_j: dict[str, Span]
    modelled_j: Span
    static_share: Number
    latency_s: Span | None
    highest_rate_hz: Span | None
    delay_product_js: Span | None
    placement: PlacementFigures | None
    lines: tuple[BillLineFigures, ...]
    unpriced: tuple[str, ...]
    left_out: tuple[str, ...]
    excluded: tuple[str, ...]
    quartiles_j: tuple[Number, Number] | None = None
    latency_quartiles_s: tuple[Number, Number] | None = None
    footing: FootingFigures | None = None
    covered: tuple[str, ...] = ()

    @property
    def dynamic_j(self) -> Span:
        """Energy of the device's own work; the total where it has no other part."""
        return self.parts_j.get("dynamic", self.total_j)


class LayerEnergy(Part):
    """Where a bill's energy goes: a layer, or a line that no layer causes."""

    name: str
    energy_j: Number


class Device(Part):
    """The bills of one device.

    Attributes:
        name: of the device.
        kind: of the device, as ``mcu``.
        spiking: bill of the spiking actor; None where there is none.
        dense: bill of the dense one, the actor itself or its twin.
        unfit: why it does not run an actor, by the actor's kind; empty where it runs none of that kind, and
            no more is to be said.
        by_layer: where the spiking actor's energy goes, by key.
    """

    name: str
    kind: str
    spiking: BillFigures | None
    dense: BillFigures | None
    unfit: dict[ActorKind, str] = Field(default_factory=dict)
    by_layer: dict[str, LayerEnergy] | None = None

    def bill(self, kind: ActorKind) -> BillFigures | None:
        """The bill of the actor of that kind."""
        return self.spiking if kind == "spiking" else self.dense


class PairFigures(Part):
    """A spiking actor on one device beside a dense one; see :class:`neuro_aolo.pricing.breakeven.Pair`."""

    spiking: str
    dense: str
    refused: str
    ratio: float | None
    probability: float | None
    wins: Literal["", "never", "always", "below"]
    rate: float | None
    reduction: float | None
    silent_j: float | None
    spiking_j: float | None
    dense_j: float | None
    origins: tuple[str, ...] = ()


class PublishedCondition(Part):
    """A published condition beside what was counted; see :class:`neuro_aolo.pricing.breakeven.Condition`."""

    source: str
    reference: str
    key: str
    quantity: str
    low: Number
    high: Number
    observed: Number
    note: str
    verdict: Literal["met", "inside the band", "missed"]
    reduction: Number


class PricedUnder(Part):
    """Under which decisions were priced.

    Attributes:
        host: what encodes and decodes for a chip that cannot.
        request_rate_hz: decisions a second of a device that is always on; None where it is on for each alone.
        spiking_bits: of a weight.
        dense_bits: likewise.
        copies: of the network that decide on one state: each bill is of one of them.
    """

    host: str | None
    request_rate_hz: float | None
    spiking_bits: int
    dense_bits: int
    copies: int = 1


class Priced(Part):
    """What a decision costs on each device.

    Attributes:
        devices: by profile.
        pairs: every spiking bill beside every dense one.
        nearest: of each profile that runs the spiking actor, the pair that says most.
        published: conditions of the literature; empty of a dense actor.
        firing_rate: share of the slots of hidden and output neurons that spike; None of a dense actor.
        synapses: non-zero weights of a spiking actor.
        spikes_per_synapse: how often a weight is used in a decision.
        synaptic_events_by_step: per layer and step.
        bias_events: those of them that a bias causes, billed only where a bias is an axon.
        conditions: of all bills.
        agent_mg_per_decision: carbon of a decision of the actor, by profile.
        independent: devices whose pairs may be divided, in groups of which no two share a source.
        independent_assumptions: how many groups; None where the run is older than the count.
    """

    devices: dict[str, Device]
    pairs: tuple[PairFigures, ...]
    nearest: dict[str, PairFigures]
    published: tuple[PublishedCondition, ...]
    firing_rate: float | None
    synapses: int | None
    spikes_per_synapse: float | None
    synaptic_events_by_step: tuple[tuple[Number, ...], ...]
    conditions: PricedUnder
    agent_mg_per_decision: dict[str, Span]
    bias_events: Number = 0.0
    independent: tuple[tuple[str, ...], ...] = ()
    independent_assumptions: int | None = None
