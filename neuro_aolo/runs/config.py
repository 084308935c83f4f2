"""The settings of a run: everything that it depends on, as ``config.toml`` holds it.

Files of 0.1 are read too: there the deployment stood inside the scenario, which was AOLO's, and the weight on
spikes inside the toll.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from typing import Any, TypeVar

import tomli_w
from pydantic import BaseModel, NonNegativeFloat, NonNegativeInt, TypeAdapter, ValidationError

from neuro_aolo.agent.checkpoint import ACTORS, ActorConfig, kind_of, shape_of, shape_table
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.agent.train import LEARNERS, TrainingConfig, learner_of
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.carbon.feedback import toll as counted_toll
from neuro_aolo.errors import RunError, ScenarioError
from neuro_aolo.files import parse_toml
from neuro_aolo.runs.presets import Preset
from neuro_aolo.systems.names import SYSTEMS, name_of
from neuro_aolo.systems.names import system as shipped_system
from neuro_aolo.systems.scenario_file import SYSTEM, known_keys
from neuro_aolo.systems.schema import as_written
from neuro_aolo.systems.system import System
from neuro_aolo.systems.wording import closest, shown

_SDRL = "sdrl"
_ROUNDING = 1e-9


class ForeignSystemError(RunError):
    """A run is of a system that is not at hand: its settings are as they should be."""


@dataclass(frozen=True)
class RunConfig:
    """Everything that a run depends on.

    Attributes:
        system: what is controlled.
        scenario: of the system.
        actor: shape of the network; its type says which network.
        training: settings of the loop.
        deployment: how the agent runs, and whether its carbon counts.
        seed: one seed for everything drawn at random in training.
        device: where the networks are trained, ``cpu`` or ``cuda``.
        agent_site: where the agent stands: one of the system's sites.
        preset: what actor and training were taken from.
        compiled: whether the actor is compiled with ``torch.compile`` in training.
        spike_weight: what a microjoule of spikes was asked to count as in training, in mg of carbon.
        toll: what spikes cost in training, the carbon of their energy included where that counts; None where
            they cost nothing.
    """

    system: System
    scenario: Any
    actor: ActorConfig
    training: TrainingConfig
    deployment: Deployment = field(default_factory=Deployment)
    seed: NonNegativeInt = 0
    device: str = "cpu"
    agent_site: str = field(kw_only=True)
    preset: Preset = "tuned"
    compiled: bool = False
    spike_weight: float = 0.0
    toll: SpikeToll | None = None

    def to_toml(self) -> str:
        """The resolved settings."""
        return tomli_w.dumps(self.tables())

    def tables(self) -> dict[str, Any]:
        """The same as plain data, table by table."""
        data: dict[str, Any] = {
            "system": name_of(self.system),
            **{name: getattr(self, name) for name in PLAIN},
            "actor": {"kind": kind_of(self.actor), **shape_table(self.actor)},
            "training": training_table(self.training),
            "deployment": self.deployment.model_dump(mode="json", exclude_none=True),
            "scenario": scenario_data(self.scenario),
        }
        if self.toll is not None:
            data["toll"] = asdict(self.toll)
        return data

    @classmethod
    def from_toml(cls, text: str, system: System | None = None) -> "RunConfig":
        """Settings that :meth:`to_toml` wrote, here or in 0.1.

        Args:
            text: the file's.
            system: what is controlled, where that is no shipped system.

        Raises:
            RunError: something is missing, unknown or out of range, or the system is not shipped.
        """
        try:
            tables = parse_toml(text)
        except ValueError as error:
            raise RunError(f"not the settings of a run ({type(error).__name__}: {error})") from None
        return cls.of(tables, system)

    @classmethod
    def of(cls, tables: Mapping[str, Any], system: System | None = None) -> "RunConfig":
        """The same of what such a file holds.

        Raises:
            RunError: likewise.
        """
        try:
            data = _of_today(dict(tables))
            _refuse_infinite(data, "")
            name = data.pop("system")
            actor = dict(data.pop("actor"))
            kind = actor.pop("kind")
            if not isinstance(kind, str) or kind not in ACTORS:
                raise RunError(f"actor.kind {shown(kind)} is none of {', '.join(ACTORS)}")
            controlled = _system(name, system)
            unknown = sorted(set(data) - {*PLAIN, *_TABLES})
            if unknown:
                raise RunError(f"unknown key {unknown[0]!r}; {_allowed(unknown[0], KEYS)}")
            missing = [key for key in PLAIN if key not in data and key != "spike_weight"]
            if missing:
                raise RunError(_missing(missing[0]))
            tables = {each: data.pop(each) for each in _TABLES if each != "toll" or each in data}
            config = cls(
                system=controlled,
                scenario=checked_table("scenario", controlled.Scenario, tables["scenario"]),
                actor=_settings("actor", ACTORS[kind], shape_of(kind, actor)),
                training=_training(tables["training"]),
                deployment=checked_table("deployment", Deployment, tables["deployment"]),
                toll=_settings("toll", SpikeToll, tables["toll"]) if "toll" in tables else None,
                **_settings("", _Plain, {"spike_weight": 0.0, **data}).__dict__,
            )
            _check_site(config)
            return config if "spike_weight" in data else _with_weight(config)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RunError(f"not the settings of a run ({type(error).__name__}: {error})") from None


@dataclass(frozen=True)
class _Plain:
    """The settings without a table of their own."""

    seed: NonNegativeInt
    device: str
    agent_site: str
    preset: Preset
    compiled: bool
    spike_weight: NonNegativeFloat


PLAIN = tuple(each.name for each in fields(_Plain))
_TABLES = ("training", "deployment", "toll", "scenario")
KEYS = ("system", *PLAIN, "actor", *_TABLES)

_AS_PAPER = {"actor_batch": "replayed", "averaged": 0.0, "decayed": "all"}
"""Settings that the paper's learner knows nothing of, as it is without them: files leave them out then."""

