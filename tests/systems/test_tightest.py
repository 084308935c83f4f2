"""What stands in the way where no action keeps every constraint."""

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.names import load
from neuro_aolo.systems.tightest import in_the_way


def test_the_constraint_without_which_there_is_an_action_is_in_the_way() -> None:
    first = np.array([[0.1, -0.2], [0.3, 0.1], [-0.5, 0.2]])
    second = np.array([[-0.1, -0.3], [-0.3, 0.1], [0.1, -0.2]])
    kept, limits = in_the_way([first, second])
    assert kept.tolist() == [False, True, False]
    assert limits == (1,)


def test_where_no_single_one_would_help_the_worst_of_the_best_action_is_named() -> None:
    kept, limits = in_the_way([np.array([[-0.5, -0.1]]), np.array([[-0.9, -0.9]])])
    assert (kept.any(), limits) == (False, (0,))


def test_nothing_is_in_the_way_where_all_is_kept() -> None:
    kept, limits = in_the_way([np.array([[0.1, 0.2]])])
    assert (kept.all(), limits) == (True, ())


@pytest.mark.parametrize(
    ("scenario", "changed", "said"),
    [
        ("paper", {"limits": {"inference_time_s": 0.001}}, "limits.inference_time_s = 0.001"),
        ("paper", {"limits": {"transmission_time_s": 1e-5}}, "limits.transmission_time_s = 1e-05"),
        ("offload", {"actions": {"steps": [1.0, 3.0]}}, "quality"),
    ],
)
def test_a_scenario_in_which_nothing_can_be_done_names_it(scenario: str, changed: dict, said: str) -> None:
    loaded = load(scenario)
    with pytest.raises(ScenarioError, match=said):
        loaded.system.task(loaded.scenario.with_values(**changed))
