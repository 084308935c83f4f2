"""What export, simulate and energy take: a run, or a network file of one's own with its inputs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.typed import completes, real, whole
from neuro_aolo.errors import AgentError

if TYPE_CHECKING:
    from neuro_aolo.runs.network import Network
    from neuro_aolo.runs.run import Run

SourceArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|FILE", help="Folder that `train` or `run` wrote; or a .nir or .graph file, with --input."
    ),
]
BitsOption = Annotated[
    int | None,
    whole(
        "--weight-bits", least=4, most=8, help="Bits of a weight; if absent those of a fine-tuning, else 8."
    ),
]


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """What goes with a network file, as it was typed."""

    input_file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="FILE.npz",
            help="Inputs of a FILE: `input`, spikes (decisions, steps, channels) or numbers "
            "(decisions, numbers).",
        ),
    ] = None
    time_steps: Annotated[
        int | None,
        whole(
            "--time-steps",
            least=1,
            most=10_000,
            metavar="T",
            help="Time steps of a decision, where FILE tells none.",
        ),
    ] = None
    dt_s: Annotated[
        float | None,
        real("--dt", above=0.0, metavar="SECONDS", help="Time step of a .nir FILE that tells none."),
    ] = None
    reset: Annotated[
        str | None,
        typer.Option(
            "--reset",
            metavar="zero|subtract",
            autocompletion=completes(names.RESETS),
            help="What a spike does to the potential, which a .nir FILE cannot say; zero if absent.",
        ),
    ] = None
    weight_bits: BitsOption = None

    @property
    def given(self) -> dict[str, object]:
        """Options that go with a network file alone, of those that were typed."""
        options = {
            "--input": self.input_file,
            "--time-steps": self.time_steps,
            "--dt": self.dt_s,
            "--reset": self.reset,
        }
        return {option: value for option, value in options.items() if value is not None}

    def is_run(self, source: Path) -> bool:
        """Whether ``source`` is a run folder; a network file otherwise.

        Raises:
            AgentError: it is neither, or options of a file were typed for a run.
        """
        if not source.exists():
            raise AgentError(
                f"{source} is not a folder, nor a file: name a folder that `neuro-aolo train` or `run` "
                "wrote, or a network file"
            )
        if not source.is_dir():
            return False
        from neuro_aolo.runs.files import CONFIG

        if self.given and not (source / CONFIG).is_file():
            raise AgentError(
                f"{source} is a folder, and no run lies in it: name the network file itself, as "
                f"{source / 'NET.nir'}"
            )
        for option, value in self.given.items():
            raise AgentError(
                f"{option} {value} goes with a network file, and {source} is none: leave it out for a run, "
                "which has its own requests"
            )
        return True

    def network(self, source: Path) -> "Network":
        """The network in a file, with its inputs."""
        from neuro_aolo.runs.network import of_file

        return of_file(source, self.input_file, self.time_steps, self.dt_s, self.weight_bits, self.reset)


def open_run(source: Path) -> "Run":
    """The run in a folder."""
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.run import Run

    return Run.open(RunFolder.open(source))
