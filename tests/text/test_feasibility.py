import math

import pytest

from neuro_aolo.text.feasibility import infeasible, is_feasible, is_infeasible, regret_or_infeasible
from neuro_aolo.text.numbers import plain


@pytest.mark.parametrize(
    ("rate", "limit", "said"),
    [
        (0.00085, 0.001, True),
        (0.001, 0.001, True),
        (0.0012, 0.001, False),
        (1.0, 0.001, False),
        (0.0, 0.0, True),
        (0.5, math.nan, None),
        (math.nan, 0.001, None),
        (None, 0.001, None),
    ],
)
def test_the_rule_is_the_plain_comparison_and_silent_where_a_figure_is_missing(
    rate: float | None, limit: float, said: bool | None
) -> None:
    assert is_feasible(rate, limit) is said
    assert is_infeasible(rate, limit) is (said is False)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (1.0, "infeasible: breaks a constraint in 100 % (limit 0.1 %)"),
        (0.0012, "infeasible: breaks a constraint in 0.12 % (limit 0.1 %)"),
        # Three digits would not tell the rate from its limit.
        (0.00100004, "infeasible: breaks a constraint in 0.100004 % (limit 0.1 %)"),
    ],
)
def test_the_limit_is_always_told(rate: float, said: str) -> None:
    assert plain(infeasible(rate, 0.001)) == said
    assert plain(regret_or_infeasible(-0.4158, rate, 0.001)) == said


def test_a_near_miss_keeps_its_regret() -> None:
    assert plain(regret_or_infeasible(2.5e-7, 0.00085, 0.001)) == "2.50e-5 %"
    assert plain(regret_or_infeasible(-0.4, 1.0, math.nan)) == "-40 %"
