"""The scenario file of a model on a server: what it says, and the text that says it."""

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.llm.figures import Ranged, Served, served
from neuro_aolo.systems.aolo.llm.library import version
from neuro_aolo.systems.aolo.llm.servers import server
from neuro_aolo.systems.aolo.llm.sizes import size_of
from neuro_aolo.systems.aolo.scenario import Scenario, scenario_names
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo.systems.wording import one_of

_NO_PENALTY_MG = 1e9
_PENALTY_OPTIMA = 6.0


@dataclass(frozen=True)
class LLMScenario:
    """A scenario of a named model, and how it is told.

    Attributes:
        scenario: it itself.
        toml: the text of its file.
        figures: by name.
        rows: for people, a label and a text each.
    """

    scenario: Scenario
    toml: str
    figures: dict[str, Any]
    rows: tuple[tuple[str, str], ...]


def from_llm(
    model: str,
    name: str,
    scenario: str = "paper",
    hardware: str = "h100",
    gpus: int | None = None,
    batch: int = 64,
    prompt_tokens: int = 0,
    parameters: str | None = None,
) -> LLMScenario:
    """A scenario whose language model and GPUs are named ones, by EcoLogits' open method.

    Args:
        model: name in EcoLogits' list, or any where ``parameters`` are given.
        name: of the scenario.
        scenario: shipped one that gives radio, requests and answers; quality has no price in it.
        hardware: a name of :data:`~neuro_aolo.systems.aolo.llm.servers.SERVERS`.
        gpus: that the model runs on; as many as its weights need where None.
        batch: requests served at once.
        prompt_tokens: of a request, beyond the prompt of a chat.
        parameters: ``TOTAL`` or ``TOTAL:ACTIVE`` in billions.

    Raises:
        ScenarioError: EcoLogits is not installed, a name is unknown, or a number is not allowed.
    """
    base_name = one_of("--scenario", scenario, scenario_names(), ScenarioError)
    base = Scenario.load(base_name)
    if base.quality.price_mg_per_point > 0.0:
        raise ScenarioError(
            f"scenario {base_name!r} has a price of quality, chosen for its own model: extend one "
            "without, such as paper or mixed"
        )
    costs = served(size_of(model, parameters), server(hardware), batch, gpus, prompt_tokens)
    data = _data(costs, name, base, base_name)
    if gpus is not None:
        data["sources"]["inference.gpus"] = "chosen"
    optimum = AoloTask(_loaded(_text(costs, data)))
    mean_mg = optimum.spec.objectives[0].scale
    dearest_mg = float(np.nanmax(optimum.optimum(optimum.reset(1_000, np.random.default_rng(0))).cost))
    data["limits"]["penalty_mg"] = _up(max(_PENALTY_OPTIMA * mean_mg, 2.0 * dearest_mg), 2)
    data["sources"]["limits.penalty_mg"] = "chosen: six times the optimum"
    text = _text(costs, data)
    made = _loaded(text)
    return LLMScenario(made, text, _figures(costs, mean_mg), _rows(costs, made, mean_mg))


def _data(costs: Served, name: str, base: Scenario, base_name: str) -> dict[str, Any]:
    """The file as data, its penalty left out of the way."""
    token, longest = costs.token, _longest(base)
    limit_s = _up(costs.prompt_s.value + longest * costs.tokens_per_word.value * token.time_s, 3)
    ranged = {
        "inference.gpu_power_w": costs.power_w,
        "inference.pue": costs.pue,
        "inference.operations_per_word": costs.tokens_per_word,
        "inference.gpu_embodied_kg": costs.kg_per_gpu,
        "inference.gpu_lifetime_years": costs.lifetime_years,
        "provision.gpu_idle_power_w": costs.idle_w,
    }
    if costs.prompt_tokens:
        ranged["inference.prompt_time_s"] = costs.prompt_s
    values: dict[str, dict[str, Any]] = {"inference": {"gpus": token.gpus, "batch_size": token.batch}}
    for key, each in ranged.items():
        section, _, parameter = key.partition(".")
        values.setdefault(section, {})[parameter] = each.value
    values["inference"] |= {
        "tflop_per_operation": costs.tflop_per_token,
        "peak_tflop_per_s": costs.tflop_per_s,
        "acceleration_exponent": 1.0,
    }
    sources = {
        "inference.gpus": f"EcoLogits: what {costs.size.text} of 16 bits need of {costs.server.title}",
        "inference.batch_size": "chosen" + (": EcoLogits' own" if token.batch == 64 else ""),
        "inference.tflop_per_operation": f"2 FLOP for each active parameter of a token; {costs.size.source}",
        "inference.peak_tflop_per_s": f"what a GPU gives one of {token.batch} requests, so that a token "
        f"takes EcoLogits' {costs.time_text}",
        "inference.acceleration_exponent": "EcoLogits: energy and time go with the number of tokens",
        "limits.inference_time_s": f"chosen: the time of {longest:.0f} words, the longest answer that "
        f"{base_name} admits; answers are read while they are written",
        **{key: each.source for key, each in ranged.items()},
    }
    return {
        "extends": base_name,
        "name": name,
        "description": f"{costs.size.name} on {token.gpus} x {costs.server.title}, {token.batch} at once, by "
        f"EcoLogits' method; the rest as in {base_name}.",
        **values,
        "limits": {"inference_time_s": limit_s, "penalty_mg": _NO_PENALTY_MG},
        "sources": sources,
        "ranges": {key: _range(each) for key, each in ranged.items()},
    }


