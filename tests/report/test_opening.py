"""What a reader sees first, on the page and in the terminal."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from neuro_aolo.report.html import render
from neuro_aolo.report.opening import controlled, opening
from neuro_aolo.report.tables import print_opening
from neuro_aolo.report.vocabulary import vocabulary
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

Data = dict[str, Any]
Metrics = list[dict[str, float]]
CONTROLS = (
    "how many words a language model answers with and at what transmit power, for a data centre in Germany "
    "and a base station in France"
)


@pytest.fixture
def now(data: Data) -> Data:
    """The recorded summary as it is written now."""
    data["run"]["hidden"] = [64, 64]
    data["wording"]["controls"] = CONTROLS
    for policy in (data["decided"], data["decided"]["constant"], data["twin"], data["deployed"]):
        policy["violation_limit"] = 0.001
    return data


def typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


def screen(summary: Summary) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    print_opening(summary, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_one_sentence_says_what_was_controlled_and_by_what(now: Data, dense: Data) -> None:
    assert plain(controlled(typed(now))) == (
        f"A spiking network (2 x 64 hidden neurons that send each other brief pulses) decided {CONTROLS}."
    )
    now["run"]["hidden"] = [64, 32]
    assert "(64 and 32 hidden neurons that" in controlled(typed(now))
    dense["run"]["hidden"] = [256]
    assert controlled(typed(dense)).startswith("A dense network (256 hidden neurons) decided each request (")


def test_what_speaks_against_it_comes_most_serious_first(now: Data) -> None:
    constant, dense = map(plain, opening(typed(now)).against)
    assert constant == (
        "One constant action (150.0 words, 9.932 W) comes closer to the optimum: regret 3.06e-5 % against "
        "20.3 %."
    )
    # 20.9 uJ of 89.8 uJ, on the one small device that runs both.
    assert dense == (
        "Its dense twin (MLP) takes 23.2 % of the energy on STM32U575 microcontroller, where both run."
    )
    now["decided"] |= {"regret": -0.4, "violation_rate": 1.0}
    now["twin"] |= {"regret": 0.02, "violation_rate": 0.0}
    points = [plain(point) for point in opening(typed(now)).against]
    assert (
        points[0]
        == "The spiking actor is infeasible: it breaks a constraint in 100 % of requests (limit 0.1 %)."
    )
    assert points[1].endswith("keeps within the limit, at a regret of 3.06e-5 %.")
    assert "(MLP) keeps within the limit, at a regret of 2 %; it takes 23.2 %" in points[2]
    now["run"]["interrupted"] = True
    assert opening(typed(now)).against[0].startswith("Training was interrupted")


def rule_of(regret: float, violation_rate: float = 0.0) -> Data:
    return {"regret": regret, "violation_rate": violation_rate, "violation_limit": 0.001}


def test_a_rule_that_is_nearer_is_told_before_what_is_less_near(now: Data) -> None:
    now["decided"]["rules"] = {"long": rule_of(2e-8), "far": rule_of(0.5), "broken": rule_of(-0.3, 0.9)}
    rule, constant, _ = map(plain, opening(typed(now)).against)
    assert rule == "The system's rule long comes closer to the optimum: regret 2.00e-6 % against 20.3 %."
    assert constant.startswith("One constant action")
    now["decided"]["rules"]["short"] = rule_of(0.01)
    assert plain(opening(typed(now)).against[0]) == (
        "2 rules of the system come closer to the optimum: regret 2.00e-6 % by long and 1 % by short, "
        "against 20.3 %."
    )
    now["decided"]["rules"] = {"short": rule_of(0.01)}
    assert [plain(point)[:8] for point in opening(typed(now)).against[:2]] == ["One cons", "The syst"]


def test_a_rule_that_is_dearer_is_no_news(now: Data) -> None:
    """Where regret is not of all that is minimised, nearer in one may be dearer in the whole."""
    now["decided"] |= {
        "cost_per_decision": 30.0,
        "rules": {"slow": rule_of(0.01) | {"cost_per_decision": 31.0}},
    }
    assert not any("rule" in point for point in opening(typed(now)).against)


def test_beside_an_infeasible_actor_rules_that_keep_the_limit_are_told(now: Data) -> None:
    now["decided"] |= {"regret": -0.4, "violation_rate": 1.0}
    now["decided"]["rules"] = {"short": rule_of(2e-8), "broken": rule_of(0.1, 0.9)}
    assert plain(opening(typed(now)).against[1]) == (
        "A rule of the system keeps within the limit: short at a regret of 2.00e-6 %."
    )


def test_nothing_is_made_up_against_an_actor_that_wins(now: Data) -> None:
    now["decided"]["constant"] = now["twin"] = None
    for device in now["priced"]["devices"].values():
        device["dense"] = None
    assert opening(typed(now)).against == ()
    assert "What speaks against it" not in screen(typed(now))


def test_an_infeasible_rival_does_not_do_better(now: Data) -> None:
    now["decided"]["constant"] |= {"regret": -0.3, "violation_rate": 0.4}
    now["twin"] |= {"regret": -0.5, "violation_rate": 1.0}
    (energy,) = opening(typed(now)).against
    assert "takes 23.2 % of the energy" in plain(energy)
    assert "regret" not in energy


def test_the_three_figures(now: Data) -> None:
    close, cost, pays = opening(typed(now)).cards
    assert plain(close.value) == "20.3 % above"
    assert plain(close.note).endswith("(not trained on). A constraint is broken in 0.005 % (limit 0.1 %).")
    provisioned = now["ledger"]["boundaries"]["provisioned"]
    accounts, service = provisioned["accounts"], provisioned["service_mg"]["nominal"]
    ends = [100 * accounts[name]["agent_mg"]["nominal"] / service for name in ("mcu_m33_u575", "h100")]
    assert plain(cost.value) == f"{ends[0]:.2g} % - {ends[1]:.2g} %"
    assert plain(cost.note).startswith(
        "Of the service's 116.3 mg CO2e per request: STM32U575 microcontroller to"
    )
    assert pays.value == "against 1 of 3"
    assert pays.note == (
        "Provisioned, it saves more carbon than it emits on no device against the best constant action, on "
        "every one against random actions; undecided against the dense twin."
    )


def test_an_infeasible_actor_has_no_figure_of_merit(now: Data, metrics: Metrics) -> None:
    now["decided"] |= {"regret": -0.4, "violation_rate": 0.0012}
    close = opening(typed(now)).cards[0]
    assert (close.value, close.alert) == ("infeasible", True)
    assert "in 0.12 % of 20,000 held-out requests (limit 0.1 %)" in plain(close.note)
    assert '<dd class="value alert">infeasible</dd>' in render(typed(now), metrics)


@pytest.mark.parametrize(
    ("verdicts", "value"),
    [
        (("pays", "pays"), "yes"),
        (("never", "never"), "no"),
        (("undecided", "undecided"), "undecided"),
        (("pays", "never"), "on some devices"),
    ],
)
def test_whether_it_pays_in_a_word(now: Data, verdicts: tuple[str, str], value: str) -> None:
    for index, pairs in enumerate(now["payback"].values()):
        for pair in pairs:
            pair["verdict"] = verdicts[index % 2]
    assert opening(typed(now)).cards[2].value == value


def test_what_is_not_known_is_said(now: Data) -> None:
    now["decided"] |= {"regret": None, "optimum_mg_per_decision": None, "constant": None}
    now["payback"] = {}
    for figures in now["ledger"]["boundaries"].values():
        figures["accounts"] = {}
    close, cost, pays = opening(typed(now)).cards
    assert close.value == "not known"
    assert plain(close.note).startswith(
        "Nobody knows the optimum here. On 20,000 held-out requests: 39.51 mg"
    )
    assert (cost.value, pays.value) == ("no figure", "no figure")
    now["payback"] = {"loihi2": []}
    assert opening(typed(now)).cards[2].value == "nothing to compare"


def test_the_page_begins_with_it(now: Data, metrics: Metrics, parsed: Callable[[str], Any]) -> None:
    page = render(typed(now), metrics)
    first = page[page.index("<h1>") : page.index("<nav")]
    order = [
        first.index(mark)
        for mark in ('class="lede"', 'class="against"', 'class="cards figures"', "What the terms mean")
    ]
    assert order == sorted(order)
    cards = first[order[2] : order[3]]
    assert cards.count('<dd class="value') == 3
    # What is long is folded.
    assert all(first.rindex("<details>", 0, at) > order[2] for at in [first.index('class="findings"')])
    assert "The answer in full" in first
    assert len(re.findall(r"<details>", first)) == first.count("</details>") == 2
    assert "A spiking network (2 x 64 hidden neurons" in parsed(page).text


@pytest.mark.parametrize("case", ["feasible", "infeasible", "long", "dense", "unknown"])
def test_the_last_screen_fits_a_terminal(now: Data, dense: Data, case: str) -> None:
    data = dense if case == "dense" else now
    if case in ("infeasible", "long"):
        data["decided"] |= {"regret": -0.4, "violation_rate": 1.0}
        data["no_service"] = ["the dense twin", "uniformly random actions"]
        data["run"]["interrupted"] = True
    if case == "long":
        data["wording"] |= {
            "title": "a scenario of a long name " * 20,
            "controls": "a great many things " * 40,
        }
        data["wording"]["constant"] = ", ".join(f"{number}.00 W" for number in range(80))
        for account in data["ledger"]["boundaries"]["provisioned"]["accounts"].values():
            account["device"] = "a device with a name that does not end " * 9
    if case == "unknown":
        data["decided"] |= {"regret": None, "optimum_mg_per_decision": None, "constant": None}
    shown = screen(typed(data))
    # Where the tables and the page are takes two more.
    assert len(shown) <= 22
    assert max(map(len, shown)) <= 80
    assert all(line.isascii() for line in shown)
    labels = (
        "How close to the optimum:",
        "Agent's cost beside the service:",
        "Does it pay, and against what:",
    )
    assert [line for line in shown if line.startswith(labels)] != []
    assert sum(line.startswith(labels) for line in shown) == 3


def test_terms_are_those_that_the_page_uses(now: Data, dense: Data) -> None:
    spiking, alone = (dict(vocabulary([typed(data)])) for data in (now, dense))
    assert {"regret", "infeasible", "spiking network", "Loihi", "CO₂e"} <= set(spiking)
    assert "0.1\xa0%" in spiking["infeasible"]
    assert {"work", "provisioned"} <= set(spiking) & set(alone)
    assert not {"spiking network", "firing rate", "Loihi", "infeasible"} & set(alone)
