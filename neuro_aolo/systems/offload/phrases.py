"""How people speak of the edge servers: image generation, a task at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.offload.optimum import best
from neuro_aolo.systems.offload.serving import sample_states
from neuro_aolo.systems.phrases import Naming, Phrases

_AMPLE = 6.0
"""Penalty over the dearest optimum."""

_PENALTY = "limits.penalty_mg"
_TRIED = 1_000
_LISTS = (
    *("tflop_per_s", "power_w", "pue", "embodied_kg", "lifetime_years"),
    *("start_steps", "start_quality", "full_steps", "full_quality"),
)

_PARAMETERS = {
    "task.tflop_per_step": Naming("work of a denoising step", ("", "step", "step cost|need|is")),
    "servers.tflop_per_s": Naming("speed of each server", ("", "throughput|speed|fast", "@server")),
    "servers.power_w": Naming(
        "power of each server",
        ("@server power|draw|need|use|take|consume", "@server", "compute|computing draw"),
    ),
    "provision.idle_share": Naming(
        "idle power of a server, as a share", ("idle power|share|draw",), ("?idle",)
    ),
    "provision.server_utilisation": Naming(
        "utilisation of the servers", ("@server utilisation|utilization|utilised|utilized|busy",)
    ),
    "provision.bs_utilisation": Naming(
        "load of the base station", ("@bs utilisation|utilization|utilised|utilized|load|busy",)
    ),
    "servers.pue": Naming(
        "PUE of each server", ("pue", "power_usage_effectiveness"), ("?pue", "different pues")
    ),
    "servers.embodied_kg": Naming(
        "embodied carbon of each server",
        ("@server embody|embodied|making|make|manufacture|build", "@server", "embodied"),
    ),
    "servers.lifetime_years": Naming(
        "lifetime of each server", ("@server lifetime|life|keep|replace|last|live|serve", "lifetime")
    ),
    "servers.start_steps": Naming("start steps", ("start step",)),
    "servers.start_quality": Naming("start quality", ("start quality", "initial quality")),
    "servers.full_steps": Naming("full steps", ("full step", "final step")),
    "servers.full_quality": Naming("full quality", ("full quality", "final|best|highest quality")),
    "radio.bandwidth_hz": Naming("bandwidth", ("", "uplink", "band")),
    "radio.noise_w": Naming("noise power", ("noise",)),
    "radio.download_mbit_per_s": Naming("download", ("", "downlink", "down", "down_link")),
    "radio.fixed_power_w": Naming(
        "fixed power of the base station",
        ("fixed power", "@bs fixed|need|draw|use|take|consume|pass|transfer", "@bs"),
        never=("transmit|transmission|send|radiate",),
    ),
    "radio.bs_embodied_kg": Naming(
        "embodied carbon of the base station", ("@bs embody|embodied|making|make|manufacture|build", "@bs")
    ),
    "radio.bs_lifetime_years": Naming(
        "lifetime of the base station", ("@bs lifetime|life|keep|replace|last|live|serve|stand|embody", "@bs")
    ),
    "limits.wait_s": Naming(
        "longest queue",
        (
            "queue",
            "wait queue|server",
            "busy",
            "queue busy|longer|longest|more|over|exceed|join|at_most|within|under|up_to",
            "queueing",
            "queued",
        ),
    ),
    "limits.penalty_mg": Naming("penalty", ("penalty", "penalise")),
    "limits.violation_rate": Naming(
        "violation rate", ("violation", "violate", "break constraint", "tasks fail|miss")
    ),
    "actions.steps": Naming("range of denoising steps", ("", "denoising", "step")),
    "actions.power_w": Naming(
        "range of transmit power",
        ("transmit power", "device", "phone", "handset", "upload power", "power", "transmit|send|radiate"),
    ),
    "actions.choice": Naming("choice of the server", ("choice",)),
    "users.count": Naming("number of users", ("", "user count|number|many", "only", "user")),
    "state.input_mbit": Naming("data uploaded", ("up", "upload", "input", "prompt", "send")),
    "state.output_mbit": Naming(
        "data downloaded", ("down", "download", "output", "result", "return", "finished")
    ),
    "state.gain": Naming("channel gain", ("gain", "channel")),
    "state.deadline_s": Naming(
        "deadline",
        (
            "deadline",
            "deliver|delivery",
            "wait longer|more|most",
            "wait",
            "picture|image|result|task|answer in|within|after|at_most|under|below",
            "wait at_most|within|up_to",
            "patience",
            "latency",
        ),
        ("fast delivery", "delivered quickly", "quickly"),
    ),
    "state.wanted_quality": Naming(
        "wanted quality",
        ("wanted quality", "quality", "quality least|need|want"),
        ("decent quality", "good quality", "high quality", "quality should be"),
    ),
    "state.user_intensity_g_per_kwh": Naming(
        "carbon intensity at the user", ("@user intensity|grid|side", "@user|bs"), ("user's grid is",)
    ),
    "state.server_intensity_g_per_kwh": Naming(
        "carbon intensity at the servers",
        ("@server intensity|grid|stand", "@server"),
        ("servers' grids are",),
    ),
    "state.server_wait_s": Naming("time in the queue", ("queue", "waiting_time")),
}


def follows(base: Any, said: Mapping[str, Any]) -> Mapping[str, tuple[Any, str]]:
    """A penalty above what the dearest task costs at its optimum, where the scenario's own is not."""
    if _PENALTY in said or unsaid(base, said):
        return {}
    values: dict[str, Any] = {}
    for key, value in said.items():
        section, dot, name = key.partition(".")
        if dot and section in type(base).model_fields:
            values.setdefault(section, {})[name] = value
        elif key == "server_countries":
            values[key] = value
    try:
        scenario = base.with_values(**values)
        if "user_country" in said:
            scenario = scenario.with_countries(user=said["user_country"])
        found = best(scenario, sample_states(scenario, _TRIED, np.random.default_rng(0)))
    except ScenarioError:
        return {}
    dearest = float(np.max(found.carbon_mg, initial=0.0, where=found.feasible))
    if dearest < scenario.limits.penalty_mg:
        return {}
    why = f"chosen: six times the dearest optimum of {_TRIED} tasks"
    return {_PENALTY: (float(f"{_AMPLE * dearest:.2g}"), why)}


