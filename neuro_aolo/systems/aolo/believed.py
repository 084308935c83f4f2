"""The optimum of what is believed: known carbon, times and limits, and some account of the scores."""

import numpy as np

from neuro_aolo.systems.aolo.admissible import power_box
from neuro_aolo.systems.aolo.frontier import Scores
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import to_normalised
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.task import Floats, Observations, Policy, Spec
from neuro_aolo_export.quantity import physical

_INWARD = 1e-5
"""Relative step off a constraint's edge: what is observed is rounded."""


def by_scores(scenario: Scenario, spec: Spec, scores: Scores) -> Policy:
    """The policy that would be optimal if ``scores`` were what answers are scored with."""

    def decide(observations: Observations) -> Floats:
        states = physical(spec.observations, observations)
        best = oracle(scenario, states, scores)
        words = np.where(best.feasible, best.words * (1.0 - _INWARD), scenario.actions.words[0])
        power_w = np.where(best.feasible, best.power_w, power_box(scenario)[1])
        actions: Floats = to_normalised(scenario, words, power_w)
        return actions

    return decide
