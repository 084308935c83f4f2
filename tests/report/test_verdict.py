import shlex
from typing import Any

import pytest

from neuro_aolo.report.claims import energy_sentences, lava_sentence
from neuro_aolo.report.limits import limits, reproduce
from neuro_aolo.report.verdict import constraints, optimality, verdict
from neuro_aolo.runs.summary.deployed import Lava
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

Data = dict[str, Any]


def _typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


def _said(summary: Summary, topic: str) -> str:
    (finding,) = [one for one in verdict(summary) if one.topic == topic]
    return plain(" ".join(finding.sentences))


def test_the_verdict_states_the_figures_of_the_run(summary: Summary) -> None:
    assert "20.3 % more than the exact optimum" in plain(optimality(summary))
    assert "39.51 mg CO2e per request against the optimum's 32.85 mg" in plain(optimality(summary))
    assert "in 1 of them (0.005 %)" in plain(constraints(summary))
    assert "(150.0 words, 9.932 W) has a regret of 3.06e-5 %" in _said(summary, "Constant action")
    assert "82.6 %" in _said(summary, "MLP")
    slots = "in all 534,000 slots (neuron x step); 100,618 of them held a spike"
    assert summary.deployed is not None
    assert slots in plain(lava_sentence(summary.deployed.lava))


def test_beating_the_optimum_is_called_what_it_is(data: Data) -> None:
    data["decided"]["regret"] = -0.42
    summary = _typed(data)
    assert "42 % less" in plain(optimality(summary))
    assert "only by breaking constraints" in plain(optimality(summary))


def test_what_deciding_emits_is_told_where_regret_holds_it(data: Data) -> None:
    assert "deciding" not in plain(optimality(_typed(data)))
    data["run"]["agent_carbon"] = "provisioned"
    data["decided"]["deciding_mg_per_decision"] = 0.0375
    assert "0.03750 mg for deciding, which costs the optimum nothing (agent_carbon = provisioned)" in plain(
        optimality(_typed(data))
    )


@pytest.mark.parametrize(
    ("regret", "violations", "said"),
    [
        (0.2, 0.0, "no further from the optimum than the spiking actor"),
        (1e-9, 0.0, "further from the optimum than the spiking actor."),
        (1e-9, 0.5, "further from the optimum than the spiking actor, with fewer violations"),
    ],
)
def test_the_constant_action_is_set_beside_the_actor(
    data: Data, regret: float, violations: float, said: str
) -> None:
    data["decided"] |= {"regret": regret, "violation_rate": violations}
    assert said in _said(_typed(data), "Constant action")


def test_each_device_that_runs_both_has_a_verdict_and_no_other_has_a_ratio(summary: Summary) -> None:
    said = [plain(sentence) for sentence in energy_sentences(summary.priced)]
    assert said[0].startswith("NVIDIA H100 SXM, one decision at a time: the spiking actor needs 6.33 times")
    assert "4.30 times (low prices 2.85, high prices 5.95)" in said[1]
    assert "The MLP wins there (evidence: metered and projected)" in said[1]
    for sentence in said[2:]:
        assert "times" not in sentence
        assert "no ratio" in sentence


def test_a_spiking_win_is_said_too(data: Data) -> None:
    device = data["priced"]["devices"]["h100"]
    device["spiking"], device["dense"] = device["dense"], device["spiking"]
    said = energy_sentences(Priced.model_validate(data["priced"]))
    assert "0.158 times the MLP's energy. The spiking actor wins there" in said[0]


def test_without_a_common_device_no_ratio_is_printed(data: Data) -> None:
    for profile in ("h100", "mcu_m33_u575"):
        data["priced"]["devices"][profile]["dense"] = None
    said = energy_sentences(Priced.model_validate(data["priced"]))
    assert "no ratio is printed" in said[0]
    assert not any(" times " in sentence for sentence in said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"available": False, "reason": "lava-nc is not installed"}, "not run: lava-nc is not installed."),
        ({"available": False, "reason": ""}, "Lava was not run. "),
        ({"spikes_emitted": 0}, "No neuron spiked in 534,000 slots"),
        ({"mismatches": 5340}, "differ from the simulator's in 5,340 of 534,000 slots (neuron x step), 1 %"),
    ],
)
def test_lava_in_words(data: Data, change: Data, said: str) -> None:
    lava = Lava.model_validate(data["deployed"]["lava"] | change)
    assert said in plain(lava_sentence(lava))


def test_an_interrupted_run_says_so_first(data: Data) -> None:
    data["run"]["interrupted"] = True
    summary = _typed(data)
    assert verdict(summary)[0].topic == "Interrupted"
    assert "interrupted after 60,160 requests" in verdict(summary)[0].sentences[0]


def test_limits_carry_the_numbers_of_the_run(summary: Summary) -> None:
    terms = {key: term.mg for key, term in summary.decided.terms.items()}
    wireless = terms["wireless_operational"] + terms["wireless_embodied"]
    text = plain(" ".join(limits(summary)))
    assert f"wireless phase is {100 * wireless / sum(terms.values()):.3g} % of the service's carbon" in text
    assert "One constant action has a regret of 3.06e-5 %" in text
    assert "not measured on a chip" in text


def test_limits_say_what_the_ledger_holds(data: Data) -> None:
    summary = _typed(data)
    text = plain(" ".join(limits(summary)))
    provisioned = summary.ledger.provisioned
    whole = max(account.agent_mg.high for account in provisioned.accounts.values())
    most = whole / provisioned.service_mg.nominal
    assert f"making and training, the agent is at most {100 * most:.3g} % of the service provisioned" in text
    assert "The ledger has two boundaries, 1 request per second" in text
    assert "service and agent always on for these alone, with idle power and making until the next" in text
    assert "making of the device are not in it" not in text
    for figures in data["ledger"]["boundaries"].values():
        figures["accounts"] = {}
    assert "no carbon figure beside the service's here" in " ".join(limits(_typed(data)))


def test_the_system_tells_its_own_limits_the_first_before_all_others(data: Data) -> None:
    first, *others = data["wording"]["limits"]
    assert others
    said = limits(_typed(data))
    assert said[0] == first
    assert set(others) < set(said)
    data["wording"]["limits"] = []
    assert len(limits(_typed(data))) == len(said) - 1 - len(others)


def test_the_command_line_survives_a_shell(data: Data) -> None:
    data["wording"]["command"] = [
        "--scenario",
        "my scenario; rm.toml",
        "--dc-country",
        "DEU",
        "--agent-site",
        "dc",
    ]
    typed = shlex.split(reproduce(_typed(data)))
    options = dict(zip(typed[2::2], typed[3::2], strict=True))
    assert options == {
        "--scenario": "my scenario; rm.toml",
        "--dc-country": "DEU",
        "--agent-site": "dc",
        "--seed": "0",
        "--steps": "60160",
        "--out": "DIR",
    }
