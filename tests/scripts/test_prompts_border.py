"""Which settings are compared, and what is said of them."""

import importlib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script and the modules beside it, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module("prompts_border")


def test_settings_are_two_lines_that_cross_at_the_scenarios_own_or_all_pairs(script: ModuleType) -> None:
    lines = script.settings([0.0, 1.0], [4, 16], full=False)
    assert lines == [script.Setting(16, 0.0), script.Setting(16, 1.0), script.Setting(4, 1.0)]
    assert len(script.settings([0.0, 1.0], [4, 16], full=True)) == 4
    first, second = (setting.plan("mlp", 0, 640) for setting in lines[:2])
    assert first.name == "prompts-mlp-features-16-noise-0-0"
    assert first.settings["scenario_sha256"] != second.settings["scenario_sha256"]
    assert script.Setting(4, 0.5).plan("mlp", 3, None).name == "prompts-mlp-features-4-noise-0-5-3"


def test_a_verdict_names_the_best_of_both(script: ModuleType) -> None:
    regrets = {"ridge": 0.2, "network": 0.03, "mlp": 0.1, "spiking": 0.12}
    own = {name: [SimpleNamespace(regret=regret)] for name, regret in regrets.items()}
    assert script._verdict(own) == "estimating wins: network 3.00 %, mlp 10.0 %"
    assert script._verdict({**own, "network": []}) == "trying wins: ridge 20.0 %, mlp 10.0 %"
    assert script._verdict({"mlp": own["mlp"]}) == "nothing to compare"
