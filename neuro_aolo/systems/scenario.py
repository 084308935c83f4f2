"""What scenarios of parameter groups have in common: a name, sources, and values that can be changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.parameters import Section
from neuro_aolo.systems.ranges import without_outdated_ranges
from neuro_aolo.systems.scenario_file import explain, overlaid


class NamedScenario(Section):
    """Base of the scenarios whose parameters stand in groups.

    Attributes:
        name: Short name.
        description: One or two sentences.
    """

    name: str = Field(min_length=1, max_length=100)
    description: str = ""

    def with_values(self, **sections: Mapping[str, Any]) -> Self:
        """This scenario with some parameters changed: ``with_values(radio={"bandwidth_hz": 1e7})``.

        Raises:
            ScenarioError: a parameter is unknown or its value is not allowed.
        """
        base = without_outdated_ranges(self._data(), sections)
        return self._validated(overlaid(base, sections), f"scenario {self.name!r}")

    def _data(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def _validated(cls, data: dict[str, Any], where: Path | str) -> Self:
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, where)) from None

    @model_validator(mode="after")
    def _sources_name_parameters(self) -> Self:
        for key in getattr(self, "sources", {}):
            if self._holder(key) is None:
                raise ValueError(f"sources names {key!r}, which is no parameter: use 'section.key'")
        return self

    @model_validator(mode="after")
    def _ranges_hold_values(self) -> Self:
        for key, given in getattr(self, "ranges", {}).items():
            section, name = self._holder(key), key.rpartition(".")[2]
            value = getattr(section, name, None)
            if section is None or isinstance(value, bool) or not isinstance(value, int | float | tuple):
                raise ValueError(f"ranges names {key!r}, which is no number of a section: use 'section.key'")
            if not given.holds(value):
                raise ValueError(
                    f"ranges.{key}: {given.low} to {given.high} does not hold the value {value}: widen it"
                )
            for end in (given.low, given.high):
                try:
                    section.model_copy(update={name: end})
                except ValidationError as error:
                    reason = explain(error, type(section), f"ranges.{key}")
                    raise ValueError(reason) from None
        return self

    def _holder(self, key: str) -> Section | None:
        """The section of the parameter ``section.key``; None where there is no such parameter."""
        section, _, name = key.partition(".")
        owner = getattr(self, section, None)
        return owner if isinstance(owner, Section) and name in type(owner).model_fields else None
