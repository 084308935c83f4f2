"""Options that several commands share, and dataclasses whose fields are a command's options."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.typed import completes, real, whole
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.defaults import (
    CHECKPOINT_EVERY,
    DEVICE,
    PRESET,
    SEED,
    SPIKE_PROFILE,
)
from neuro_aolo.runs.progress import be_quiet

if TYPE_CHECKING:
    from neuro_aolo.runs.options import TrainingOptions
    from neuro_aolo.runs.places import Places

DEMO_COUNTRIES = {"dc": "DEU", "bs": "FRA"}
"""Countries of a run that names neither a scenario nor, for that site, a country or a trace."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", callback=be_quiet, help="Say nothing of what is going on; results and errors stay."
    ),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `train` or `run` wrote.")]


_OF_EVERY_COMMAND = ("as_json", "quiet")


def takes(options: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take the fields of a dataclass as options; it gets them whole, as ``options``.

    In its help the command's own come first, then those of the dataclass, those of its base, and what every
    command has.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(options, include_extras=True)
        added = {
            each.name: inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None if each.default is MISSING else each.default,
                annotation=hints[each.name],
            )
            for each in sorted(fields(options), key=lambda each: each.name not in options.__annotations__)
        }

        @functools.wraps(command)
        def run(**typed: Any) -> None:
            command(options=options(**{name: typed.pop(name) for name in added}), **typed)

        own_hints = get_type_hints(command, include_extras=True)
        own = {
            name: parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=own_hints[name])
            for name, parameter in inspect.signature(command).parameters.items()
            if name != "options"
        }
        last = {name: own.pop(name) for name in _OF_EVERY_COMMAND if name in own}
        merged = {**own, **added, **last}
        del run.__wrapped__
        run.__signature__ = inspect.Signature(list(merged.values()))  # type: ignore[attr-defined]
        run.__annotations__ = {name: parameter.annotation for name, parameter in merged.items()}
        return run

    return decorate


@dataclass(frozen=True, kw_only=True)
class PlaceOptions:
    """Whose electricity the sites of a scenario draw, as it was typed."""

    country: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SITE=COUNTRY", help="Country of a site, as dc=DEU or grid=DEU; repeated for several."
        ),
    ] = None
    trace: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE=FILE.csv", help="Hourly carbon intensity at a site; repeated likewise."),
    ] = None
    dc_country: Annotated[
        str | None, typer.Option(metavar="COUNTRY", help="Country of the data centre, as DEU.")
    ] = None
    bs_country: Annotated[
        str | None, typer.Option(metavar="COUNTRY", help="Country of the base station, as FRA.")
    ] = None
    dc_trace: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Hourly carbon intensity at the data centre.")
    ] = None
    bs_trace: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Hourly carbon intensity at the base station.")
    ] = None
    fill: Annotated[
        str | None,
        typer.Option(
            metavar="hold|linear",
            autocompletion=completes(names.FILLS),
            help="Fill hours that a trace lacks; refused without.",
        ),
    ] = None
    longest_gap: Annotated[
        int | None,
        whole(least=1, metavar="HOURS", help="Most hours in a row that --fill fills; 24 if absent."),
    ] = None

    def places(self) -> "Places":
        """The same by site.

        Raises:
            AgentError: a site without a value, or with two.
        """
        from neuro_aolo.runs.places import Places

        traces = _by_site("trace", self.trace, {"dc": self.dc_trace, "bs": self.bs_trace})
        return Places(
            _by_site("country", self.country, {"dc": self.dc_country, "bs": self.bs_country}),
            {site: Path(file) for site, file in traces.items()},
            self.fill,
            self.longest_gap,
        )


