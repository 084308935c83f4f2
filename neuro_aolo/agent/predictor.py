"""The next hours of an hourly series from the last day of several: a recurrent network, and how far it errs.

It predicts how each of the next hours differs from the present one, in standard deviations of the hours that
it learns from, so that a network that says 0 is the persistence of the present hour.

References:
    S. Hochreiter, J. Schmidhuber (1997), Long short-term memory, Neural Computation 9(8):1735-1780,
    doi:10.1162/neco.1997.9.8.1735.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Series = NDArray[np.float64]


@dataclass(frozen=True)
class PredictorConfig:
    """Settings.

    Attributes:
        hidden: cells of the LSTM.
        window: hours that are seen, the present one last.
        ahead: hours that are predicted, the next one first.
        epochs: over all windows.
        batch_size: windows.
        learning_rate: of Adam, falling to nothing as a cosine.
    """

    hidden: int = 64
    window: int = 24
    ahead: int = 6
    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 3e-3


class Predictor(nn.Module):
    """Windows ``(B, window, F)`` in standard deviations to differences from the present ``(B, ahead)``."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int, config: PredictorConfig) -> None:
        super().__init__()
        self.config = config
        self.lstm = nn.LSTM(features, config.hidden, batch_first=True)
        self.read_out = nn.Linear(config.hidden, config.ahead)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))

    def forward(self, windows: Tensor) -> Tensor:
        """Differences in standard deviations."""
        differences: Tensor = self.read_out(self.lstm(windows)[0][:, -1])
        return differences


def fit(
    series: Series, usable: NDArray[np.bool_], config: PredictorConfig, generator: torch.Generator
) -> Predictor:
    """A predictor of the first column, learnt by least squares.

    Args:
        series: hour by hour, ``(T, F)``.
        usable: hours that may be seen and predicted in learning, ``(T,)``: a window with others is left out.
        config: settings.
        generator: of the first weights and of the order of windows.

    Raises:
        ValueError: no window of usable hours is long enough.
    """
    span = config.window + config.ahead
    runs = np.lib.stride_tricks.sliding_window_view(usable, span).all(axis=1)
    present = np.flatnonzero(runs) + config.window - 1
    if not len(present):
        raise ValueError(f"no {span} hours in a row are usable: give a longer series")
    model = Predictor(series.shape[1], config)
    _draw(model, generator)
    known = torch.as_tensor(series[usable], dtype=torch.float32)
    model.mean = known.mean(dim=0)
    model.deviation = known.std(dim=0).clamp_min(1e-9)
    hours = torch.as_tensor(present)
    scaled = (torch.as_tensor(series, dtype=torch.float32) - model.mean) / model.deviation
    optimiser = torch.optim.Adam(model.parameters(), config.learning_rate)
    batches = -(-len(hours) // config.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs * batches)
    for _ in range(config.epochs):
        for chosen in hours[torch.randperm(len(hours), generator=generator)].split(config.batch_size):
            wanted = _following(scaled[:, 0], chosen, config.ahead) - scaled[chosen, :1]
            loss = (model(_windows(scaled, chosen, config.window)) - wanted).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return model


def predict(model: Predictor, series: Series) -> Series:
    """The next hours of the first column after each hour, ``(T, ahead)``; NaN where too little is seen.

    Args:
        model: as :func:`fit` gives it.
        series: hour by hour, ``(T, F)``, in the units that it was fitted in.
    """
    config = model.config
    predicted = np.full((len(series), config.ahead), np.nan)
    if len(series) < config.window:
        return predicted
    hours = torch.arange(config.window - 1, len(series))
    with torch.no_grad():
        scaled = (torch.as_tensor(series, dtype=torch.float32) - model.mean) / model.deviation
        differences = torch.cat([model(_windows(scaled, part, config.window)) for part in hours.split(2048)])
        values = (scaled[hours, :1] + differences) * model.deviation[0] + model.mean[0]
    predicted[config.window - 1 :] = values.numpy()
    return predicted


def mean_errors(predicted: Series, series: Series) -> Series:
    """Mean absolute error of each hour ahead, ``(ahead,)``, in the series' unit.

    Args:
        predicted: after each of these hours, ``(T, ahead)``; rows with NaN do not count.
        series: what was predicted, ``(T,)``.
    """
    ahead = predicted.shape[1]
    actual = np.lib.stride_tricks.sliding_window_view(series[1:], ahead)
    return np.asarray(np.nanmean(np.abs(predicted[: len(actual)] - actual), axis=0))


def _windows(scaled: Tensor, hours: Tensor, window: int) -> Tensor:
    return scaled[hours[:, None] + torch.arange(1 - window, 1)]


def _following(values: Tensor, hours: Tensor, ahead: int) -> Tensor:
    return values[hours[:, None] + torch.arange(1, ahead + 1)]


def _draw(model: Predictor, generator: torch.Generator) -> None:
    """Weights as PyTorch draws them, but by the generator."""
    bound = model.config.hidden**-0.5
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
