"""What the cell adds to a page: the episodes that everybody meets, in three accounts."""

import numpy as np
import pytest

from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.systems.chapter import ACTOR, Chapter, Episodes
from neuro_aolo.systems.emissions_per_bit import system
from neuro_aolo.systems.emissions_per_bit.parameters import Interface, Time
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask

SLOTS = 30


def told(scenario: Scenario) -> tuple[dict[str, Chapter], Requests, EmissionsPerBitTask]:
    """Chapters of a rule in an actor's place."""
    task, rules = system.task(scenario), system.policies(scenario)
    requests, actor = Requests(task, 3, 7), rules["store-surplus"]
    assert requests.reached is not None
    reached = {
        ACTOR: requests.rollout(actor).reached,
        task.spec.optimum: requests.reached,
        **{name: requests.rollout(rule).reached for name, rule in rules.items()},
    }
    found = system.chapters(task, Episodes(requests.states, requests.draws, actor, reached))
    return {chapter.key: chapter for chapter in found}, requests, task


@pytest.fixture(scope="module")
def usual() -> tuple[dict[str, Chapter], Requests, EmissionsPerBitTask]:
    return told(Scenario(name="cell", time=Time(slots=SLOTS)))


def courses(chapter: Chapter) -> dict[tuple[str, str], np.ndarray]:
    assert chapter.charts is not None
    return {
        (panel.title.split(",")[0], line.name): np.array(line.values)
        for panel in chapter.charts.panels
        for line in panel.lines
    }


def rows(chapter: Chapter) -> dict[str, tuple[float | None, ...]]:
    assert chapter.table is not None
    assert all(len(row.values) == len(chapter.table.columns) - 1 for row in chapter.table.rows)
    return {row.name: row.values for row in chapter.table.rows}


def test_what_is_drawn_is_the_first_episode_that_was_held_out(usual) -> None:
    chapters, requests, task = usual
    drawn, optimum = courses(chapters["week"]), task.spec.optimum
    assert {len(values) for values in drawn.values()} == {SLOTS}
    reached = {
        ACTOR: requests.rollout(system.policies(task.cell)["store-surplus"]).reached,
        optimum: requests.reached,
    }
    for name, episodes in reached.items():
        assert episodes is not None
        assert drawn["carbon of the energy used", name].sum() == pytest.approx(
            episodes.served.total_g[0], rel=1e-3
        )
        assert drawn["energy used", name].sum() * 3.6e6 == pytest.approx(
            episodes.served.energy_j[0].sum(), rel=1e-3
        )
        battery = drawn["energy in all batteries", name]
        most = task.cell.storage.capacity_kwh * task.cell.radio.servers
        assert battery.min() >= 0.0
        assert battery.max() <= most * (1.0 + 1e-3)
    np.testing.assert_allclose(drawn["carbon intensity of the grid", ""][:24], task.cell.clock, rtol=1e-3)


def test_rules_stand_beside_the_actor_on_the_same_weeks(usual) -> None:
    chapters, requests, task = usual
    table = rows(chapters["rules"])
    assert list(table) == [ACTOR, task.spec.optimum, *system.policies(task.cell)]
    assert table[ACTOR] == table["store-surplus"]
    own = system.figures(task.cell, requests.reached, None)
    expected = (
        own["ng_per_bit"],
        own["source_ng_per_bit"],
        own["uj_per_bit"],
        1e3 * own["delay_s"],
        100.0 * own["drop_rate"],
        own["avoided_share"],
        own["curtailed_kwh"],
    )
    assert table[task.spec.optimum] == pytest.approx(expected)


def test_a_constant_factor_launders_what_goes_through_a_battery(usual) -> None:
    chapters, _, _ = usual
    table = rows(chapters["accounting"])
    alone, through = table["grid alone"], table["grid by way of batteries"]
    assert alone == pytest.approx([alone[0]] * 3)
    printed, followed, source = through
    assert printed < alone[0] < followed < source
    assert rows(chapters["rules"])[ACTOR][:2] == pytest.approx(table[ACTOR][1:])


def test_batteries_at_a_constant_factor_are_told_as_such_and_followed_all_the_same(usual) -> None:
    usual_rows = rows(usual[0]["accounting"])
    chapters, _, _ = told(
        Scenario(name="cell", time=Time(slots=SLOTS), interface=Interface(battery_carbon="constant"))
    )
    assert rows(chapters["accounting"])["store-surplus"] == pytest.approx(usual_rows["store-surplus"])
    assert "at a constant factor" in chapters["week"].text[0]
    assert rows(chapters["rules"])[ACTOR][0] == pytest.approx(rows(chapters["accounting"])[ACTOR][0])


def test_a_long_episode_shows_a_week() -> None:
    chapters, _, _ = told(Scenario(name="cell", time=Time(slots=170)))
    assert {len(values) for values in courses(chapters["week"]).values()} == {168}
