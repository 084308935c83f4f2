"""Gymnasium's names for our environments, registered without importing Gymnasium before anybody else does."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_REGISTRY = "gymnasium.envs.registration"
_ENVIRONMENTS = {
    "AOLO-v0": (
        "neuro_aolo.systems.aolo.env:AoloEnv",
        "neuro_aolo.systems.aolo.vector_env:AoloVectorEnv",
    ),
    "AIGCOffload-v0": (
        "neuro_aolo.systems.offload.env:AIGCOffloadEnv",
        "neuro_aolo.systems.offload.vector_env:AIGCOffloadVectorEnv",
    ),
    "EmissionsPerBit-v0": (
        "neuro_aolo.systems.emissions_per_bit.env:EmissionsPerBitEnv",
        "neuro_aolo.systems.emissions_per_bit.vector_env:EmissionsPerBitVectorEnv",
    ),
}
"""Entry points by name: alone, and batched."""

_VECTOR_REWARD = {"EmissionsPerBit-v0"}
"""Environments that Gymnasium's own check of every step would complain of: it knows numbers alone."""


def register() -> None:
    """Register the environments, now or as soon as Gymnasium is imported."""
    module = sys.modules.get(_REGISTRY)
    if module is not None:
        _register_in(module)
    elif not any(isinstance(finder, _OnImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _OnImport())


def _register_in(registration: Any) -> None:
    for name, (alone, batched) in _ENVIRONMENTS.items():
        if name not in registration.registry:
            registration.register(
                id=name,
                entry_point=alone,
                vector_entry_point=batched,
                disable_env_checker=name in _VECTOR_REWARD,
            )


class _OnImport(MetaPathFinder):
    """Finds Gymnasium's registry as everybody does, and registers ours once it has been loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _REGISTRY:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_register(module: ModuleType) -> None:
                load(module)
                _register_in(module)

            spec.loader.exec_module = load_and_register  # type: ignore[method-assign]
        return spec
