"""Which environment is controlled, and what of it counts: all that a run on it depends on."""

from pathlib import Path
from typing import Any, Literal, Self

import tomli_w
from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.grid.countries import country_code, country_intensity_g_per_kwh
from neuro_aolo.systems.grid.factor import origin_of
from neuro_aolo.systems.parameters import LARGEST_G_PER_KWH, Bound, Section, parameter
from neuro_aolo.systems.scenario_file import ScenarioFile, explain, overlaid
from neuro_aolo.systems.wording import shown

SITE = "grid"
"""The one site: where the environment and the agent draw their energy."""

WORLD_G_PER_KWH = 475.0
_WORLD = "world average, CodeCarbon's data after IEA, Global Energy & CO2 Status Report 2019"
_LARGEST = 1e30


class Margin(Section):
    """A constraint, kept in a step exactly where ``info["margins"][name]`` is at least 0.

    Attributes:
        name: key in ``info["margins"]``.
        unit: of the margin.
        scale: margin at which the slack, ``tanh(margin / scale)``, is 0.76; measured where None.
        limit: what is kept, in the margin's unit, for people alone.
        title: what people read; the name where empty.
    """

    name: str = Field(min_length=1, max_length=60)
    unit: str = "1"
    scale: float | None = parameter(None, "margin's", "measured under random actions", gt=0.0, le=_LARGEST)
    limit: float = parameter(0.0, "margin's", "scenario")
    title: str = ""


class Line(Section):
    """A line of what the environment emits: ``info["carbon_g"][name]``, in gCO2e of a step.

    Attributes:
        name: key in ``info["carbon_g"]``.
        kind: ``operational`` or ``embodied``.
        title: what people read; the name where empty.
        source: where the figure comes from.
    """

    name: str = Field(min_length=1, max_length=60)
    kind: Literal["operational", "embodied"] = "operational"
    title: str = ""
    source: str = "the environment"


