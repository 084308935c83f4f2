"""The same decisions within both boundaries, at another site, with other trainings and ranges."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import ScenarioError
from neuro_aolo.runs.book import Book, book_figures
from neuro_aolo.runs.decided import decide, hold_out
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.priced import Pricing, price_run
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.ledger import BoundaryFigures, Ledger
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh

MCU, GPU = "mcu_m33_u575", "h100"
ENERGY_KWH = 1e-3


@pytest.fixture(scope="module")
def run(
    untrained: Callable[..., Path], belongs: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """An untrained dense actor on `paper`, whose training is said to have used a watt-hour."""
    folder = untrained(tmp_path_factory.mktemp("boundaries") / "run", MLPConfig((16,)))
    belongs(folder, energy_kwh=ENERGY_KWH, measured_by="CodeCarbon")
    return Run.open(RunFolder.open(folder))


def book_of(run: Run, rate_hz: float | None = None, **changes: Any) -> Book:
    changed = replace(run, config=replace(run.config, **changes))
    decisions = decide(hold_out(changed, 300))
    return Book(decisions, price_run(changed, None, Pricing((MCU, GPU), request_rate_hz=rate_hz)))


def ledger_of(run: Run, rate_hz: float | None = None, **changes: Any) -> Ledger:
    return book_figures(book_of(run, rate_hz, **changes))


def agent_lines(figures: BoundaryFigures, profile: str = MCU) -> dict[str, float]:
    return {line.part: line.mg.nominal for line in figures.accounts[profile].lines}


@pytest.fixture(scope="module")
def ledger(run: Run) -> Ledger:
    return ledger_of(run)


def test_lines_add_up_within_both_boundaries(ledger: Ledger) -> None:
    for figures in (ledger.work, ledger.provisioned):
        lines = [line.mg for line in figures.service]
        assert sum(mg.nominal for mg in lines) == pytest.approx(figures.service_mg.nominal, rel=1e-12)
        assert all(mg.low <= mg.nominal <= mg.high for mg in lines)
        assert sum(mg.low for mg in lines) <= figures.service_mg.low * (1 + 1e-12)
        assert sum(mg.high for mg in lines) >= figures.service_mg.high * (1 - 1e-12)
        assert figures.service_mg.low < figures.service_mg.nominal < figures.service_mg.high


def test_provisioned_is_never_less_than_work(ledger: Ledger) -> None:
    standing = {line.key: line.mg for line in ledger.provisioned.service}
    for line in ledger.work.service:
        assert standing[line.key] == line.mg
    for profile in (MCU, GPU):
        work, provisioned = (agent_lines(figures, profile) for figures in (ledger.work, ledger.provisioned))
        assert set(provisioned) - set(work) == {"static"}
        assert provisioned["training"] == work["training"]
        assert provisioned["dynamic"] == work["dynamic"]
        assert provisioned["embodied"] > 100 * work["embodied"]


def test_the_making_of_work_is_that_of_the_time_of_a_decision(run: Run, ledger: Ledger) -> None:
    bill = book_of(run).bills("work")[MCU]
    assert bill.latency_s is not None
    work, provisioned = agent_lines(ledger.work), agent_lines(ledger.provisioned)
    assert work["embodied"] == pytest.approx(provisioned["embodied"] * bill.latency_s.nominal, rel=1e-12)


def test_requests_that_come_more_often_leave_less_to_wait(run: Run, ledger: Ledger) -> None:
    busier = ledger_of(run, 3.0)
    assert busier.work.service_mg == ledger.work.service_mg
    assert busier.provisioned.service_mg.nominal < ledger.provisioned.service_mg.nominal
    # From 1 / (mean time / utilisation) on the GPUs have no more time to wait, and there are more of them.
    saturated, twice = (ledger_of(run, rate).provisioned.service_mg.nominal for rate in (1e4, 2e4))
    assert saturated == pytest.approx(twice, rel=1e-12)


def test_cooling_at_the_agent_s_site_counts_with_its_energy_alone(run: Run) -> None:
    pue = run.config.scenario.inference.pue
    station, centre = ledger_of(run), ledger_of(run, agent_site="dc")
    assert (station.pue, centre.pue) == (1.0, pue)
    ratio = pue * centre.intensity_g_per_kwh / station.intensity_g_per_kwh
    for before, after in ((station.work, centre.work), (station.provisioned, centre.provisioned)):
        assert before.service == after.service
        one, other = agent_lines(before), agent_lines(after)
        for part in {"dynamic", "static"} & set(one):
            assert other[part] == pytest.approx(one[part] * ratio, rel=1e-12)
        assert other["embodied"] == one["embodied"]


def test_training_is_priced_where_it_ran(run: Run, ledger: Ledger) -> None:
    assert ledger.training_g == pytest.approx(ENERGY_KWH * ledger.intensity_g_per_kwh, rel=1e-12)
    assert "training_country does not say where it ran" in ledger.trained_where
    elsewhere = ledger_of(run, deployment=run.config.deployment.changed(training_country="POL"))
    intensity = country_intensity_g_per_kwh("POL")
    assert elsewhere.training_g == pytest.approx(ENERGY_KWH * intensity, rel=1e-12)
    assert elsewhere.training_country == "POL"
    (line,) = [each for each in elsewhere.work.accounts[MCU].lines if each.part == "training"]
    assert line.source.endswith("CodeCarbon's figure for POL, where it ran")


def test_three_trainings_are_three_times_the_line(run: Run, ledger: Ledger) -> None:
    thrice = ledger_of(run, deployment=run.config.deployment.changed(trainings=3))
    assert thrice.training_g == pytest.approx(3.0 * ledger.training_g, rel=1e-15)
    for before, after in ((ledger.work, thrice.work), (ledger.provisioned, thrice.provisioned)):
        assert agent_lines(after)["training"] == pytest.approx(
            3.0 * agent_lines(before)["training"], rel=1e-15
        )
    (line,) = [each for each in thrice.work.accounts[MCU].lines if each.part == "training"]
    assert line.name == "agent, 3 trainings shared over 31,536,000 requests"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"trainings": 0}, "trainings = 0 is not allowed"), ({"training_country": "XYZ"}, "XYZ")],
)
def test_what_a_deployment_does_not_allow_is_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as error:
        Deployment().changed(**changes)
    assert "\n" not in str(error.value)


def test_unlike_figures_of_one_kind_of_device_are_said(run: Run, ledger: Ledger) -> None:
    (said,) = ledger.unlike_making
    # 318 kg over 3 years, and 164 kg over 5 years.
    assert said.startswith("making a GPU of the service counts 106 kg CO₂e per year of its life")
    assert "making NVIDIA H100 SXM, one decision at a time 32.8 kg" in said
    as_the_profile = run.config.scenario.with_values(
        inference={"gpu_embodied_kg": 164.0, "gpu_lifetime_years": 5.0}
    )
    assert ledger_of(run, scenario=as_the_profile).unlike_making == ()


def test_without_ranges_the_service_is_known_exactly(run: Run) -> None:
    bare = ledger_of(run, scenario=run.config.scenario.model_copy(update={"ranges": {}}))
    for figures in (bare.work, bare.provisioned):
        assert figures.service_mg.low == figures.service_mg.nominal == figures.service_mg.high


def test_a_saving_lies_between_those_at_the_ends(run: Run) -> None:
    """An always-on service whose GPUs work less saves what they draw beyond idle power, and no making."""
    book = book_of(run)
    services = book.services
    requests = book.decisions.held_out.requests
    shapes = {}
    for name, action in (("long", (1.0, 1.0)), ("short", (-1.0, -1.0))):
        rolled = requests.rollout(lambda seen, action=action: np.tile(action, (len(seen), 1)))  # type: ignore[misc]
        shapes[name] = services.of(rolled)
    every = np.ones(len(requests.states), np.bool_)
    work, provisioned = (
        shapes["long"].saved_by(shapes["short"], every, boundary) for boundary in ("work", "provisioned")
    )
    assert work.low < work.nominal < work.high
    assert 0.0 < provisioned.nominal < work.nominal
    inference = run.config.scenario.inference
    idle = run.config.scenario.provision.gpu_idle_power_w / inference.gpu_power_w
    long, short = (shapes[name].lines("work")[0].carbon_mg.nominal for name in ("long", "short"))
    assert provisioned.nominal == pytest.approx((long - short) * (1.0 - idle), rel=1e-3)
