"""A ring of past requests to learn from."""

import torch
from torch import Tensor


class Replay:
    """The last ``capacity`` transitions on one device; rows of named columns.

    Args:
        capacity: transitions kept; older ones are overwritten.
        widths: columns by name, with their width.
        device: where they are kept.
    """

    def __init__(self, capacity: int, widths: dict[str, int], device: torch.device) -> None:
        self.capacity = capacity
        self.columns = {name: torch.zeros((capacity, width), device=device) for name, width in widths.items()}
        self.size = 0
        self.cursor = 0

    def add(self, **rows: Tensor) -> None:
        """Append rows ``(B, width)``, one tensor a column; B must not exceed the capacity."""
        count = next(iter(rows.values())).shape[0]
        index = (self.cursor + torch.arange(count)) % self.capacity
        for name, column in self.columns.items():
            column[index.to(column.device)] = rows[name].to(column)
        self.cursor = (self.cursor + count) % self.capacity
        self.size = min(self.size + count, self.capacity)

    def sample(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw ``count`` rows with replacement."""
        index = torch.randint(self.size, (count,), generator=generator)
        return {name: column[index.to(column.device)] for name, column in self.columns.items()}
