"""First stage: what the float actor decides on held-out decisions, and what that serves and emits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuro_aolo.agent.evaluate import HELD_OUT_REQUESTS, Evaluation, Requests, held_out, noise_free
from neuro_aolo.agent.rivals import ConstantAction, best_constant_action
from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.carbon.feedback import agent_carbon, refuse_episodes
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.decided import (
    ConstantFigures,
    Decided,
    Margin,
    PolicyFigures,
    TermFigures,
    TwinFigures,
)
from neuro_aolo.systems.task import Flags, Floats, Observations, Optimum, Served, Spec, Task
from neuro_aolo.text.numbers import amount
from neuro_aolo.units import MG_PER_G
from neuro_aolo_export.quantity import physical

QUANTILES = (0.001, 0.05, 0.5, 0.95, 0.999)
_DENSE_BITS = 8


@dataclass(frozen=True)
class HeldOut:
    """A run's actor, and the held-out decisions that every figure of it is over.

    Attributes:
        run: the run.
        requests: those of the held-out decisions that have a feasible action.
    """

    run: Run
    requests: Requests

    @cached_property
    def seen(self) -> Observations:
        """Observations that the float actor decides on, ``(rows, D)``; of episodes some of all decisions."""
        if self.run.task.spec.horizon == 1:
            return self.requests.observations
        return self.requests.rollout(noise_free(self.run.saved.network)).seen

    def deciding_mg(self, run: Run, bits: int | None = None) -> Floats | float:
        """What the actor of ``run`` emits by each of the decisions, in mg, where the deployment counts it.

        Raises:
            AgentError: it would count over episodes, where no decision stands alone.
        """
        config, spec = run.config, run.task.spec
        refuse_episodes(config.deployment, spec.horizon)
        weight_bits = run.weight_bits(bits) if run.kind == "spiking" else _DENSE_BITS
        observations = self.requests.observations
        emitted = agent_carbon(
            config.deployment, config.agent_site, run.graph, observations, weight_bits, spec.agents
        )
        if emitted is None:
            return 0.0
        return emitted.mg(run.task.intensity(self.requests.states, config.agent_site))


@dataclass(frozen=True)
class Decisions:
    """What the actor decides.

    Attributes:
        held_out: what is decided.
        evaluation: how they do.
        deciding_mg: mean of what deciding emits, as far as the regret holds it.
        served: what they serve and emit.
        rolled: all of what they lead to.
        kept: where every constraint is, ``(n,)``.
    """

    held_out: HeldOut
    evaluation: Evaluation
    deciding_mg: float
    served: Served
    rolled: Rollout
    kept: Flags

    @cached_property
    def figures(self) -> dict[str, float]:
        """The system's own figures of them; none where it has none."""
        config = self.held_out.run.config
        of_system = getattr(config.system, "figures", None)
        if of_system is None:
            return {}
        return dict(of_system(config.scenario, self.rolled.reached, self.held_out.requests.reached))

    @property
    def terms_mg(self) -> dict[str, float]:
        """Mean carbon of a decision by entry, in mg."""
        entries = self.held_out.run.task.spec.entries
        means = (float(np.mean(column)) * MG_PER_G for column in self.served.carbon_g.T)
        return {entry.key: mg for entry, mg in zip(entries, means, strict=True)}

    @property
    def service_mg(self) -> float:
        """Mean carbon of a decision, in mg."""
        return sum(self.terms_mg.values())


def hold_out(run: Run, decisions: int = HELD_OUT_REQUESTS) -> HeldOut:
    """The held-out decisions of a run."""
    with run.timed("optimum"):
        return HeldOut(run, held_out(run.task, decisions))


def decide(held_out: HeldOut, bits: int | None = None) -> Decisions:
    """Let the float actor decide.

    Args:
        held_out: what is decided.
        bits: of a weight, in what deciding emits.
    """
    run, requests = held_out.run, held_out.requests
    policy = noise_free(run.saved.network)
    with run.timed("decide"):
        rolled = requests.rollout(policy)
    deciding_mg = held_out.deciding_mg(run, bits)
    return Decisions(
        held_out=held_out,
        evaluation=requests.measure(rolled, deciding_mg),
        deciding_mg=float(np.mean(deciding_mg)),
        served=per_decision(rolled),
        rolled=rolled,
        kept=rolled.broken == 0,
    )


def per_decision(rolled: Rollout) -> Served:
    """What a decision served and emitted, the mean over each episode; of margins the least."""
    served, decisions = rolled.served, rolled.decisions[:, None]
    return Served(
        carbon_g=served.carbon_g / decisions,
        energy_j=served.energy_j / decisions,
        units=served.units / decisions,
        margins=served.margins,
        tallies=None if served.tallies is None else served.tallies / decisions,
        busy_s=None if served.busy_s is None else served.busy_s / decisions,
    )


@dataclass(frozen=True)
class BestConstant:
    """The best constant action, searched on decisions of its own, and how it does on the held-out ones."""

    action: ConstantAction
    evaluation: Evaluation


def search_constant(held_out: HeldOut) -> BestConstant | None:
    """The best constant action; None where no state alone has the optimum that the search goes by."""
    run = held_out.run
    if not isinstance(run.task.optimum(held_out.requests.states[:1]), Optimum):
        return None
    with run.timed("constant_action"):
        action = best_constant_action(run.task)
    return BestConstant(action, held_out.requests.evaluate(action.policy()))


