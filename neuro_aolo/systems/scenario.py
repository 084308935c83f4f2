"""What scenarios of parameter groups have in common: a name, sources, and values that can be changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.parameters import Section
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
        return self._validated(overlaid(self._data(), sections), f"scenario {self.name!r}")

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
            section, _, name = key.partition(".")
            owner = getattr(self, section, None)
            if not (isinstance(owner, BaseModel) and name in type(owner).model_fields):
                raise ValueError(f"sources names {key!r}, which is no parameter: use 'section.key'")
        return self
