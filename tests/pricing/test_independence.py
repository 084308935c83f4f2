import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from hardware_profiles.profile import load_profile
from neuro_aolo.pricing.bill import Conditions
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.draws import Draws
from neuro_aolo.pricing.independence import groups
from neuro_aolo.pricing.profiler import Profiler
from neuro_aolo.report.footing import independence
from neuro_aolo.runs.priced import profiled

sources = st.frozensets(st.sampled_from("abcdefgh"), max_size=3)


@given(st.dictionaries(st.sampled_from("qrstuvwxyz"), sources, max_size=8))
def test_groups_are_the_connected_parts_of_devices_that_share_a_source(
    origins: dict[str, frozenset[str]],
) -> None:
    found, names = groups(origins), list(origins)
    shared = np.array([[bool(origins[one] & origins[other]) for other in names] for one in names], dtype=int)
    number, parts = connected_components(shared.reshape(len(names), len(names)), directed=False)
    expected = [
        {name for name, part in zip(names, parts, strict=True) if part == index} for index in range(number)
    ]
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    assert sorted(name for group in found for name in group) == sorted(origins)


def test_devices_of_one_publication_are_one_assumption(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """Microcontrollers are of one benchmark, GPUs of one page, and Loihi is compared with the former."""
    names = ("h100", "loihi2", "mcu_m33_u575", "apollo4", "a100", "mcu_m4_l4r5", "spinnaker2", "horowitz45")
    under = Conditions(load_profile("mcu_m33_u575"), draws=Draws(20))
    found = Profiler(popsan, mlp, {name: load_profile(name) for name in names}, under)
    expected = (("h100", "a100"), ("loihi2", "mcu_m33_u575", "mcu_m4_l4r5", "spinnaker2"), ("apollo4",))
    assert found.independent == expected
    figures = profiled(found, {})
    assert (figures.independent, figures.independent_assumptions) == (expected, 3)
    assert figures.to_dict()["independent_assumptions"] == 3
    assert independence(figures) == (
        "The 7 devices that are compared fall into 3 groups without a common source: P(less) rests on 3 "
        "independent assumptions, not on 7."
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("h100",), "One device is compared, so P(less) rests on one assumption."),
        (
            ("h100", "a100"),
            "The 2 devices that are compared all share sources: P(less) rests on one assumption, not on 2.",
        ),
        (("horowitz45",), ""),
    ],
)
def test_few_devices_are_told_of_too(
    popsan: SpikingCounts, mlp: DenseCounts, names: tuple[str, ...], said: str
) -> None:
    under = Conditions(load_profile("mcu_m33_u575"), draws=Draws(20))
    found = Profiler(popsan, mlp, {name: load_profile(name) for name in names}, under)
    assert independence(profiled(found, {})) == said