def unsaid(base: Any, said: Mapping[str, Any]) -> tuple[str, ...]:
    """All lists of servers, where one that is said is of other servers than the scenario's."""
    own = base.servers.count
    lists = [value for key, value in said.items() if key.startswith("servers.") or key == "server_countries"]
    if all(len(value) == own for value in lists):
        return ()
    return tuple(f"servers.{name}" for name in _LISTS)


def phrases() -> Phrases:
    """The words of the servers."""
    return Phrases(
        about=(
            *(
                "image generation",
                "generate images",
                "generates images",
                "image generator",
                "diffusion model",
                "aigc",
                "denoising",
            ),
            *(
                "pictures by diffusion",
                "image diffusion",
                "offload",
                "offloading",
                "images",
                "pictures",
                "diffusion",
                "render",
                "text-to-image",
            ),
            *("edge server", "edge box", "stable diffusion", "metaverse", "painting", "stickers"),
        ),
        hints=("servers", "deadline", "queue", "upload", "steps", "tasks", "quality", "uplink"),
        parameters=_PARAMETERS,
        choices={
            "actions.choice": {
                "scores": (
                    "choice scores",
                    "by scores",
                    "by score",
                    "a score for each server",
                    "server by scores",
                    "scores for the servers",
                ),
                "selector": ("choice selector", "by selector", "by a selector", "selector"),
            },
        },
        scenarios={"offload": ("offload scenario", "scenario offload", "the offload defaults")},
        places={
            "server_countries": Naming("servers", ("machine", "edge", "box", "node", "place", "site")),
            "user_country": Naming(
                "user",
                (
                    "base_station",
                    "customer",
                    "client",
                    "phone",
                    "mast",
                    "device",
                    "player",
                    "antenna",
                    "audience",
                ),
            ),
        },
        intensities={
            "user_country": "state.user_intensity_g_per_kwh",
            "server_countries": "state.server_intensity_g_per_kwh",
        },
        things={
            "server": ("server", "edge_box", "box", "machine", "node", "edge_server", "edge"),
            "bs": ("base_station", "mast", "antenna", "bs", "tower"),
            "user": ("user", "customer", "phone", "client", "device", "handset"),
        },
        listed=("server", "box", "machine", "node", "place", "site"),
        follows=follows,
        unsaid=unsaid,
    )