T = TypeVar("T")


def scenario_data(scenario: Any) -> dict[str, Any]:
    """A scenario's keys as plain data: of a pydantic model or of a dataclass."""
    data: dict[str, Any] = TypeAdapter(type(scenario)).dump_python(scenario, mode="json", exclude_none=True)
    return data


def training_table(training: TrainingConfig) -> dict[str, Any]:
    """Settings of a loop as a table: of a learner that is not the first there was, with its name."""
    name, table = learner_of(training), asdict(training)
    if isinstance(training, SDRLConfig):
        table = {key: value for key, value in table.items() if _AS_PAPER.get(key) != value}
    return ({} if name == _SDRL else {"learner": name}) | table


def _training(table: Mapping[str, Any]) -> TrainingConfig:
    values = dict(table)
    name = values.pop("learner", _SDRL)
    if not isinstance(name, str) or name not in LEARNERS:
        raise RunError(f"training.learner = {shown(name)} is none of {', '.join(LEARNERS)}")
    if name == _SDRL:
        values = _AS_PAPER | values
    return _settings("training", LEARNERS[name], values)


_LEDGER_ALONE = ("provision", "ranges")
"""Tables of a scenario that change what is accounted and nothing that is learnt."""

_OUTSIDE = {"sources", "training_country", "trainings"}
"""The same of a deployment."""


def learnt_toml(scenario: Any, deployment: Deployment) -> str:
    """All of a scenario that a training depends on: with the deployment where its carbon counts."""
    data = {key: each for key, each in scenario_data(scenario).items() if key not in _LEDGER_ALONE}
    if isinstance(data.get("sources"), Mapping):
        kept = {key: text for key, text in data["sources"].items() if key.split(".")[0] not in _LEDGER_ALONE}
        data["sources"] = kept
    if deployment.agent_carbon == "none":
        return tomli_w.dumps(data)
    after: dict[str, Any] = {key: data.pop(key) for key in ("sources", "traces") if key in data}
    deployed = deployment.model_dump(mode="json", exclude_none=True, exclude=_OUTSIDE)
    # Digests of what was learnt before the names changed stay: what is provisioned was "full".
    if deployed["agent_carbon"] == "provisioned":
        deployed["agent_carbon"] = "full"
    return tomli_w.dumps({**data, "deployment": deployed, **after})


