"""Quick random choices from a NumPy generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 256


class Dice:
    """Choices drawn from one generator, a block of uniform numbers at a time.

    A single draw of ``rng.choice`` costs about ten microseconds, and a report needs some two hundred;
    drawing blocks keeps a report below a millisecond.

    Args:
        rng: the only source of randomness; the same state gives the same choices.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._rolls: list[float] = []

    def roll(self) -> float:
        """A uniform number in [0, 1)."""
        if not self._rolls:
            self._rolls = self._rng.random(_BLOCK).tolist()
        return self._rolls.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.roll() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self.roll() * len(options))]

    def between(self, low: float, high: float) -> float:
        """A uniform number in [low, high)."""
        return low + self.roll() * (high - low)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a random order, as a new list."""
        keys = [self.roll() for _ in items]
        return [items[i] for i in sorted(range(len(items)), key=keys.__getitem__)]
