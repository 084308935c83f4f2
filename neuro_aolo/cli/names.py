"""Names to choose from, for the shell that completes them: nothing that takes long is imported for it."""

from pathlib import Path

ACTORS = ("popsan", "mlp", "diffusion")
PRESETS = ("tuned", "population", "paper")
DEVICES = ("cpu", "cuda")
SITES = ("bs", "dc", "grid", "user")
FILLS = ("hold", "linear")
FORMATS = ("lava", "nir", "onnx")
BACKENDS = ("float", "loihi2", "lava", "onnx")
TWINS = ("mlp-int8", "mlp-fp32")
RESETS = ("zero", "subtract")
STYLES = ("terminal", "markdown", "latex")
BASELINES = ("random", "constant", "mlp", "rule")
LEARNERS = (
    *("spiking", "mlp", "diffusion", "best-of", "categorical", "sac", "td3", "ppo"),
    *("optimum-table", "linear-cem", "regressed-mlp", "random", "constant"),
)
FAULTS = ("weight-noise=", "lost-spikes=", "stuck-silent=", "stuck-firing=")


def scenarios() -> list[str]:
    """The shipped scenarios, ``paper`` first."""
    folder = Path(__file__).parents[1] / "systems"
    found = sorted(path.stem for path in folder.glob("*/scenarios/*.toml"))
    return sorted(found, key=lambda name: name != "paper")


def profiles() -> list[str]:
    """The shipped hardware profiles."""
    import hardware_profiles

    return sorted(path.stem for folder in hardware_profiles.__path__ for path in Path(folder).glob("*.toml"))


def hosts() -> list[str]:
    """What may encode and decode for a chip."""
    return [*profiles(), "none"]