def _of_today(data: dict[str, Any]) -> dict[str, Any]:
    """Settings as they are written now, of those that 0.1 wrote: it named no system."""
    if "system" in data:
        return data
    scenario = dict(data["scenario"])
    return {**data, "system": SYSTEM, "scenario": scenario, "deployment": scenario.pop("deployment", {})}


def _check_site(config: RunConfig) -> None:
    sites = config.system.task(config.scenario).spec.sites
    if config.agent_site not in sites:
        raise RunError(f"agent_site = {config.agent_site!r} is none of {', '.join(sites)}")


def _with_weight(config: RunConfig) -> RunConfig:
    """The weight on spikes that was typed: 0.1 wrote its sum with the carbon of their energy alone."""
    if config.toll is None:
        return config
    task = config.system.task(config.scenario)
    counted = counted_toll(task, config.deployment, config.agent_site)
    weight = config.toll.cost_per_uj - (counted.cost_per_uj if counted else 0.0)
    return replace(config, spike_weight=weight if weight > _ROUNDING * config.toll.cost_per_uj else 0.0)


def _system(name: str, system: System | None) -> System:
    """The system of that name: the one handed over, or a shipped one."""
    if system is not None:
        if name_of(system) != name:
            raise ForeignSystemError(
                f"the run is of the system {name!r}, and {name_of(system)!r} was given: give the module that "
                "it was trained with"
            )
        return system
    if not isinstance(name, str):
        raise RunError(f"system = {shown(name)} is not a system's name")
    if name not in SYSTEMS:
        raise ForeignSystemError(
            f"the run is of the system {name!r}, which does not come with this package: open it in Python "
            "with the module that it was trained with, as in Run.open(RunFolder.open(path, system=module))"
        )
    try:
        return shipped_system(name)
    except ScenarioError as error:
        raise RunError(str(error)) from None


def _settings(table: str, cls: type[T], values: Mapping[str, Any]) -> T:
    known = [each.name for each in fields(cls)]  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise RunError(f"unknown key {f'{table}.{unknown[0]}'!r}; {_allowed(unknown[0], known)}")
    missing = [name for name in known if name not in values]
    if missing:
        raise RunError(_missing(missing[0]))
    try:
        return as_written(cls, dict(values), table)
    except ValueError as error:
        raise RunError(str(error)) from None


def checked_table(table: str, cls: type[T], values: Any) -> T:
    """The values of a table, as ``cls`` has them; of those without a table, its name is empty.

    Raises:
        RunError: a key is unknown, or a value is not allowed.
    """
    try:
        checked: T = TypeAdapter(cls).validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(filter(None, (table, *map(str, first["loc"]))))
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            advice = (
                known_keys(cls, first)
                if isinstance(cls, type) and issubclass(cls, BaseModel)
                else "remove it"
            )
            raise RunError(f"unknown key {key!r}: {advice}") from None
        raise RunError(f"{key} = {shown(first['input'])}: {first['msg']}") from None
    return checked


def _refuse_infinite(value: Any, key: str) -> None:
    """Refuse NaN and infinities, wherever they stand."""
    if isinstance(value, float) and not isfinite(value):
        raise RunError(f"{key} = {value} is not allowed: give a finite number")
    items = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, each in items:
        _refuse_infinite(each, f"{key}.{name}" if key else str(name))


def _allowed(key: str, known: Sequence[str]) -> str:
    """What may have been meant, or all that is allowed."""
    meant = closest(key, known)
    return f"did you mean {meant!r}?" if meant else f"allowed there: {', '.join(known)}"


def _missing(key: str) -> str:
    return f"{key} is missing: with a default in its place it would be another run"
