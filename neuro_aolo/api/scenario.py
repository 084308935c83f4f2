"""Scenarios, devices and tasks by name: what can be controlled, and what a decision can be priced on."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuro_aolo.api import shown
from neuro_aolo.api.arguments import places_of
from neuro_aolo.api.errors import speaks_python
from neuro_aolo.runs.places import Places
from neuro_aolo.systems.task import Task
from neuro_aolo.text.grid import Grid

if TYPE_CHECKING:
    import pandas as pd

    from neuro_aolo.carbon.deployment import Deployment
    from neuro_aolo.systems.describe import ParameterRow
    from neuro_aolo.systems.system import System


@dataclass(frozen=True)
class Catalogue:
    """Names to choose from, and what each stands for.

    Attributes:
        title: what is listed.
        rows: what is known of each, its ``name`` first.

    It is a collection of the names: they can be iterated over, counted, and looked for with ``in``.
    """

    title: str
    rows: tuple[Mapping[str, Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(str(row["name"]) for row in self.rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def to_dict(self) -> dict[str, Any]:
        """Plain data, by name."""
        return {str(row["name"]): {key: row[key] for key in row if key != "name"} for row in self.rows}

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each name."""
        return shown.frame(self.rows, "name")

    def _grid(self) -> Grid:
        columns = tuple(self.rows[0]) if self.rows else ("name",)
        rows: list[tuple[Any, ...]] = [
            tuple(_as_text(row[column]) for column in columns) for row in self.rows
        ]
        return Grid(self.title, columns, rows)

    def _repr_html_(self) -> str:
        return shown.html([self._grid()])

    def __str__(self) -> str:
        return shown.text([self._grid()])


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def scenarios() -> Catalogue:
    """The scenarios that come with this package.

    Returns:
        A collection of names with ``system`` and ``description`` of each.

    Example:
        >>> import neuro_aolo as na
        >>> "mixed" in na.scenarios()
        True
        >>> na.scenarios().names[:2]
        ('paper', 'emissions-per-bit')
    """
    from neuro_aolo.systems.names import load
    from neuro_aolo.systems.scenario_file import scenario_names

    rows = []
    for name in scenario_names():
        loaded = load(name)
        description = getattr(loaded.scenario, "description", "")
        rows.append({"name": name, "system": loaded.name, "description": description})
    return Catalogue("Scenarios", tuple(rows))


def profiles() -> Catalogue:
    """The hardware profiles that come with this package: the devices that a decision can be priced on.

    Returns:
        A collection of ids with the name of the ``device``, the actors that it ``runs`` (``snn``, ``mlp``),
        and the ``boundary`` of its figures.

    Example:
        >>> import neuro_aolo as na
        >>> "loihi2" in na.profiles()
        True
        >>> na.profiles().to_dict()["mcu_m33_u575"]["runs"]
        ('snn', 'mlp')
    """
    from hardware_profiles.profile import load_profile, profile_names

    devices = map(load_profile, profile_names())
    rows = (
        {
            "name": device.id,
            "device": device.name,
            "runs": tuple(device.executes),
            "scope": device.scope,
            "boundary": device.boundary,
        }
        for device in devices
    )
    return Catalogue("Hardware profiles", tuple(rows))


