"""Settings that go by a name: of each learner, and the shape of the spiking actor with them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from neuro_aolo.agent.checkpoint import ActorConfig
from neuro_aolo.agent.diffusion import DiffusionConfig
from neuro_aolo.agent.dime_config import DimeConfig
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import TUNED, PopSANConfig
from neuro_aolo.agent.ppo_config import PPOConfig
from neuro_aolo.agent.sdrl_config import PAPER, SDRLConfig
from neuro_aolo.agent.train import TrainingConfig

Preset = Literal["tuned", "population", "paper"]

_POPULATIONS = PopSANConfig(steps=8, decoder_population=40, fan_in=1, surrogate_width=0.2)
"""Population coding with more steps and larger output populations, which round less."""

_REPLAYED = SDRLConfig(
    penalty_weight=10.0,
    margin_aim=0.4,
    actor_batch="replayed",
    averaged=0.0,
    total_steps=320_000,
    num_envs=64,
    decayed="all",
    critic_hidden=(256, 256),
    noise_end=0.008,
    evaluate_every=200,
)
"""Learning from replayed requests by the critics alone, as Tang et al. do, with two critics of their size."""

PRESETS: dict[Preset, tuple[SDRLConfig, PopSANConfig]] = {
    "tuned": (SDRLConfig(), TUNED),
    "population": (_REPLAYED, _POPULATIONS),
    "paper": (PAPER, PopSANConfig()),
}
"""Settings of the loop and shape of the spiking actor, by the name that they go by together."""

_NARROW = replace(_POPULATIONS, hidden=(64, 64))

_OF_LEARNER: dict[str, Mapping[Preset, tuple[TrainingConfig, PopSANConfig]]] = {
    "sdrl": PRESETS,
    "ppo": {
        "tuned": (PPOConfig(), replace(TUNED, hidden=(256,))),
        "population": (PPOConfig(), replace(_NARROW, steps=5, encoder_variance=0.04)),
        "paper": (PPOConfig(), PopSANConfig(hidden=(64, 64))),
    },
    "dime": {
        "tuned": (DimeConfig(), _NARROW),
        "population": (DimeConfig(), _NARROW),
        "paper": (DimeConfig(), PopSANConfig(hidden=(64, 64))),
    },
}


def preset_of(learner: str, name: Preset) -> tuple[TrainingConfig, PopSANConfig]:
    """A preset of one of :data:`~neuro_aolo.agent.train.LEARNERS`."""
    return _OF_LEARNER[learner][name]


def actor_of(kind: str, popsan: PopSANConfig) -> ActorConfig:
    """The actor of a kind, by its name in files, in a preset whose spiking one is ``popsan``."""
    if kind == "popsan":
        return popsan
    beside = MLPConfig.beside(popsan.hidden)
    return DiffusionConfig(beside.hidden) if kind == "diffusion" else beside
