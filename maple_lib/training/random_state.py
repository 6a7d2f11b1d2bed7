"""The state of torch's random numbers, taken now and gone back to later."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(slots=True)
class RandomState:
    """Random state of the CPU and, where there is one, of the current GPU.

    As a context it goes back to that state and afterwards returns to where it came from.
    """

    cpu: Tensor
    gpu: Tensor | None = None
    _before: list[RandomState] = field(default_factory=list)

    @classmethod
    def now(cls) -> RandomState:
        """The present state."""
        return cls(torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None)

    def restore(self) -> None:
        """Go back to this state."""
        torch.set_rng_state(self.cpu)
        if self.gpu is not None:
            torch.cuda.set_rng_state(self.gpu)

    def __enter__(self) -> RandomState:
        self._before.append(RandomState.now())
        self.restore()
        return self

    def __exit__(self, *_: object) -> None:
        self._before.pop().restore()
