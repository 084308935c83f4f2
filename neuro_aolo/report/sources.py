"""Whose models, measurements and prices a page rests on."""

from collections.abc import Sequence

from neuro_aolo.runs.summary.summary import Summary

_SPIKING = (
    "Spiking actor: G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), PopSAN, arXiv:2010.09635",
    "Operation prices: M. Davies et al. (2018), Loihi, 10.1109/MM.2018.112130359",
    "Measured energy of a spiking controller: G. Tang, N. Kumar, K. Michmizos (2020), "
    "10.1109/IROS45743.2020.9340948",
    "Loihi 2 and Lava: G. Orchard et al. (2021), arXiv:2111.03746",
)
_ALL = (
    "Embodied carbon of chips: U. Gupta et al. (2022), ACT, 10.1145/3470496.3527408",
    "Training's energy and the countries' carbon intensities, averages of a year each (location-based): "
    "CodeCarbon, https://github.com/mlco2/codecarbon",
    "Carbon per functional unit: ISO/IEC 21031:2024, Software Carbon Intensity",
    "Each price of a bill names its own source.",
)


def sources(summaries: Sequence[Summary]) -> list[str]:
    """Of the systems first, then of spiking actors where a run has one, then of every run."""
    systems = dict.fromkeys(source for summary in summaries for source in summary.wording.sources)
    spiking = any(summary.run.kind == "spiking" for summary in summaries)
    return [*systems, *(_SPIKING if spiking else ()), *_ALL]
