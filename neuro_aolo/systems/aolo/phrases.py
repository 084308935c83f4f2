"""How people speak of the service: a language model behind a base station."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.naming import NAMING
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.phrases import Naming, Phrases

_AMPLE = 6.0
"""Penalty over the dearest optimum: as in the shipped scenarios."""

_PENALTY, _LIMIT, _POWERS = "limits.penalty_mg", "limits.power_w", "actions.power_w"
_LOSS, _LINKED = "state.path_loss_db", "urban"
_TRIED = 1_000
"""Requests that it is looked for on: those of the task's own check."""


def follows(base: Any, said: Mapping[str, Any]) -> Mapping[str, tuple[Any, str]]:
    """Powers up to a limit, a link's other half, and a penalty above what the dearest optimum costs."""
    others = {**_powers(base, said), **_link(base, said)}
    return {**others, **_penalty(base, {**said, **{key: value for key, (value, _) in others.items()}})}


def _link(base: Any, said: Mapping[str, Any]) -> Mapping[str, tuple[Any, str]]:
    """A link in real units and path losses go together: those of the shipped scenario where one is said."""
    if base.link is not None:
        return {}
    linked = any(key.startswith("link.") for key in said)
    if linked and _LOSS not in said:
        loss = Scenario.load(_LINKED).state.path_loss_db
        assert loss is not None
        return {_LOSS: (loss.model_dump(mode="json"), f"chosen: the scenario {_LINKED}'s; a link needs one")}
    if _LOSS in said and not linked:
        return {"link.model": ("urban-micro", f"chosen: the scenario {_LINKED}'s; path losses need one")}
    return {}


def _powers(base: Any, said: Mapping[str, Any]) -> Mapping[str, tuple[Any, str]]:
    """Without them a limit above the highest power that can be chosen would have no effect."""
    low, high = base.actions.power_w
    if _POWERS in said or said.get(_LIMIT, 0.0) <= high:
        return {}
    why = f"chosen: up to the limit that is said; {high:g} W before, where it would have no effect"
    return {_POWERS: ([low, said[_LIMIT]], why)}


def _penalty(base: Any, said: Mapping[str, Any]) -> Mapping[str, tuple[Any, str]]:
    """A penalty above what the dearest request costs at its optimum, where the scenario's own is not."""
    if _PENALTY in said:
        return {}
    sections: dict[str, dict[str, Any]] = {}
    for key, value in said.items():
        section, dot, name = key.partition(".")
        if dot and section in type(base).model_fields:
            sections.setdefault(section, {})[name] = value
    try:
        scenario = base.with_values(**sections)
        scenario = scenario.with_countries(dc=said.get("dc_country"), bs=said.get("bs_country"))
        best = oracle(scenario, sample_states(scenario, _TRIED, np.random.default_rng(0)))
    except ScenarioError:
        return {}
    dearest = float(np.max(best.cost_mg, initial=0.0, where=best.feasible))
    if dearest < scenario.limits.penalty_mg:
        return {}
    return {
        _PENALTY: (
            float(f"{_AMPLE * dearest:.2g}"),
            f"chosen: six times the dearest optimum of {_TRIED} requests",
        )
    }


def phrases() -> Phrases:
    """The words of the service."""
    return Phrases(
        about=(
            *(
                "language model",
                "llm",
                "chatgpt",
                "chatbot",
                "chat",
                "text generation",
                "text model",
                "generated answer",
            ),
            *(
                "answers of a model",
                "text answer",
                "text service",
                "gpt",
                "assistant",
                "aolo",
                "length of answers",
            ),
            *(
                "answer generation",
                "number of words",
                "words per answer",
                "question answering",
                "transcripts",
                "chat replies",
            ),
            *("voice assistant", "dialogue", "copilot", "generative text", "prompt"),
        ),
        hints=(
            "model",
            "base_station",
            "downlink",
            "gpu",
            "words",
            "word",
            "pue",
            "answer",
            "reply",
            "quality",
            "inference",
            "points",
            "accelerator",
        ),
        parameters=NAMING,
        scenarios={
            "paper": (
                "paper's own parameters",
                "parameters of the paper",
                "the aolo paper",
                "paper's parameters",
                "as in the paper",
            ),
            "mixed": ("scenario mixed", "mixed scenario", "requests differ in length"),
            "onprem": (
                "scenario onprem",
                "on-premises",
                "on premises",
                "on-prem",
                "on-site gpu",
                "small on-site model",
            ),
            "speech": ("scenario speech", "speech scenario", "as audio", "sent as speech", "spoken answers"),
            "grid": ("scenario grid", "grid scenario", "hour by hour"),
            "prompts": ("scenario prompts", "prompts scenario", "noisy scores", "unknown function"),
            "urban": (
                "scenario urban",
                "urban scenario",
                "street canyon",
                "micro cell",
                "microcell",
                "link in real units",
                "38.901",
            ),
            "urban-macro": ("urban macro", "macro cell", "macrocell", "scenario urban-macro"),
        },
        choices={
            "link.model": {
                "urban-micro": ("street canyon", "micro cell", "microcell", "urban micro"),
                "urban-macro": ("macro cell", "macrocell", "urban macro"),
            }
        },
        places={
            "dc_country": Naming(
                "data centre",
                (
                    "data_center",
                    "datacentre",
                    "datacenter",
                    "hosting",
                    "hosted",
                    "host",
                    "cloud",
                    "gpu",
                    "server",
                    "model run|sit|live|stand",
                    "compute",
                    "cluster",
                ),
            ),
            "bs_country": Naming(
                "base station",
                (
                    "mast",
                    "antenna",
                    "tower",
                    "radio",
                    "cell",
                    "bs",
                    "transmitter",
                    "user",
                    "phone",
                    "network",
                ),
            ),
        },
        intensities={
            "dc_country": "state.dc_intensity_g_per_kwh",
            "bs_country": "state.bs_intensity_g_per_kwh",
        },
        things={
            "gpu": ("gpu", "card", "accelerator", "cluster", "chip", "a100", "h100", "v100", "graphics_card"),
            "dc": (
                "data_centre",
                "data_center",
                "datacentre",
                "datacenter",
                "hosting",
                "host",
                "cloud",
                "server_room",
                "machine_room",
            ),
            "bs": (
                "base_station",
                "mast",
                "antenna",
                "tower",
                "bs",
                "radio_site",
                "transmitter",
                "cell_site",
                "radio_side",
            ),
        },
        follows=follows,
    )
