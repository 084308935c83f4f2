"""How a dense actor refines an action: N passes through one network, from x_N = 0 down to x_0.

    eps = network(observation, x_i, i)
    x0 = clip((x_i - noise_i eps) / signal_i, -1, 1)
    x_{i-1} = estimate_i x0 + kept_i x_i              for i = N..1

and the action is ``u = clip(x_0, -1, 1)``, or ``tanh(r u)`` where x is an action on the scale of atanh.

It is the mean of the reverse process of a denoising diffusion model, so the same observation has the same
action. What the network makes of i is a constant of each pass: it joins the first layer's bias.

References:
    J. Ho, A. Jain, P. Abbeel (2020), Denoising diffusion probabilistic models, NeurIPS, arXiv:2006.11239,
    equations (6), (7) and (15).
"""

from dataclasses import dataclass

import numpy as np

from neuro_aolo_export.arrays import FloatArray, freeze, require

MOST_PASSES = 1_000
_FURTHEST = 1e3


@dataclass(frozen=True, eq=False)
class Denoising:
    """Passes of a dense network; the first entry of each array is of i = 1, the last pass that is made.

    Attributes:
        shift: added to the first layer's sum, ``(N, H)``.
        noise: ``sqrt(1 - abar_i)``, ``(N,)``.
        signal: ``sqrt(abar_i)``, above 0, ``(N,)``.
        estimate: ``beta_i sqrt(abar_{i-1}) / (1 - abar_i)``, ``(N,)``.
        kept: ``(1 - abar_{i-1}) sqrt(alpha_i) / (1 - abar_i)``, ``(N,)``.
        reach: r, on that scale, rounded to float32; 0 where x is the action itself.
    """

    shift: FloatArray
    noise: FloatArray
    signal: FloatArray
    estimate: FloatArray
    kept: FloatArray
    reach: float = 0.0

    def __post_init__(self) -> None:
        """Check shapes and signals, and make the arrays read-only."""
        freeze(self, "shift", 2)
        for name in ("noise", "signal", "estimate", "kept"):
            freeze(self, name, 1)
            given = len(getattr(self, name))
            require(given == self.passes, f"{name} has {given} entries: give one for each of {self.passes}")
        require(self.passes <= MOST_PASSES, f"{self.passes:,} passes: give at most {MOST_PASSES:,}")
        require(
            isinstance(self.reach, int | float) and 0.0 <= self.reach <= _FURTHEST,
            f"reach {self.reach}: give 0, or a number above it, up to {_FURTHEST:g}",
        )
        object.__setattr__(self, "reach", float(np.float32(self.reach)))
        require(bool((self.signal > 0).all()), f"signal {float(self.signal.min()):g}: give values above 0")

    @property
    def passes(self) -> int:
        """N."""
        return len(self.shift)

    def step(self, index: int, x: FloatArray, eps: FloatArray) -> FloatArray:
        """x_{i-1} of x_i and the noise that the network sees in it, both ``(B, A)``; ``index`` is i - 1."""
        estimate = np.clip((x - self.noise[index] * eps) / self.signal[index], -1.0, 1.0)
        after: FloatArray = self.estimate[index] * estimate + self.kept[index] * x
        return after

    def action(self, x: FloatArray) -> FloatArray:
        """The action of x_0, ``(B, A)``."""
        ended: FloatArray = np.clip(x, -1.0, 1.0)
        return np.tanh(np.float32(self.reach) * ended) if self.reach else ended