@dataclass(frozen=True, kw_only=True)
class TrainOptions(PlaceOptions):
    """What `run` and `train` take, as it was typed."""

    out_dir: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run folder to make.")] = None
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Go on with a run that was killed or interrupted, with its settings."
        ),
    ] = None
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml",
            autocompletion=completes(names.scenarios),
            help="Scenario by name or file; if absent `paper`, data centre in DEU, base station in FRA.",
        ),
    ] = None
    agent_site: Annotated[
        str | None,
        typer.Option(
            metavar="SITE",
            autocompletion=completes(names.SITES),
            help="Where the agent stands, a site of the scenario, as bs, grid or user; its last if absent.",
        ),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="Settings in the form of a run's config.toml, the whole of one or a part; options beside it "
            "override it.",
        ),
    ] = None
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A single setting, as training.actor_lr=1e-3, overriding all others; repeated for several.",
        ),
    ] = None
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="tuned|population|paper",
            autocompletion=completes(names.PRESETS),
            help=f"Settings of the training and shape of the actor; {PRESET} if absent.",
        ),
    ] = None
    seed: Annotated[
        int | None, whole(help=f"Seed of everything drawn at random in training; {SEED} if absent.")
    ] = None
    preference: Annotated[
        str | None,
        typer.Option(
            metavar="W,W,...",
            help="Weight of each objective in training, as 0.8,0,0.2 of carbon, energy and delay; of a "
            "scenario with several objectives. Its own if absent.",
        ),
    ] = None
    steps: Annotated[
        int | None,
        whole(least=1, help="Decisions made in training, rounded up to a batch; the preset's if absent."),
    ] = None
    time_steps: Annotated[
        int | None,
        whole(
            least=1,
            most=10_000,
            metavar="T",
            help="Time steps of a decision of the spiking actor; the preset's if absent.",
        ),
    ] = None
    spike_weight: Annotated[
        float | None,
        real(
            metavar="MG",
            help="What a microjoule of spikes counts as in training, in mg of carbon: above 0, spikes "
            "get fewer; 0 if absent.",
        ),
    ] = None
    spike_profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml",
            autocompletion=completes(names.profiles),
            help=f"Whose microjoules --spike-weight weighs; {SPIKE_PROFILE} if absent.",
        ),
    ] = None
    device: Annotated[
        str | None,
        typer.Option(
            metavar="cpu|cuda",
            autocompletion=completes(names.DEVICES),
            help=f"Where the networks are trained; {DEVICE} if absent.",
        ),
    ] = None
    compiled: Annotated[
        bool,
        typer.Option("--compile", help="Compile the actor, which takes a minute or more and a C++ compiler."),
    ] = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")] = False
    checkpoint_every: Annotated[
        int,
        whole(least=1, help="Rounds between checkpoints, up to the next evaluation; 10 s at most."),
    ] = CHECKPOINT_EVERY
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write the learning curve for TensorBoard, too.")
    ] = False

    def training(self, actor: str | None) -> "TrainingOptions":
        """The same as a training takes it."""
        from neuro_aolo.runs.options import TrainingOptions
        from neuro_aolo.runs.settings import assigned, preference_of, read_tables

        places = self.places()
        named = self.scenario is not None
        if self.config is not None and not named:
            named = "scenario" in read_tables(self.config)
        if not named:
            given = {*places.countries, *places.traces}
            usual = {site: code for site, code in DEMO_COUNTRIES.items() if site not in given}
            places = replace(places, countries={**usual, **places.countries})
        own = {each.name for each in fields(PlaceOptions)} | set(_NOT_OF_TRAINING)
        rest = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in own}
        preference = None if self.preference is None else preference_of(self.preference)
        return TrainingOptions(
            scenario=self.scenario,
            places=places,
            actor=actor,
            config_file=self.config,
            settings=dict(map(assigned, self.set_ or ())),
            **{**rest, "preference": preference, "compiled": self.compiled or None},
        )

    def needed_out(self) -> Path:
        """The folder to train into.

        Raises:
            AgentError: there is none.
        """
        if self.out_dir is None:
            raise AgentError(
                "there is no folder to train into: add --out DIR, or --resume DIR to go on with a run"
            )
        return self.out_dir


_NOT_OF_TRAINING = (
    *("out_dir", "resume", "scenario", "config", "set_"),
    *("overwrite", "checkpoint_every", "tensorboard"),
)


def _by_site(kind: str, typed: list[str] | None, named: Mapping[str, str | Path | None]) -> dict[str, str]:
    """Values by site, of ``--KIND SITE=VALUE`` and of ``--SITE-KIND VALUE``."""
    by_site = {site: str(value) for site, value in named.items() if value}
    for word in typed or ():
        site, equals, value = word.partition("=")
        if not (site and equals and value):
            raise AgentError(f"--{kind} {word!r} is not SITE=VALUE: write it as --{kind} dc=...")
        if site in by_site:
            raise AgentError(f"--{kind} {word}: {by_site[site]} is given for {site}, too; choose one of them")
        by_site[site] = value
    return by_site
