"""The making of a device: embodied carbon, and how long it is shared out over.

References:
    U. Gupta et al. (2022), ACT, ISCA, doi:10.1145/3470496.3527408.
"""

from dataclasses import dataclass

from hardware_profiles.profile import Profile
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.units import S_PER_YEAR


@dataclass(frozen=True)
class Hardware:
    """Devices that run an agent, and nothing else.

    Attributes:
        name: of the device, with their number where there are several.
        embodied_kg: carbon of making them, in kgCO2e.
        lifetime_s: for how long they are used.
        source: evidence, grade and place of the figure, and its boundary.
    """

    name: str
    embodied_kg: Range
    lifetime_s: float
    source: str


def hardware(profile: Profile, devices: int = 1) -> Hardware | None:
    """The devices of ``profile``; None where nobody tells what making one emits."""
    made = profile.embodied
    if made is None:
        return None
    return Hardware(
        name=profile.name if devices == 1 else f"{devices} x {profile.name}",
        embodied_kg=Range.of(made.kg) * float(devices),
        lifetime_s=made.lifetime_years * S_PER_YEAR,
        source=f"{made.boundary}, {made.method}, {made.lifetime_years:g} years; {made.kg.source}",
    )
