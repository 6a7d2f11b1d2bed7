"""Changes of training data, to see what a method owes to it. What is scored always keeps the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import BoolMask, Study
from maple_lib.errors import MapleError
from maple_lib.vocabulary import REGIONS


class Change(Protocol):
    """Gives the changed study of an index; its ``repr`` names all that it depends on, for caches."""

    def __call__(self, studies: Sequence[Study], index: int) -> Study:
        """The study ``index`` of the studies, changed; the same at every call."""


@dataclass(frozen=True, slots=True)
class ChangedStudies(Sequence[Study]):
    """Studies that are changed when they are read.

    Attributes:
        base: the studies as they are.
        change: what is done to each.
    """

    base: Sequence[Study]
    change: Change

    @property
    def fingerprint(self) -> str:
        """What these studies are made from, for caches: equal ones, equal studies."""
        from maple_lib.training.content import content_key

        drawn = getattr(self.base, "fingerprint", None)
        return f"{self.change!r} of {drawn or content_key(self.base, 'unchanged')}"

    def __len__(self) -> int:
        return len(self.base)

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> list[Study]: ...
    def __getitem__(self, index: int | slice) -> Study | list[Study]:
        """One changed study, or a list of them."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"study {index} of {len(self)}")
        return self.change(self.base, index % len(self))


@dataclass(frozen=True, slots=True)
class WholeImageMasks:
    """Every region is the whole image: no anatomy, but as many regions."""

    def __call__(self, studies: Sequence[Study], index: int) -> Study:
        """See ``Change``."""
        study = studies[index]
        everywhere = np.ones(study.image.pixels.shape, bool)
        return replace(study, regions=dict.fromkeys(REGIONS, everywhere))


@dataclass(frozen=True, slots=True)
class OthersMasks:
    """Every study gets the masks of another patient: anatomy on average, but not this one's.

    Attributes:
        seed: of who gets whose; nobody keeps their own.
    """

    seed: int = 0

    def __call__(self, studies: Sequence[Study], index: int) -> Study:
        """See ``Change``; a MapleError where the other image has another size."""
        study, other = studies[index], studies[int(_others(len(studies), self.seed)[index])]
        if study.image.pixels.shape != other.image.pixels.shape:
            raise MapleError(
                f"masks of study {other.study_id}", f"do not fit study {study.study_id}", "use one image size"
            )
        return replace(study, regions=other.regions)


@lru_cache(maxsize=4)
def _others(n: int, seed: int) -> NDArray[np.int64]:
    """For each of n the number of another: one round through all, so that nobody is left alone."""
    if n < 2:
        raise MapleError(f"{n} studies", "have no other patient's masks", "give at least two")
    order = np.random.default_rng([seed, n]).permutation(n)
    found = np.empty(n, np.int64)
    found[order] = np.roll(order, -1)
    return found


@dataclass(frozen=True, slots=True)
class NoisyMasks:
    """Every region is shifted, and all regions of a study grow, as if drawn with an unsteady hand.

    Attributes:
        pixels: largest shift, in rows and in columns, and largest growth; 0 changes nothing.
        seed: of the noise.
    """

    pixels: int
    seed: int = 0

    def __call__(self, studies: Sequence[Study], index: int) -> Study:
        """See ``Change``."""
        study = studies[index]
        if not self.pixels or not study.regions:
            return study
        rng = np.random.default_rng([self.seed, self.pixels, index])
        grown = _grow(study.regions, int(rng.integers(self.pixels + 1)))
        shifts = rng.integers(-self.pixels, self.pixels + 1, (len(grown), 2))
        moved = {n: _shift(m, int(y), int(x)) for (n, m), (y, x) in zip(grown.items(), shifts, strict=True)}
        return replace(study, regions=moved)


def _grow(masks: Mapping[str, BoolMask], by: int) -> dict[str, BoolMask]:
    """Masks that reach ``by`` pixels farther in rows and columns."""
    from scipy.ndimage import maximum_filter1d

    stack = np.stack([masks[name] for name in masks]).view(np.uint8)
    for axis in (1, 2):
        stack = maximum_filter1d(stack, 2 * by + 1, axis, mode="constant")
    return dict(zip(masks, stack.view(bool), strict=True))


def _shift(mask: BoolMask, down: int, right: int) -> BoolMask:
    """A mask moved; what leaves the image is gone, what comes in is empty."""
    (H, W), moved = mask.shape, np.zeros_like(mask)
    rows, columns = slice(max(0, down), H + min(0, down)), slice(max(0, right), W + min(0, right))
    moved[rows, columns] = mask[max(0, -down) : H - max(0, down), max(0, -right) : W - max(0, right)]
    return moved


@dataclass(frozen=True, slots=True)
class PlacesKept:
    """A share of the reports keep the regions of their statements; the others' statements have none.

    The words stay as they are; what goes is the supervision by region. For training on given triplets.

    Attributes:
        share: of the reports, in [0, 1].
        seed: of which.
    """

    share: float
    seed: int = 0

    def __call__(self, studies: Sequence[Study], index: int) -> Study:
        """See ``Change``."""
        study = studies[index]
        if np.random.default_rng([self.seed, index]).random() < self.share:
            return study
        without = tuple(replace(t, region=None, region_span=None) for t in study.triplets)
        return replace(study, triplets=without)
