"""Regions known by their boxes: masks that are drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import numpy as np

from maple_lib.data.study import BoolMask

Box = tuple[float, float, float, float]
Shape = tuple[int, int]


class BoxRegions(Mapping[str, BoolMask]):
    """Region name -> (H, W) bool mask, filled inside the region's box.

    A study has 29 regions, and most users look at few: 29 masks of 512 x 512 would take 7.6 MB a study.

    Args:
        boxes: region name -> (x1, y1, x2, y2) in pixels, the right and lower edges not included.
        shape: (H, W) of the image, or a function that finds it out when the first mask is drawn.
    """

    def __init__(self, boxes: Mapping[str, Box], shape: Shape | Callable[[], Shape]) -> None:
        self.boxes, self._given = dict(boxes), shape

    @cached_property
    def shape(self) -> Shape:
        """(H, W) of the masks."""
        return self._given() if callable(self._given) else self._given

    def __getitem__(self, name: str) -> BoolMask:
        """Draw one region."""
        x1, y1, x2, y2 = (max(0, round(edge)) for edge in self.boxes[name])
        mask = np.zeros(self.shape, bool)
        mask[y1:y2, x1:x2] = True
        return mask

    def __contains__(self, name: object) -> bool:
        """Whether a region is known; nothing is drawn."""
        return name in self.boxes

    def __iter__(self) -> Iterator[str]:
        return iter(self.boxes)

    def __len__(self) -> int:
        return len(self.boxes)


def box_of(mask: BoolMask) -> Box | None:
    """The smallest (x1, y1, x2, y2) around a (H, W) mask, or None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
