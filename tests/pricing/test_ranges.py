from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo.errors import ServiceError
from neuro_aolo.pricing.ranges import Range

amounts = st.lists(st.floats(0.0, 1e9), min_size=3, max_size=3).map(lambda three: Range(*sorted(three)))


@settings(deadline=None)
@given(amounts, amounts, st.floats(0.0, 1e6))
def test_sums_and_products_of_ranges_are_value_by_value(a: Range, b: Range, factor: float) -> None:
    assert a + b == Range(a.low + b.low, a.nominal + b.nominal, a.high + b.high)
    assert a * b == Range(a.low * b.low, a.nominal * b.nominal, a.high * b.high)
    assert a * factor == a * Range(factor, factor, factor)


@settings(deadline=None)
@given(st.lists(amounts, max_size=20))
def test_a_total_is_the_exact_sum_rounded_once(terms: list[Range]) -> None:
    total = Range.total(terms)
    assert total.low == float(sum(Fraction(term.low) for term in terms))
    assert total.nominal == float(sum(Fraction(term.nominal) for term in terms))
    assert total.high == float(sum(Fraction(term.high) for term in terms))


@pytest.mark.parametrize(
    "values",
    [(2.0, 1.0, 3.0), (1.0, 3.0, 2.0), (-1.0, 0.0, 1.0), (0.0, 1.0, float("inf")), (float("nan"),) * 3],
)
def test_a_range_out_of_order_is_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ServiceError, match=r"0 <= low <= nominal <= high is needed, all finite"):
        Range(*values)
