"""A slow copy of the weights: their exponential moving average, often better than the last step's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from maple_lib.errors import MapleError


class MovingAverage:
    """The average of a module's floating-point state over the steps.

    Args:
        module: whose weights and running statistics are averaged.
        keep: share of the old average that a step keeps, in [0, 1); 0.999 looks back a thousand steps.
    """

    def __init__(self, module: nn.Module, keep: float) -> None:
        if not 0 <= keep < 1:
            raise MapleError(f"ema={keep}", "must be at least 0 and below 1", "try 0.999, or 0 for none")
        self.module, self.keep = module, keep
        self.values = {k: v.detach().clone() for k, v in _floating(module).items()}

    @torch.no_grad()
    def update(self) -> None:
        """Let the average follow the module by one step."""
        own = _floating(self.module)
        names = list(self.values)
        torch._foreach_lerp_([self.values[n] for n in names], [own[n] for n in names], 1 - self.keep)

    def load(self, values: dict[str, Tensor]) -> None:
        """Go on from a saved average."""
        for name, value in self.values.items():
            value.copy_(values[name])

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Inside, the module has the averaged weights."""
        own = {k: v.detach().clone() for k, v in _floating(self.module).items()}
        self._write(self.values)
        try:
            yield
        finally:
            self._write(own)

    def finish(self) -> None:
        """Give the module the averaged weights for good."""
        self._write(self.values)

    @torch.no_grad()
    def _write(self, values: dict[str, Tensor]) -> None:
        for name, value in _floating(self.module).items():
            value.copy_(values[name])


def _floating(module: nn.Module) -> dict[str, Tensor]:
    return {k: v for k, v in module.state_dict(keep_vars=True).items() if v.is_floating_point()}
