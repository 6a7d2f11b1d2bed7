"""The phantoms that a board scores on, drawn once for all runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from maple_lib.data.phantoms import phantom_studies
from maple_lib.data.study import Study
from maple_lib.training import TrainConfig

SEED = 900_000  # far from the seeds of training, and from those of its validation
DIFFICULTY = "realistic"
LESIONS = 1000  # training phantoms at most whose lesions make the mean-lesion floor


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Phantoms by the size of their image; kept, so that the runs of one size share them.

    Attributes:
        studies: how many are scored.
        workers: processes that draw.
    """

    studies: int
    workers: int = 1
    _drawn: dict[tuple[Any, ...], Sequence[Study]] = field(default_factory=dict)

    def scored(self, config: TrainConfig) -> Sequence[Study]:
        """Those that are scored: of no training, with their true masks."""
        return self._draw(self.studies, SEED, config.model.image_size, DIFFICULTY)

    def lesions(self, config: TrainConfig) -> Sequence[Study]:
        """Phantoms of the first training seed, for the mean-lesion floor; it is the same for all runs."""
        return self._draw(min(config.studies, LESIONS), 0, config.model.image_size, config.difficulty)

    def _draw(self, n: int, seed: int, size: int, difficulty: str) -> Sequence[Study]:
        key = (n, seed, size, difficulty)
        if key not in self._drawn:
            workers = max(1, self.workers)
            self._drawn[key] = phantom_studies(n, seed, size, difficulty, workers=workers)
        return self._drawn[key]
