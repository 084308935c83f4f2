"""The predictor learns what can be known, and nothing of what is held out."""

import numpy as np
import pytest
import torch

from neuro_aolo.agent.predictor import PredictorConfig, fit, mean_errors, predict

CONFIG = PredictorConfig(hidden=16, epochs=15, batch_size=64, learning_rate=1e-2)
HOURS = 1_200


@pytest.fixture(scope="module")
def series() -> np.ndarray:
    """A day that repeats, louder in the second half, and a column that says how loud."""
    hours = np.arange(HOURS)
    loud = np.where(hours < HOURS // 2, 20.0, 60.0)
    return np.column_stack([200.0 + loud * np.sin(2.0 * np.pi * hours / 24.0), loud])


def test_it_beats_the_present_hour_where_the_day_repeats(series: np.ndarray) -> None:
    usable = np.arange(HOURS) % 300 < 240
    model = fit(series, usable, CONFIG, torch.Generator().manual_seed(0))
    predicted = predict(model, series)
    assert predicted.shape == (HOURS, 6)
    assert np.isnan(predicted[:23]).all()
    assert np.isfinite(predicted[23:]).all()
    predicted[usable] = np.nan
    held = np.tile(np.where(usable, np.nan, series[:, 0])[:, None], (1, 6))
    assert (mean_errors(predicted, series[:, 0]) < 0.4 * mean_errors(held, series[:, 0])).all()


def test_what_is_held_out_teaches_nothing(series: np.ndarray) -> None:
    usable = np.arange(HOURS) % 300 < 240
    other = np.where(usable[:, None], series, 1e4)
    short = PredictorConfig(hidden=4, epochs=1)
    one, two = (fit(given, usable, short, torch.Generator().manual_seed(1)) for given in (series, other))
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name]), name


def test_errors_are_those_of_each_hour_ahead() -> None:
    series = np.array([1.0, 2.0, 4.0, 8.0])
    predicted = np.array([[2.0, 5.0], [np.nan, np.nan], [8.0, 0.0], [0.0, 0.0]])
    assert mean_errors(predicted, series) == pytest.approx([0.0, 1.0])


def test_a_series_without_a_window_is_refused(series: np.ndarray) -> None:
    usable = np.arange(HOURS) % 20 != 0
    with pytest.raises(ValueError, match="no 30 hours in a row are usable"):
        fit(series, usable, CONFIG, torch.Generator())
