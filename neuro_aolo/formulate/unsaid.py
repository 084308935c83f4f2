"""What a description leaves open: what it names without a figure, and what others make necessary."""

from neuro_aolo.formulate.cards import Deck
from neuro_aolo.formulate.form import Form
from neuro_aolo.formulate.settle import Settled


def left_open(form: Form, settled: Settled, deck: Deck) -> tuple[str, ...]:
    """Keys of what the words do not settle.

    Args:
        form: what was said, with what its filler found missing.
        settled: what of it was taken.
        deck: of the system.
    """
    phrases, said = deck.phrases, {key: value.value for key, value in settled.values.items()}
    settled_too = set(said)
    for place, intensity in phrases.intensities.items():
        if {place, intensity} & settled_too:
            settled_too |= {place, intensity}
    known = {*deck.cards, *phrases.places}
    keys = (
        *(dropped.key for dropped in settled.dropped if dropped.problem in ("unit", "unfounded")),
        *form.missing,
        *phrases.unsaid(deck.base.scenario, said),
    )
    refused = {
        dropped.key for dropped in settled.dropped if dropped.problem in ("contradiction", "out-of-range")
    }
    return tuple(key for key in dict.fromkeys(keys) if key in known and key not in settled_too | refused)
