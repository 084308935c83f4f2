"""How a neuron resets: what a spike does to its membrane potential, in the spike's own step.

``zero`` sets the potential to 0. ``subtract`` takes the threshold off it and leaves what was above, before
the next leak: ``v[t] = d_v (v[t-1] - V_th o[t-1]) + c[t]``. So does sinabs; snnTorch's default takes the
threshold off after the leak, ``d_v v[t-1] + c[t] - V_th o[t-1]``, which is another
network wherever ``d_v`` is not 1.
"""

from collections.abc import Iterable
from typing import Literal, get_args

from neuro_aolo_export.arrays import require

Reset = Literal["zero", "subtract"]
RESETS: tuple[Reset, ...] = get_args(Reset)
PHRASES = {
    "zero": "to zero",
    "subtract": "by subtraction",
    "mixed": "to zero or by subtraction, layer by layer",
}


def require_reset(reset: str) -> None:
    """Check that there is such a reset."""
    require(reset in RESETS, f"reset {str(reset)[:40]!r} is unknown: give {' or '.join(RESETS)}")


def common(resets: Iterable[Reset]) -> Reset | Literal["mixed"]:
    """The reset of all layers, or that they have several."""
    first, *others = dict.fromkeys(resets)
    return "mixed" if others else first