@dataclass(frozen=True)
class Scenario:
    """A scenario of a system: what is controlled, with every parameter.

    Attributes:
        name: of the scenario.
        system_name: of the system that it is of, as ``aolo``.
        system: the module of that system.
        parameters: the system's own scenario object.
        deployment: how the agent runs, and whether its carbon counts.

    Example:
        >>> import neuro_aolo as na
        >>> mixed = na.Scenario.load("mixed").with_countries(dc="POL")
        >>> mixed.name, mixed.system_name
        ('mixed', 'aolo')
        >>> mixed.with_values({"limits.inference_time_s": 0.5}).parameters.limits.inference_time_s
        0.5
    """

    name: str
    system_name: str
    system: "System"
    parameters: Any
    deployment: "Deployment"

    @classmethod
    def load(cls, name: "str | Path") -> "Scenario":
        """A scenario by its name, or from a ``.toml`` file.

        Args:
            name: one of :func:`scenarios`, or a path that ends in ``.toml``.

        Raises:
            ScenarioError: there is none of that name, or a key or value in the file is not allowed.
        """
        from neuro_aolo.carbon.deployment import Deployment
        from neuro_aolo.systems.names import load

        loaded = load(name)
        called = str(getattr(loaded.scenario, "name", name))
        deployment = Deployment.of(loaded.deployment, loaded.where)
        return cls(called, loaded.name, loaded.system, loaded.scenario, deployment)

    @classmethod
    @speaks_python
    def from_llm(
        cls,
        model: str,
        *,
        scenario: str = "paper",
        hardware: str = "h100",
        gpus: int | None = None,
        batch: int = 64,
        prompt_tokens: int = 0,
        parameters: str | None = None,
    ) -> "Scenario":
        """A scenario of a named language model on named GPUs, by EcoLogits' method (extra ``ecologits``).

        Args:
            model: its name in EcoLogits' list.
            scenario: shipped one that gives the rest.
            hardware: ``h100``, ``a100``, ``b200`` or ``l4``.
            gpus: how many; as many as its weights need where None.
            batch: requests served at once.
            prompt_tokens: of a request, beyond the prompt of a chat.
            parameters: ``TOTAL`` or ``TOTAL:ACTIVE`` in billions, for a model that the list lacks.

        Raises:
            ScenarioError: EcoLogits is not installed, a name is unknown, or a number is not allowed.
        """
        from neuro_aolo.systems.names import offered

        base, name = cls.load(scenario), model.rpartition("/")[2]
        make = offered(base.system, "from_llm")
        made = make(model, name, scenario, hardware, gpus, batch, prompt_tokens, parameters)
        return replace(base, name=name, parameters=made.scenario)

    @speaks_python
    def with_countries(self, **countries: str) -> "Scenario":
        """The same with the mean grid of a country at each site named, as ``dc="DEU"``.

        Args:
            **countries: ISO 3166-1 alpha-3 codes, by site.

        Raises:
            ScenarioError, AgentError: an unknown site or country.
        """
        return self._placed(places_of(countries, None, None))

    @speaks_python
    def with_traces(
        self, fill: str | None = None, longest_gap: int | None = None, **traces: "str | Path"
    ) -> "Scenario":
        """The same with an hourly carbon intensity, in g/kWh, from a CSV file at each site named.

        Args:
            fill: ``hold`` or ``linear`` for hours that a trace lacks; they are refused where None.
            longest_gap: most hours in a row that are filled; 24 where None.
            **traces: paths, by site.

        Raises:
            ScenarioError, AgentError: an unknown site, or a trace that cannot be used.
        """
        return self._placed(places_of(None, traces, fill, longest_gap))

    @speaks_python
    def with_values(self, values: Mapping[str, Any]) -> "Scenario":
        """The same with other values of single parameters, by dotted key, as ``{"limits.quality": 60}``.

        Raises:
            RunError: a key is unknown, or a value is not allowed.
        """
        from neuro_aolo.runs.settings import changed_scenario

        return replace(self, parameters=changed_scenario(self.system, self.parameters, values))

    def task(self) -> Task:
        """The batched control task of the scenario; see :func:`make_task`."""
        return self.system.task(self.parameters)

    def _placed(self, places: Places) -> "Scenario":
        return replace(self, parameters=places.put(self.system, self.parameters))

    def _rows(self) -> "tuple[ParameterRow, ...]":
        from neuro_aolo.systems.describe import describe

        return describe(self.parameters, self.deployment)

    def to_dict(self) -> dict[str, Any]:
        """Every parameter as plain data, as the scenario's file has them."""
        from neuro_aolo.runs.config import scenario_data

        deployment = self.deployment.model_dump(mode="json", exclude_none=True)
        return {"system": self.system_name, **scenario_data(self.parameters), "deployment": deployment}

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each parameter: value, unit, default, allowed values, source and range, as text."""
        return shown.frame((asdict(row) for row in self._rows()), "key")

    def _repr_html_(self) -> str:
        rows: list[tuple[Any, ...]] = [tuple(asdict(row).values()) for row in self._rows()]
        columns = ("parameter", "value", "unit", "default", "allowed", "source", "range")
        return shown.html([Grid(f"{self.name} ({self.system_name})", columns, rows)])


@speaks_python
def make_task(
    scenario: "str | Path | Scenario" = "paper",
    *,
    country: Mapping[str, str] | None = None,
    trace: Mapping[str, "str | Path"] | None = None,
    fill: str | None = None,
    longest_gap: int | None = None,
) -> Task:
    """The batched control task of a scenario: states in, observations and actions in [-1, 1].

    Args:
        scenario: a name, a ``.toml`` file, or a :class:`Scenario`.
        country: ISO 3166-1 alpha-3 codes by site, as ``{"dc": "DEU"}``.
        trace: CSV files of hourly carbon intensity (g/kWh) by site.
        fill: ``hold`` or ``linear`` for hours that a trace lacks; they are refused where None.
        longest_gap: most hours in a row that are filled; 24 where None.

    Returns:
        A :class:`~neuro_aolo.systems.task.Task`: ``reset(count, rng)`` draws native states ``(count, S)``,
        ``observe`` gives observations ``(B, D)``, ``step`` takes actions ``(B, A)`` and tells costs, slack,
        carbon (g) and energy (J), ``optimum`` the least reachable cost.

    Raises:
        NeuroAoloError: the scenario, a site, a country or a trace cannot be used.

    Example:
        >>> import numpy as np
        >>> import neuro_aolo as na
        >>> task = na.make_task("paper", country={"dc": "DEU", "bs": "FRA"})
        >>> rng = np.random.default_rng(0)
        >>> states = task.reset(1_000, rng)
        >>> task.observe(states).shape
        (1000, 5)
        >>> served = task.step(states, np.zeros((1_000, 2)), rng).served
        >>> served.carbon_g.shape, served.energy_j.shape
        ((1000, 4), (1000, 2))
    """
    chosen = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    places = places_of(country, trace, fill, longest_gap)
    return chosen.system.task(places.put(chosen.system, chosen.parameters))
