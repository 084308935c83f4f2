"""The settings of the spiking actor that are swept, and to what they are set."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Sweep:
    """One setting of the spiking actor.

    Attributes:
        setting: field of PopSANConfig.
        values: in rising order.
        judged: those of them on which verdicts rest, and which have all seeds: the ends, what the presets
            have between them, and of the time steps the best of the first three seeds, so that nobody can say
            that a peak was left out.
        title: the setting, as people read it.
    """

    setting: str
    values: tuple[Any, ...]
    judged: tuple[Any, ...]
    title: str

    def label(self, value: Any) -> str:
        """A value: of hidden layers their number where it is what differs, else the neurons of one."""
        if not isinstance(value, tuple):
            return str(value)
        return str(len(value) if len({len(each) for each in self.values}) > 1 else value[0])

    def judged_alone(self) -> "Sweep":
        """The same without the other values."""
        return replace(self, values=self.judged)


_WIDTHS = tuple((neurons, neurons) for neurons in (16, 64, 256, 512))
_DEPTHS = tuple((256,) * layers for layers in (1, 2, 3))

SWEEPS = {
    "hidden": Sweep("hidden", _WIDTHS, _WIDTHS[:3], "neurons of each of two hidden layers"),
    "timesteps": Sweep("steps", (1, 2, 3, 5, 8, 12), (1, 2, 5, 12), "time steps T of a decision"),
    "encoder": Sweep("encoder_population", (2, 5, 10, 20), (2, 10, 20), "encoder neurons per observation"),
    "decoder": Sweep("decoder_population", (2, 5, 10, 20, 40), (2, 10, 40), "decoder neurons per action"),
    "depth": Sweep("hidden", _DEPTHS, _DEPTHS, "hidden layers of 256 neurons"),
}