def _longest(base: Scenario) -> float:
    """Longest answer by the time limit of a scenario and its action box, in words."""
    inference = base.inference
    speed = inference.gpus * inference.peak_tflop_per_s
    work = inference.tflop_per_operation * inference.operations_per_word
    logs = math.log(base.limits.inference_time_s * speed / work) / inference.acceleration_exponent
    return min(base.actions.words[1], math.exp(min(logs, 50.0)))


def _range(each: Ranged) -> dict[str, Any]:
    return {"low": each.low, "high": each.high, "source": each.ends}


def _up(value: float, digits: int) -> float:
    """``value`` rounded up to so many digits."""
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{math.ceil(value / step) * step:.{digits}g}")


def _text(costs: Served, data: Mapping[str, Any]) -> str:
    comment = "".join(f"# {line}\n" for line in _opening(costs))
    return f"{comment}\n{tomli_w.dumps(data)}"


def _opening(costs: Served) -> tuple[str, ...]:
    energy, word = costs.energy_j, costs.word_j
    return (
        f"{costs.size.name}, {costs.size.text} ({costs.size.source}).",
        f"Made by EcoLogits {version()}; read every value before it is used.",
        f"A token: {energy.value:.3g} J ({energy.low:.3g} to {energy.high:.3g}) of GPUs and server, "
        f"{costs.time_text}.",
        f"A word, with the building's overhead: {word[1]:.3g} J ({word[0]:.3g} to {word[2]:.3g}).",
        "Energy is power times time: the power has the range of the energy at this time, the time has none.",
    )


def _loaded(text: str) -> Scenario:
    """The scenario of a text, by the code that reads files."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.toml"
        file.write_text(text, encoding="utf-8")
        try:
            return Scenario.load(file)
        except ScenarioError as error:
            raise ScenarioError(str(error).replace(f"{file}: ", "")) from None


def _figures(costs: Served, mean_mg: float) -> dict[str, Any]:
    token = costs.token
    ends = ("low", "nominal", "high")
    return {
        "model": costs.size.name,
        "total_billions": list(costs.size.total),
        "active_billions": list(costs.size.active),
        "released": costs.size.released,
        "hardware": costs.server.title,
        "gpus": token.gpus,
        "batch_size": token.batch,
        "prompt_tokens": costs.prompt_tokens,
        "joules_per_token": {
            "low": costs.energy_j.low,
            "nominal": token.energy_j,
            "high": costs.energy_j.high,
        },
        "seconds_per_token": {"nominal": token.time_s, "measured": costs.measured_s},
        "joules_per_word": dict(zip(ends, costs.word_j, strict=True)),
        "prompt_s": costs.prompt_s.value,
        "optimum_mg": mean_mg,
        "ecologits": version(),
    }


def _rows(costs: Served, made: Scenario, mean_mg: float) -> tuple[tuple[str, str], ...]:
    energy, word, token = costs.energy_j, costs.word_j, costs.token
    return (
        ("model", f"{costs.size.name}, {costs.size.text}: {costs.size.source}"),
        ("GPUs", f"{token.gpus} x {costs.server.title}, {token.batch} requests at once"),
        (
            "a token of the answer",
            f"{energy.value:.3g} J ({energy.low:.3g} to {energy.high:.3g}), GPUs and server",
        ),
        ("its time", costs.time_text),
        ("a word, with PUE", f"{word[1]:.3g} J ({word[0]:.3g} to {word[2]:.3g})"),
        ("an answer's time limit", f"{made.limits.inference_time_s:g} s, chosen"),
        ("optimum", f"{mean_mg:.4g} mg CO2e a request, penalty {made.limits.penalty_mg:g} mg"),
    )
