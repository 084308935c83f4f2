"""What only AOLO's scenarios can be asked: their optimum in words and watts, a fitted curve, a shift."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.check import check
from neuro_aolo.systems.aolo.qoe_fit import fit_file
from neuro_aolo.systems.aolo.scenario import Scenario


def examine(
    scenario: Scenario, rng: np.random.Generator, requests: int
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What a scenario is like: figures by name, and rows for people.

    Raises:
        ScenarioError: no request drawn has a feasible action, or none emits anything.
    """
    figures = asdict(check(scenario, rng, requests))
    words, power_w = figures["words"], figures["power_w"]
    mean_mg, error_mg = figures["oracle_carbon_mg"], figures["oracle_carbon_stderr_mg"]
    rows = [
        (
            "requests with a feasible action",
            f"{_percent(figures['feasible_share'])} of {figures['requests']:,}",
        ),
        ("oracle, carbon per request", f"{mean_mg:.5g} mg CO2e, standard error {error_mg:.2g}"),
    ]
    if scenario.quality.price_mg_per_point > 0.0:
        rows.append(("oracle, carbon less quality's price", f"{figures['oracle_cost_mg']:.5g} mg"))
    rows += [
        ("oracle, words (5th to 95th percentile)", f"{words[1]:.4g} ({words[0]:.4g} to {words[2]:.4g})"),
        (
            "oracle, power (5th to 95th percentile)",
            f"{power_w[1]:.3g} W ({power_w[0]:.3g} to {power_w[2]:.3g})",
        ),
        *(
            (f"oracle, {part.replace('_', ', ')}", _percent(share))
            for part, share in figures["shares"].items()
        ),
        ("random actions, feasible", _percent(figures["random_feasible_share"])),
        ("random actions, carbon of those", f"{figures['random_carbon_mg']:.5g} mg"),
    ]
    return figures, rows


def fit(scores: Path, scenario: Scenario, name: str) -> tuple[str, dict[str, Any], str]:
    """The QoE curve of a scenario fitted to scores: its file, the figures, and a sentence.

    Args:
        scores: a CSV file with the columns ``words`` and ``score``.
        scenario: to put the curve in.
        name: of the new scenario.

    Raises:
        ScenarioError: the scores or the scenario cannot be used.
    """
    curve = fit_file(scores)
    fitted = curve.into(scenario, f"fitted to {scores.name}").model_copy(update={"name": name})
    figures = {
        "peak_score": curve.peak_score,
        "peak_words": curve.peak_words,
        "sharpness": curve.sharpness,
        "rms": curve.rms,
        "residuals": curve.residuals.tolist(),
    }
    sentence = (
        f"best score {curve.peak_score:.3g} at {curve.peak_words:.0f} words, sharpness "
        f"{curve.sharpness:.3g}; residuals of {curve.rms:.2g} points (root mean square), "
        f"{abs(curve.residuals).max():.2g} at most"
    )
    figures["threshold"] = fitted.quality.threshold
    if fitted.quality.threshold == scenario.quality.threshold:
        sentence += (
            f"; threshold {fitted.quality.threshold:g}, "
            f"{_percent(fitted.quality.threshold / curve.peak_score)} of the peak; another with --set "
            "quality.threshold=POINTS"
        )
    else:
        sentence += (
            f"; threshold {fitted.quality.threshold:g}, for {scenario.quality.threshold:g} lies beyond their "
            f"scale: {fitted.sources['quality.threshold']}; another with --set quality.threshold=POINTS"
        )
    return fitted.to_toml(), figures, sentence


def shift(trained_in: Scenario, other: Scenario, run: str) -> Scenario:
    """Another scenario as the actor of a run meets it: the actor keeps the ranges that it learnt to read.

    Args:
        trained_in: the scenario that the actor was trained in.
        other: the other one.
        run: the run, for the reader of an error.

    Raises:
        ScenarioError: the other scenario has another state or another action box, or leaves those ranges.
    """
    own, others = trained_in.state_names, other.state_names
    if own != others:
        raise ScenarioError(
            f"scenario {other.name!r} has {len(others)} observations ({', '.join(others)}), the actor of "
            f"{run} has {len(own)} ({', '.join(own)}): choose a scenario with the same, or train in it"
        )
    if other.actions != trained_in.actions:
        raise ScenarioError(
            f"scenario {other.name!r} has another action box than the actor of {run} was trained for "
            f"({other.actions}, not {trained_in.actions}): choose one with the same, or train in it"
        )
    if other.prompts is not None and trained_in.prompts is not None:
        seen, read = (np.stack(prompts.ranges) for prompts in (other.prompts, trained_in.prompts))
        if not np.array_equal(seen, read):
            raise ScenarioError(
                f"scenario {other.name!r} has prompts of other ranges than the actor of {run} reads: choose "
                "a scenario with the same, or train in it"
            )
    ranges = {
        key: {"observe": list(getattr(trained_in.state, key).observe)} for key in trained_in.state.names
    }
    return other.with_values(state=ranges)


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"
