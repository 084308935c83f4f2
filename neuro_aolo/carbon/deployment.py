"""How an agent runs, and whether its own carbon counts: the devices, their host, the rate of decisions."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, ValidationError, field_validator, model_serializer

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.grid.countries import country_code
from neuro_aolo.systems.parameters import Section, parameter
from neuro_aolo.systems.scenario_file import explain

OLD_AGENT_CARBON = {"marginal": "work", "full": "provisioned"}
"""Names that ``agent_carbon`` had, and what each is called now: they are read, and no more written."""


_OF_TRAINING = ("training_country", "trainings")


class Deployment(Section):
    """How the agent runs, and how much of its own carbon counts in what is minimised.

    ``work`` is what stands for a decision while it is worked on: the energy of the device and of its host,
    static power and making for that time. ``provisioned`` is what stands there for it all of the time: also
    static power until the next decision, and the making, shared over the decisions at the request rate. Both
    are at average carbon intensities; neither is a marginal one. The carbon of training is on the ledger in
    any case, and in neither: no decision changes it.
    """

    agent_carbon: Literal["none", "work", "provisioned"] = Field(
        "none",
        json_schema_extra={
            "unit": "-",
            "source": "chosen",
            "allowed": "none|work|provisioned",
        },
    )
    spiking_profile: str = Field(
        "loihi2",
        json_schema_extra={"unit": "-", "source": "chosen", "allowed": "a hardware profile"},
    )
    dense_profile: str = Field(
        "mcu_m33_u575",
        json_schema_extra={"unit": "-", "source": "chosen", "allowed": "a hardware profile"},
    )
    host_profile: str = Field(
        "mcu_m33_u575",
        json_schema_extra={
            "unit": "-",
            "source": "chosen: encodes and decodes for a chip that cannot; cheapest whose MACs were metered",
            "allowed": "a hardware profile",
        },
    )
    request_rate_hz: float = parameter(1.0, "request/s", "chosen", ge=1e-9, le=1e9)
    retrained_years: float = parameter(
        1.0, "year", "chosen: the requests of so long share a training", gt=0.0, le=100.0
    )
    training_country: str = Field(
        "",
        json_schema_extra={
            "unit": "-",
            "source": "chosen: nobody said, so that training is priced at the agent's site",
            "allowed": "a country's code",
        },
    )
    trainings: int = parameter(
        1, "training", "chosen: none was thrown away; each counts as the one that was kept", ge=1, le=10**6
    )
    sources: dict[str, str] = Field(default_factory=dict)

    @field_validator("agent_carbon", mode="before")
    @classmethod
    def _named_anew(cls, value: Any) -> Any:
        return OLD_AGENT_CARBON.get(value, value) if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _without_what_changes_nothing(self, dumped: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """One training, priced at the agent's site, is what is told where nothing is: settings stay alike."""
        usual = {
            name for name in _OF_TRAINING if getattr(self, name) == type(self).model_fields[name].default
        }
        return {name: value for name, value in dumped(self).items() if name not in usual}

    @field_validator("training_country")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return country_code(name) if name else ""
        except ScenarioError as error:
            raise ValueError(str(error)) from None

    def changed(self, **values: Any) -> Self:
        """The same with some values changed, those that are None aside.

        Raises:
            ScenarioError: a value is not allowed.
        """
        given = {name: value for name, value in values.items() if value is not None}
        try:
            return self.model_copy(update=given)
        except ValidationError as error:
            raise ScenarioError(explain(error, type(self), "the deployment")) from None

    @classmethod
    def of(cls, table: Mapping[str, Any], where: str) -> Self:
        """The deployment that the table ``[deployment]`` of a scenario file gives.

        Args:
            table: its keys.
            where: the file or scenario, for the reader of an error.

        Raises:
            ScenarioError: a key or value in it is not allowed.
        """
        try:
            return cls.model_validate(dict(table))
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, where, within="deployment")) from None
