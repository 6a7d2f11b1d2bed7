"""A corpus of phantoms that is drawn study by study, when each is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from maple_lib.data.phantoms.studies import phantom
from maple_lib.data.study import Study


@dataclass(frozen=True, slots=True)
class PhantomSequence(Sequence[Study]):
    """``n`` phantoms of a seed, none of them kept: for corpora that are read once.

    Reading an item draws it anew; the same index always gives the same study.

    Attributes:
        n: how many.
        seed, size, difficulty, dictation_noise: as for ``phantom``.
    """

    n: int
    seed: int = 0
    size: int = 224
    difficulty: str = "realistic"
    dictation_noise: float = 0.0

    @property
    def fingerprint(self) -> str:
        """What this corpus is drawn from, for caches."""
        return repr(self)

    def __len__(self) -> int:
        return self.n

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> list[Study]: ...
    def __getitem__(self, index: int | slice) -> Study | list[Study]:
        """Draw one study, or a list of them."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.n))]
        if not -self.n <= index < self.n:
            raise IndexError(f"phantom {index} of {self.n}")
        return phantom(
            self.seed,
            index % self.n,
            self.size,
            self.difficulty,
            dictation_noise=self.dictation_noise,
        )