def measure_rules(held_out: HeldOut) -> dict[str, Evaluation]:
    """How the rules of the system do, by name; deciding by them costs nothing that is counted."""
    run = held_out.run
    with run.timed("rules"):
        rules = run.config.system.policies(run.config.scenario)
        return {name: held_out.requests.evaluate(rule) for name, rule in rules.items()}


def compare_twin(held_out: HeldOut) -> TwinFigures | None:
    """How the dense twin beside the run does; None where none was trained."""
    run, twin = held_out.run, held_out.run.twin
    if twin is None:
        return None
    policy = noise_free(twin.saved.network)
    evaluation = held_out.requests.evaluate(policy, held_out.deciding_mg(twin))
    return TwinFigures(
        regret=evaluation.regret,
        violation_rate=evaluation.violation_rate,
        violation_limit=run.task.spec.violation_limit,
        cost_per_decision=evaluation.cost,
        steps=twin.saved.training["requests"],
        interrupted=twin.saved.training["interrupted"],
    )


def decided_figures(
    decisions: Decisions, constant: BestConstant | None, rules: Mapping[str, Evaluation]
) -> Decided:
    """The stage as a summary holds it."""
    requests, spec = decisions.held_out.requests, decisions.held_out.run.task.spec
    return Decided(
        regret=decisions.evaluation.regret,
        violation_rate=decisions.evaluation.violation_rate,
        violation_limit=spec.violation_limit,
        decisions=decisions.evaluation.requests,
        service_mg_per_decision=decisions.service_mg,
        optimum_mg_per_decision=float(requests.optimal_mg.mean()),
        deciding_mg_per_decision=decisions.deciding_mg,
        terms={
            entry.key: TermFigures(
                name=entry.name,
                kind=entry.kind,
                site=entry.site,
                source=entry.source,
                mg=decisions.terms_mg[entry.key],
            )
            for entry in spec.entries
        },
        margins=_margins(decisions),
        constant=None if constant is None else _constant(decisions.held_out.run.task, constant),
        cost_per_decision=decisions.evaluation.cost,
        figures=decisions.figures,
        rules={name: _beside(each, spec) for name, each in rules.items()},
    )


def _beside(evaluation: Evaluation, spec: Spec) -> PolicyFigures:
    return PolicyFigures(
        regret=evaluation.regret,
        violation_rate=evaluation.violation_rate,
        violation_limit=spec.violation_limit,
        cost_per_decision=evaluation.cost,
    )


def _constant(task: Task, constant: BestConstant) -> ConstantFigures:
    return ConstantFigures(
        regret=constant.evaluation.regret,
        violation_rate=constant.evaluation.violation_rate,
        violation_limit=task.spec.violation_limit,
        cost_per_decision=constant.evaluation.cost,
        action=physical_action(task, constant.action.action),
    )


def physical_action(task: Task, action: Floats) -> dict[str, float]:
    """The physical values of one action ``(A,)`` in [-1, 1], by name."""
    values = physical(task.spec.actions, action[None])[0]
    return {name: float(value) for name, value in zip(task.spec.action_names, values, strict=True)}


def action_units(task: Task) -> tuple[str, ...]:
    """Units of the actions as people read them after a figure."""
    return task.spec.action_units or tuple(quantity.unit for quantity in task.spec.actions)


def action_parts(task: Task, action: Floats, texts: Sequence[str] | None = None) -> list[str]:
    """One action ``(A,)`` part by part, as ``server5``, ``150.0 steps``: of a choice what it names.

    Args:
        task: whose action it is.
        action: in [-1, 1].
        texts: its physical values as they are written; in the usual way where None.
    """
    spec, values = task.spec, physical_action(task, action)
    written = [str(amount(value)) for value in values.values()] if texts is None else texts
    units = zip(values, written, action_units(task), strict=True)
    parts = [f"{text} {unit}" if unit else f"{name} {text}" for name, text, unit in units]
    if spec.choice:
        score, *numbers = max(spec.choice, key=lambda places: float(action[places[0]]))
        unused = {place for places in spec.choice for place in places} - set(numbers)
        others = [part for place, part in enumerate(parts) if place not in unused]
        return [spec.action_names[score], *others]
    return parts


def action_text(task: Task, action: Floats) -> str:
    """One action ``(A,)`` as ``150.0 words, 8.293 W``."""
    return ", ".join(action_parts(task, action))


def _margins(decisions: Decisions) -> tuple[Margin, ...]:
    """How far the actor keeps each constraint, in the constraint's own unit."""
    margins = []
    for constraint, slack in zip(
        decisions.held_out.run.task.spec.constraints, decisions.served.margins.T, strict=True
    ):
        # A time without end has a slack of minus infinity, and no number lies between that and another.
        quantiles = np.quantile(slack, QUANTILES, method="inverted_cdf")
        margins.append(
            Margin(
                name=constraint.name,
                title=constraint.title or constraint.name,
                unit=constraint.unit,
                limit=constraint.limit,
                broken=float((slack < 0.0).mean()),
                quantiles={
                    f"{share:g}": float(value) if np.isfinite(value) else None
                    for share, value in zip(QUANTILES, quantiles, strict=True)
                },
            )
        )
    return tuple(margins)


def decide_rows(observations: Observations, chunk: int) -> list[Observations]:
    """``observations`` in parts of at most ``chunk`` rows."""
    return [observations[i : i + chunk] for i in range(0, len(observations), chunk)]
