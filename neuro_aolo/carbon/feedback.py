"""Fed back: what deciding emits, as a part of what is minimised.

    (1) minimise  C_service(request, action) + E(request) I(request) + M t_on / L

with ``E`` the energy of the request's decision, static power for ``t_on`` included, which for a spiking actor
depends on its spikes, ``I`` the carbon intensity at the agent's site in that request, and ``M t_on / L`` the
making of the devices. ``work`` counts the time of the decision itself as ``t_on``; ``provisioned`` all of the
time until the next one, at the request rate. The exact optimum is that of the service: an oracle decides for
nothing, and so does a constant action. Regret thus holds what deciding costs.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.carbon.lines import MG_PER_KG, carbon_mg
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.profiler import load_conditions
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.pricing.spending import spending, spike_prices
from neuro_aolo.systems.charged import Charged, Overhead
from neuro_aolo.systems.task import Task
from neuro_aolo_export.graph import DenseGraph, SpikingGraph

Floats = NDArray[np.float64]
UJ_PER_J = 1e6
_PROBED = 16
_SAMPLED = 10_000


@dataclass(frozen=True)
class AgentCarbon:
    """What the decisions of an actor emit.

    Attributes:
        overhead: the part that no spike changes.
        spikes_j: what spikes draw beyond it in each evaluation of the network, ``(n * agents,)``, in J.
        agents: copies of the network that decide on the same state.
    """

    overhead: Overhead
    spikes_j: Floats
    agents: int = 1

    def mg(self, intensity_g_per_kwh: Floats) -> Floats:
        """Of each of the decisions at intensities ``(n,)`` in g/kWh, in mgCO2e: of all copies together."""
        each = self.overhead.mg(np.repeat(intensity_g_per_kwh, self.agents), self.spikes_j)
        return np.asarray(each.reshape(-1, self.agents).sum(axis=1))


def agent_carbon(
    deployed: Deployment,
    site: str,
    graph: SpikingGraph | DenseGraph,
    observations: NDArray[np.float32],
    bits: int = 8,
    agents: int = 1,
) -> AgentCarbon | None:
    """What the decisions of an actor emit where the deployment counts it; None where it does not.

    Args:
        deployed: how the agent runs.
        site: where it stands.
        graph: of the actor.
        observations: of the requests to be decided, ``(n * agents, D)``.
        bits: of a weight on the chip.
        agents: copies of the network that decide on the same state, one after another on one device.

    Raises:
        AgentError: the device does not run the actor, or nothing tells how long its work takes.
        ProfileError: no such device.
    """
    if deployed.agent_carbon == "none":
        return None
    provisioned = deployed.agent_carbon == "provisioned"
    rate_hz = deployed.request_rate_hz * agents
    spiking = isinstance(graph, SpikingGraph)
    host = deployed.host_profile if spiking else None
    conditions = load_conditions(host, rate_hz if provisioned else None, "mlp-int8")
    profile = deployed.spiking_profile if spiking else deployed.dense_profile
    spent = spending(graph, observations, profile, replace(conditions, spiking_bits=bits))
    if not provisioned and spent.hardware and not spent.latency_s:
        raise AgentError(
            f"agent_carbon = 'work' counts static power and making for the time of a decision, and {profile} "
            "has no figure of it: set deployment.agent_carbon to 'provisioned', or choose another device"
        )
    on_for_s = max(1.0 / rate_hz, spent.latency_s) if provisioned else spent.latency_s
    making_mg = sum(
        made.embodied_kg.nominal * MG_PER_KG * on_for_s / made.lifetime_s for made in spent.hardware
    )
    return AgentCarbon(Overhead(site, spent.silent_j, making_mg), spent.spikes_j * spent.activity, agents)


def refuse_episodes(deployed: Deployment, horizon: int) -> None:
    """Refuse to count what deciding emits where no decision stands alone.

    Args:
        deployed: how the agent runs.
        horizon: decisions of an episode.

    Raises:
        AgentError: it would be counted over episodes.
    """
    if deployed.agent_carbon != "none" and horizon > 1:
        raise AgentError(
            f"agent_carbon = {deployed.agent_carbon!r} counts decisions that stand alone, and an episode "
            f"here has {horizon}: set deployment.agent_carbon to 'none'"
        )


def charged(task: Task, deployed: Deployment, site: str, graph: SpikingGraph | DenseGraph) -> Task:
    """The task, charged for what an actor emits before any spike, known before it is trained.

    Raises:
        ScenarioError: an optimal decision would cost more than breaking a constraint.
        AgentError: decisions do not stand alone, or the device does not run the actor.
    """
    refuse_episodes(deployed, task.spec.horizon)
    nothing = np.zeros((_PROBED, len(task.spec.observations)), np.float32)
    found = agent_carbon(deployed, site, graph, nothing, agents=task.spec.agents)
    return task if found is None else Charged(task, found.overhead)


def toll(task: Task, deployed: Deployment, site: str, weighed: SpikeToll | None = None) -> SpikeToll | None:
    """What spikes cost in training: the carbon of their energy, where it counts, on top of a weight of ours.

    The gradient sees the mean intensity of the site.

    Args:
        task: what is controlled.
        deployed: how the agent runs.
        site: where it stands.
        weighed: a toll that was asked for.

    Raises:
        AgentError: the weight is in joules of another device.
    """
    if deployed.agent_carbon == "none":
        return weighed
    profile, event_uj, spike_uj = spike_prices(deployed.spiking_profile)
    if weighed is not None and weighed.profile != profile:
        raise AgentError(
            f"spikes weighed in joules of {weighed.profile!r}, and the deployment counts those of "
            f"{profile!r}: give --spike-profile {profile}"
        )
    states = task.reset(_SAMPLED, np.random.default_rng(0))
    intensity = float(task.intensity(states, site).mean())
    per_uj = carbon_mg(Range(1.0, 1.0, 1.0), intensity).nominal / UJ_PER_J
    return SpikeToll(profile, event_uj, spike_uj, per_uj + (weighed.cost_per_uj if weighed else 0.0))
