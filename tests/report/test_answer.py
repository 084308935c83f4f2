from typing import Any

import pytest

from neuro_aolo.report.answer import answer, cost, listed, own_work, pays, static_power
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

Data = dict[str, Any]


def _typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


def _said(sentences: list[str]) -> str:
    return plain(" ".join(sentences))


def _alone(data: Data, *profiles: str) -> Summary:
    """The summary with only these devices on the ledger."""
    boundaries = {
        boundary: figures | {"accounts": {name: figures["accounts"][name] for name in profiles}}
        for boundary, figures in data["ledger"]["boundaries"].items()
    }
    ledger = data["ledger"] | {"boundaries": boundaries}
    return _typed(data | {"ledger": ledger, "payback": {name: data["payback"][name] for name in profiles}})


def test_the_answer_comes_in_its_order(summary: Summary) -> None:
    topics = [finding.topic for finding in answer(summary)]
    assert topics == ["How close", "What it costs", "Does it pay", "What matters", "Always on"]
    said = plain(answer(summary)[0].sentences[0])
    assert "20.3 % more than the exact optimum" in said
    assert said.endswith("in 1 of them (0.005 %); these are in its figures too.")


def test_the_cost_is_told_where_it_is_least_and_most(data: Data) -> None:
    said = _said(cost(_typed(data)))
    shares = {
        boundary: [
            100 * figures["accounts"][name]["agent_mg"]["nominal"] / figures["service_mg"]["nominal"]
            for name in ("mcu_m33_u575", "h100")
        ]
        for boundary, figures in data["ledger"]["boundaries"].items()
    }
    least, most = shares["provisioned"]
    assert "on STM32U575 microcontroller to" in said
    assert "on NVIDIA H100 SXM per request" in said
    assert f"{least:.3g} % to {most:.3g} % of the 116.3 mg CO2e of a service that is always on, too" in said
    assert "Counting work alone, of both, it is " in said
    assert f" to {shares['work'][1]:.3g} % of 39.51 mg." in said
    assert said.endswith("makes the figures of Intel Loihi 1 and Intel Loihi 2 a lower bound.")
    alone = _said(cost(_alone(data, "loihi1")))
    assert " to " not in alone
    assert alone.endswith("makes the figure of Intel Loihi 1 a lower bound.")
    assert "no device here runs the spiking actor" in _said(cost(_alone(data)))


def test_whether_it_pays_is_told_baseline_by_baseline(data: Data) -> None:
    random, mlp, never = (plain(sentence) for sentence in pays(_typed(data)))
    requests = [pairs[0]["payback_decisions"]["nominal"] for pairs in data["payback"].values()]
    kept = "where every constraint is kept (10.5 % of requests),"
    assert random.startswith(
        f"Provisioned, against uniformly random actions, {kept} it pays on every device, after "
    )
    assert f"{min(requests):,.0f}"[:2] in random
    assert mlp == (
        "Provisioned, against the same-size MLP on mcu_m33_u575 it never pays on NVIDIA H100 SXM, Intel "
        "Loihi 1 and Intel Loihi 2; on STM32U575 microcontroller it is undecided within the ranges."
    )
    assert never == (
        "Provisioned, it pays on no device against the best constant action, 150 words at 9.932 W."
    )
    assert pays(_alone(data)) == ["There is nothing to pay back: no device here runs the spiking actor."]


def test_what_is_known_of_work_alone_says_so(data: Data) -> None:
    """As of a policy that a comparison trained, of which the carbon of work is kept."""
    for profile, pairs in data["payback"].items():
        data["payback"][profile] = [
            pair for pair in pairs if pair["boundary"] == "work" and pair["baseline"] != "mlp"
        ]
    random, never = (plain(sentence) for sentence in pays(_typed(data)))
    assert random.startswith("By work alone, against uniformly random actions,")
    assert "after" not in random
    assert never.startswith("By work alone, it pays on no device against the best constant action")


def test_cooling_counts_with_the_agent_s_work_as_with_the_service_s(data: Data) -> None:
    data["ledger"]["pue"] = 2.0
    assert "6.19e-7 at most, and 3.40e-6 at high prices" in _said(own_work(_typed(data)))


