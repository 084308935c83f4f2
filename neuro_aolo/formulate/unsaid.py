"""What a description leaves open: figures that one should say, and what it names without one."""

from neuro_aolo.formulate.cards import Deck
from neuro_aolo.formulate.form import Form
from neuro_aolo.formulate.settle import Settled, names


def left_open(form: Form, settled: Settled, deck: Deck, text: str) -> tuple[str, ...]:
    """Keys of what the words do not settle.

    Args:
        form: what was said, with what its filler found missing.
        settled: what of it was taken.
        deck: of the system.
        text: the words.
    """
    phrases, said = deck.phrases, set(settled.values)
    for place, intensity in phrases.intensities.items():
        if {place, intensity} & said:
            said |= {place, intensity}
    known = {*deck.cards, *phrases.places}
    named = (card.key for card in deck.cards.values() if names(card, text))
    keys = (
        *(dropped.key for dropped in settled.dropped),
        *(key for key in form.missing if key in known),
        *named,
        *phrases.asked,
    )
    return tuple(key for key in dict.fromkeys(keys) if key not in said)