class Scenario(Section):
    """An environment and what of it counts.

    What is None or empty is asked of the environment or measured in it once, by
    :func:`~neuro_aolo.systems.environment.resolve.resolved`; a run keeps the result.

    Attributes:
        name: short; the environment's id where empty.
        description: one or two sentences.
        env_id: a registered id, as ``Pendulum-v1`` or ``module:Name-v0``; empty where a function of Python
            makes the environment.
        kwargs: what ``gymnasium.make`` passes on to it.
        horizon: steps of an episode, at which it is cut; the environment's ``max_episode_steps`` where None.
        discount: weight of the next step's cost.
        starts: episodes of an evaluation.
        observation_low: of each number of the flattened observation, what is -1 to the actor.
        observation_high: the same for 1.
        observation_names: of these numbers.
        action_names: of the numbers of the flattened action.
        reward_scale: order of magnitude of a step's reward.
        margins: constraints.
        penalty: what a step that breaks one takes off the reward that is shown; learners of costs and slacks
            do not see it.
        violation_limit: share of steps in which a constraint may be broken.
        carbon: what the environment emits.
        energy: whether ``info["energy_j"]`` tells the energy of a step.
        intensity_g_per_kwh: carbon intensity where the environment and the agent draw energy.
        grid_country: ISO 3166 alpha-3 code whose carbon intensity that is, if fixed by country.
        decision: what people call a step.
        sources: where a value comes from, by key.
    """

    name: str = Field("", max_length=100)
    description: str = ""
    env_id: str = Field("", max_length=200)
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    horizon: int | None = parameter(None, "steps", "max_episode_steps", ge=1, le=10_000)
    discount: float | None = parameter(None, "1", "chosen", ge=0.0, lt=1.0)
    starts: int | None = parameter(None, "episodes", "chosen", ge=1, le=100_000)
    observation_low: tuple[Bound, ...] = ()
    observation_high: tuple[Bound, ...] = ()
    observation_names: tuple[str, ...] = ()
    action_names: tuple[str, ...] = ()
    reward_scale: float | None = parameter(None, "reward", "measured", gt=0.0, le=_LARGEST)
    margins: tuple[Margin, ...] = ()
    penalty: float | None = parameter(None, "reward", "10 times the reward's scale", ge=0.0, le=_LARGEST)
    violation_limit: float = parameter(0.01, "1", "chosen", gt=0.0, le=1.0)
    carbon: tuple[Line, ...] = ()
    energy: bool = False
    intensity_g_per_kwh: float = parameter(WORLD_G_PER_KWH, "g/kWh", _WORLD, ge=0.0, le=LARGEST_G_PER_KWH)
    grid_country: str | None = None
    decision: str = Field("step", pattern=r"^[a-z][a-z ]{0,39}$")
    sources: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, file: ScenarioFile) -> Self:
        """The scenario that a file describes, with what it leaves out asked of the environment.

        Raises:
            ScenarioError: a key or value is not allowed, or the environment cannot be used.
        """
        from neuro_aolo.systems.environment.resolve import of_id

        scenario = cls.checked(file.data, file.path)
        if not scenario.env_id:
            raise ScenarioError(
                f'{file.path}: env_id is missing: give a registered id, as env_id = "Pendulum-v1"'
            )
        resolved = of_id(scenario, str(file.path))
        assert isinstance(resolved, cls)
        return resolved

    @classmethod
    def checked(cls, data: dict[str, Any], where: Path | str) -> Self:
        """The scenario of plain keys, a country's intensity put in.

        Raises:
            ScenarioError: a key or value is not allowed, or the country is unknown.
        """
        code = data.get("grid_country")
        if isinstance(code, str):
            try:
                given = {"intensity_g_per_kwh": country_intensity_g_per_kwh(code), **data}
            except ScenarioError as error:
                raise ScenarioError(f"{where}: grid_country: {error}") from None
            data = {**given, "grid_country": country_code(code)}
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, where)) from None

    def to_toml(self) -> str:
        """The scenario as a file that the command line reads."""
        return tomli_w.dumps({"system": "environment", **self._data()})

    def with_countries(self, grid: str | None = None) -> Self:
        """This scenario with the carbon intensity of a country.

        Args:
            grid: ISO 3166 alpha-3 code; None leaves the intensity as it is.

        Raises:
            ScenarioError: the code is unknown or without data.
        """
        if grid is None:
            return self
        intensity = country_intensity_g_per_kwh(grid)
        placed = {"grid_country": grid, "intensity_g_per_kwh": intensity}
        return self.checked(overlaid(self._data(), placed), f"scenario {self.name!r}")

    def origin(self, parameter: str) -> str | None:
        """Where the carbon intensity comes from; None as the scenario says."""
        if parameter == "intensity_g_per_kwh" and self.grid_country is not None:
            return origin_of(self.grid_country, self.intensity_g_per_kwh)
        return None

    def _data(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)

    @field_validator("kwargs")
    @classmethod
    def _written(cls, kwargs: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Refuse what a TOML file cannot hold."""
        try:
            tomli_w.dumps(kwargs)
        except (TypeError, ValueError):
            raise ValueError(
                f"{shown(kwargs)} holds what no file keeps, such as None: leave it out, or give a function "
                "that makes the environment"
            ) from None
        return kwargs

    @model_validator(mode="after")
    def _bounds_in_pairs(self) -> Self:
        low, high = self.observation_low, self.observation_high
        if len(low) != len(high):
            raise ValueError(
                f"observation_low has {len(low)} numbers and observation_high {len(high)}: give as many"
            )
        for index, (least, most) in enumerate(zip(low, high, strict=True)):
            if least >= most:
                raise ValueError(
                    f"observation {index} ranges from {least:g} to {most:g}: give a low below the high"
                )
        return self

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        for key in ("observation_names", "action_names"):
            _all_differ(key, getattr(self, key))
        for key in ("margins", "carbon"):
            _all_differ(key, tuple(each.name for each in getattr(self, key)))
        return self


def _all_differ(key: str, names: tuple[str, ...]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{key} has {twice!r} twice: give each a name of its own")
