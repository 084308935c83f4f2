"""Actions tried on the real tasks of scenarios."""

import numpy as np
import pytest

pytest.importorskip("pint", reason="the extra formulate is not installed")

from neuro_aolo.formulate.cards import deck_of, speaking
from neuro_aolo.formulate.deployed import DEPLOYED
from neuro_aolo.formulate.probe import probe
from neuro_aolo.systems.names import load
from neuro_aolo.systems.scenario_file import scenario_names

AT_THE_EDGE = ("urban", "urban-macro")
"""Of a hundred handsets one stands too badly for the largest power."""
OF_ALL = {*scenario_names("aolo"), *scenario_names("emissions_per_bit")} - {*AT_THE_EDGE}
NAMES = [name for name in scenario_names() if load(name).name in speaking()]


@pytest.mark.filterwarnings("ignore:interface.objective")
@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_scenario_has_actions_that_keep_every_constraint(name: str) -> None:
    loaded = load(name)
    probed = probe(loaded.system.task(loaded.scenario), np.random.default_rng(0))
    # Of five servers not one is good and fast enough for the hardest of the image tasks.
    assert probed.feasible == 1.0 if name in OF_ALL else 0.8 < probed.feasible <= 1.0
    assert bool(probed.tightest) == (probed.feasible < 1.0)


def test_what_stands_in_the_way_of_some_states_is_named() -> None:
    loaded = load("offload")
    values = {"state": {"deadline_s": {"sample": [1.0, 22.0], "observe": [1.0, 22.0]}}}
    probed = probe(loaded.system.task(loaded.scenario.with_values(**values)), np.random.default_rng(0))
    assert 0.0 < probed.feasible < 1.0
    assert "deadline" in probed.tightest


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_that_has_words_is_one_of_the_system(name: str) -> None:
    deck = deck_of(name)
    phrases = deck.phrases
    sections = {key.partition(".")[0] for key in deck.cards}
    named = {key for key in phrases.parameters if key.partition(".")[0] in sections}
    assert named - deck.cards.keys() == set()
    assert phrases.choices.keys() <= deck.cards.keys()
    for key, words in phrases.choices.items():
        assert words.keys() == deck.cards[key].choices.keys()
    assert phrases.places.keys() == {key for key in type(deck.base.scenario).model_fields if "countr" in key}
    unnamed = {key for key in deck.cards if key not in phrases.parameters and key not in DEPLOYED}
    assert unnamed <= {"prompts.hidden", "prompts.seed", "prompts.bend"}