def test_a_comma_in_a_title_is_not_read_as_an_apposition(data: Data) -> None:
    pairs = [pair for pairs in data["payback"].values() for pair in pairs]
    for pair in pairs:
        pair |= {"verdict": "pays", "baseline_violation_rate": 0.0}
        if pair["baseline"] == "random":
            pair["title"] = "the rule one, two"
    said = _said(pays(_typed(data)))
    assert said.startswith("Provisioned, against the rule one, two it pays")
    assert "Provisioned, against the best constant action, 150 words at 9.932 W, it pays" in said


def test_one_device_that_pays_is_named_once(data: Data) -> None:
    said = pays(_alone(data, "loihi2"))[0]
    assert "of requests), it pays on Intel Loihi 2, after " in said
    assert said.count("Loihi 2") == 1


def test_a_baseline_that_is_no_service_is_named(data: Data) -> None:
    data["no_service"] = ["the dense twin"]
    assert pays(_typed(data))[-1] == (
        "Against the dense twin nothing is said: in no request do both keep every constraint."
    )


def test_own_work_below_a_millionth_leaves_decisions_alone_to_matter(summary: Summary) -> None:
    """Of 290.1 J, 89.8 uJ on the microcontroller is the most: 3.1e-7."""
    (said,) = own_work(summary)
    assert plain(said) == (
        "On Intel Loihi 2, Intel Loihi 1 and STM32U575 microcontroller the agent's own work (its dynamic "
        "energy, at nominal prices) takes less than 1e-6 of the 290 J of the service's work, 3.10e-7 at "
        "most, and 1.70e-6 at high prices: of its work only better decisions matter there."
    )


@pytest.mark.parametrize(
    ("service_j", "said"),
    [
        (
            20.0,
            ["On Intel Loihi 2 and Intel Loihi 1", "It takes 4.49e-6 of it on STM32U575 microcontroller."],
        ),
        (
            1.0,
            [
                "On no neuromorphic chip and no microcontroller here",
                "it takes 6.02e-6 of it on Intel Loihi 2,",
            ],
        ),
    ],
)
def test_elsewhere_it_says_otherwise(data: Data, service_j: float, said: list[str]) -> None:
    data["ledger"]["boundaries"]["work"]["service_energy_j"] = service_j
    text = _said(own_work(_typed(data)))
    for part in said:
        assert part in text
    assert ("only better decisions matter" in text) == (service_j > 1.0)


def test_a_gpu_is_no_small_device(data: Data) -> None:
    assert own_work(_alone(data, "h100")) == []
    assert "H100" not in _said(own_work(_typed(data)))


def test_static_power_is_told_in_times_and_in_carbon(data: Data) -> None:
    said = _said(static_power(_typed(data)))
    provisioned = data["ledger"]["boundaries"]["provisioned"]
    devices, service = provisioned["accounts"], provisioned["service_mg"]["nominal"]
    for profile, name in (("loihi2", "Intel Loihi 2"), ("h100", "NVIDIA H100 SXM")):
        energy = devices[profile]["energy_j"]
        times = float(f"{energy['static']['nominal'] / energy['dynamic']['nominal']:.2e}")
        mg = next(line["mg"]["nominal"] for line in devices[profile]["lines"] if line["part"] == "static")
        share = f"({100 * mg / service:.3g} % of the service provisioned)"
        assert f"{times:,.0f} times" in said
        assert f"{name} {share}" in said
    assert said.startswith("Between decisions, at 1 request per second, static power takes 46,500 times the ")
    for device in devices.values():
        del device["energy_j"]["static"]
    assert static_power(_typed(data)) == []
    assert "Always on" not in [finding.topic for finding in answer(_typed(data))]


def test_of_many_devices_static_power_names_the_ends(data: Data) -> None:
    devices = data["ledger"]["boundaries"]["provisioned"]["accounts"]
    devices |= {f"copy{n}": devices["loihi1"] for n in range(3)}
    said = _said(static_power(_typed(data)))
    assert "Loihi 2" in said
    assert "STM32U575" in said
    assert "Loihi 1" not in said


def test_a_service_without_carbon_has_no_shares(data: Data) -> None:
    for figures in data["ledger"]["boundaries"].values():
        figures |= {"service_energy_j": 0.0, "service_mg": dict.fromkeys(figures["service_mg"], 0.0)}
    summary = _typed(data)
    assert "%" not in _said(cost(summary)) + _said(static_power(summary)) + _said(own_work(summary))


@pytest.mark.parametrize(
    ("items", "said"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_in_sentences(items: list[str], said: str) -> None:
    assert listed(items) == said
