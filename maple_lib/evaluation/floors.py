"""What grounding reaches without a model: four floors, and the ceiling of the patch grid.

All give (Q, h, w) maps on the patch grid, which are then smoothed, resized and scored exactly as a model's.
Where a floor has nothing to say (a phrase without a place has no region prior) its map is NaN: undefined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from maple_lib.data.study import BoolMask, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.frame import Maps, masks_on_grid
from maple_lib.evaluation.queries import GroundingQuery, drawn_mask, region_mask, truth_mask

Queries = Sequence[GroundingQuery]
Grid = tuple[int, int]


def random_maps(queries: Queries, grid: Grid, seed: int = 0) -> Maps:
    """Normal noise, (Q, h, w); the same for the same seed."""
    return np.random.default_rng(seed).normal(size=(len(queries), *grid)).astype(np.float32)


def centre_blob(queries: Queries, grid: Grid) -> Maps:
    """A Gaussian in the middle of the image, a sixth of its side wide, (Q, h, w)."""
    rows, columns = (((np.arange(n) + 0.5) / n - 0.5) * 6 for n in grid)
    blob = np.exp(-0.5 * (rows[:, None] ** 2 + columns**2)).astype(np.float32)
    return np.repeat(blob[None], len(queries), axis=0)


def region_prior(queries: Queries, studies: Sequence[Study], grid: Grid) -> Maps:
    """The mask of the region that the phrase names, (Q, h, w); NaN for phrases without a place."""
    named = [None if q.location_free else region_mask(q, studies[q.study_index]) for q in queries]
    return masks_on_grid(named, grid)


def oracle(queries: Queries, studies: Sequence[Study], grid: Grid) -> Maps:
    """The ceiling: the truth itself, as finely as the patch grid can say it, (Q, h, w).

    NaN where the truth is damaged.
    """
    return masks_on_grid([_sound(truth_mask, q, studies[q.study_index]) for q in queries], grid)


def image_blind(queries: Queries, maps: Maps) -> Maps:
    """The mean map of the same finding and region over the other studies, (Q, h, w).

    What is left of a model when it may read the phrase but not look at the image; NaN where no other
    study was asked the same.
    """
    groups: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for row, query in enumerate(queries):
        groups[query.finding, query.region].append(row)
    blind = np.full_like(maps, np.nan)
    for rows in groups.values():
        if len(rows) > 1:
            blind[rows] = (maps[rows].sum(axis=0) - maps[rows]) / (len(rows) - 1)
    return blind


@dataclass(frozen=True)
class MeanLesion:
    """The mean training lesion of every (finding, region), of every region, and of every finding.

    Attributes:
        maps: (finding, region) -> (h, w) mean share of each patch that the lesion covers; None stands
            for any finding, or any region.
        grid: (h, w).
    """

    maps: dict[tuple[str | None, str | None], Maps]
    grid: Grid

    @classmethod
    def fit(cls, studies: Sequence[Study], grid: Grid) -> MeanLesion:
        """Average the lesions, or drawn places, of training studies: never those that are scored."""
        groups: dict[tuple[str | None, str | None], list[Maps]] = defaultdict(list)
        for study in studies:
            places = _places(study)
            covers = masks_on_grid([mask for _, _, mask in places], grid)
            for (finding, region, _), cover in zip(places, covers, strict=True):
                for place in {(finding, region), (None, region), (finding, None)}:
                    groups[place].append(cover)
        groups.pop((None, None), None)  # places without a region say nothing of where any lesion lies
        return cls({place: np.mean(covers, axis=0) for place, covers in groups.items()}, grid)

    def __call__(self, queries: Queries) -> Maps:
        """(Q, h, w): what a phrase asks for, else any lesion of its region, else its finding anywhere.

        So that a small training set does not leave out the rare and the hard; NaN where even those
        are unknown.
        """
        return np.stack([self._lookup(query) for query in queries])

    def _lookup(self, query: GroundingQuery) -> Maps:
        region = None if query.location_free else query.region
        for place in ((query.finding, region), (None, region), (query.finding, None)):
            if place in self.maps:
                return self.maps[place]
        return np.full(self.grid, np.nan, np.float32)


def _places(study: Study) -> list[tuple[str, str | None, BoolMask]]:
    """Finding, region and (H, W) mask of each lesion; of a study that has none, of each drawn phrase."""
    if study.lesions or not study.phrases:
        return [(lesion.finding, lesion.region, lesion.mask) for lesion in study.lesions]
    shape = replace(study).image.pixels.shape  # the copy's pixels go again
    drawn = [(p.finding, p.region, _sound(drawn_mask, p, shape)) for p in study.phrases]
    return [(finding, region, mask) for finding, region, mask in drawn if mask is not None]


def _sound(mask: Callable[..., BoolMask], *of: Any) -> BoolMask | None:
    """A mask, or None where what it is drawn from is damaged."""
    try:
        return mask(*of)
    except MapleError:
        return None
