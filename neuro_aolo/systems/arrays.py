"""One implementation for NumPy and torch: pick the array library from the inputs."""

import sys
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A NumPy array or a torch tensor; functions return the kind that they were given."""


def is_torch(*arrays: Array) -> bool:
    """Whether any of ``arrays`` is a torch tensor; never imports torch."""
    torch = sys.modules.get("torch")
    return torch is not None and any(isinstance(array, torch.Tensor) for array in arrays)


def namespace(*arrays: Array) -> ModuleType:
    """The module, ``numpy`` or ``torch``, whose functions apply to ``arrays``."""
    return sys.modules["torch"] if is_torch(*arrays) else np


def float64(array: Array, like: Array = None) -> Array:
    """``array`` in float64, as a tensor on ``like``'s device where ``like`` is a tensor.

    The model is evaluated in float64 whatever comes in: its accuracy of 1e-6 leaves no room for float32.
    """
    if is_torch(array):
        return array.to(namespace(array).float64)
    if is_torch(like):
        torch = namespace(like)
        return torch.as_tensor(array, dtype=torch.float64, device=like.device)
    return np.asarray(array, dtype=np.float64)


def detached(array: Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """``array`` as float64 NumPy on the CPU, outside any gradient."""
    return np.asarray(array.detach().cpu() if is_torch(array) else array, dtype=np.float64)
