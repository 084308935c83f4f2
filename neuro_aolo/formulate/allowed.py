"""Whether values are allowed by the schema, each by itself and all together."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from neuro_aolo.formulate.cards import Deck
from neuro_aolo.formulate.settle import Dropped, Settled
from neuro_aolo.systems.parameters import Section
from neuro_aolo.systems.scenario_file import overlaid

_DEPLOYMENT = "deployment"


def within(settled: Settled, deck: Deck, deployment: type[Section] | None) -> Settled:
    """Without the values that the schema does not allow by themselves; they are listed as dropped.

    Args:
        settled: values as said.
        deck: of the system, with the scenario that is extended.
        deployment: what the table ``[deployment]`` holds.
    """
    values, dropped = dict(settled.values), list(settled.dropped)
    for key, value in settled.values.items():
        reason = _refusal(key, value.value, deck, deployment)
        if reason:
            del values[key]
            dropped.append(Dropped(key, value.written, "out-of-range", f"not allowed: {reason}"))
    return Settled(values, tuple(dropped), settled.warnings)


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of values by dotted key."""
    data: dict[str, Any] = {}
    for key, value in values.items():
        table = data
        *within_, own = key.split(".")
        for part in within_:
            table = table.setdefault(part, {})
        table[own] = value
    return data


def _refusal(key: str, value: Any, deck: Deck, deployment: type[Section] | None) -> str:
    """Why a value is not allowed whatever the others are; empty where it may be."""
    section, _, own = key.partition(".")
    model: Any = type(deck.base.scenario)
    if section == _DEPLOYMENT and deployment is not None:
        model, base, data = deployment, deployment(**deck.base.deployment), {own: value}
        place: tuple[str, ...] = (own,)
    else:
        base, data, place = deck.base.scenario, nested({key: value}), tuple(key.split("."))
    try:
        model.model_validate(overlaid(base.model_dump(mode="json", exclude_none=True), data))
    except ValidationError as error:
        for each in error.errors(include_url=False):
            at = tuple(part for part in each["loc"] if not isinstance(part, int))
            if at[: len(place)] == place:
                return (
                    str(each["ctx"]["error"]) if each["type"] == "value_error" else str(each["msg"]).lower()
                )
            if each["type"] == "value_error" and str(each["ctx"]["error"]).startswith(
                (f"{own}.sample", f"{own} = [")
            ):
                message = str(each["ctx"]["error"])
                return message if " must " in message else ""
    return ""
