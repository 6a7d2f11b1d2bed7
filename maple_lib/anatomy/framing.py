"""The part of an image that shows something, as a square of any size, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

BoolMask = NDArray[np.bool_]
FLAT = 0.01  # share of the grey range within which a row counts as constant
MIN_SIDE = 16  # pixels; in less, nothing can be recognised


@dataclass(frozen=True, slots=True)
class Frame:
    """The rows and columns inside constant borders.

    Attributes:
        shape: (H, W) of the whole image.
        top, left, height, width: of the part inside, in pixels.
    """

    shape: tuple[int, int]
    top: int
    left: int
    height: int
    width: int

    def square(self, pixels: NDArray[np.float32], size: int) -> Tensor:
        """The part inside, (1, 1, size, size): padded with its lowest value, not stretched."""
        inside = pixels[self.top : self.top + self.height, self.left : self.left + self.width]
        image = torch.from_numpy(np.ascontiguousarray(inside))[None, None]
        side, above, before = self._padding()
        edges = (before, side - self.width - before, above, side - self.height - above)
        padded = F.pad(image, edges, value=float(inside.min()))
        return F.interpolate(padded, (size, size), mode="bilinear", antialias=True, align_corners=False)

    def restore(self, logits: Tensor) -> BoolMask:
        """(s, s) logits on the square -> (H, W) bool on the whole image; borders are outside."""
        side, above, before = self._padding()
        fine = F.interpolate(
            logits[None, None].float(), (side, side), mode="bilinear", antialias=True, align_corners=False
        )
        mask = np.zeros(self.shape, bool)
        rows, columns = slice(above, above + self.height), slice(before, before + self.width)
        inside = (fine[0, 0, rows, columns] > 0).numpy()
        mask[self.top : self.top + self.height, self.left : self.left + self.width] = inside
        return mask

    def _padding(self) -> tuple[int, int, int]:
        side = max(self.height, self.width)
        return side, (side - self.height) // 2, (side - self.width) // 2


def find_frame(pixels: NDArray[np.float32]) -> Frame | None:
    """The rows and columns inside constant borders, or None where too little is left.

    So an image and the same image with a border around it have the same regions.
    """
    flat = FLAT * float(pixels.max() - pixels.min())
    rows, columns = (0, pixels.shape[0]), (0, pixels.shape[1])
    while flat > 0:
        before = rows, columns
        rows = _shrink(rows, np.ptp(pixels[slice(*rows), slice(*columns)], axis=1) > flat)
        if rows[1] - rows[0] < MIN_SIDE:
            return None
        columns = _shrink(columns, np.ptp(pixels[slice(*rows), slice(*columns)], axis=0) > flat)
        if columns[1] - columns[0] < MIN_SIDE:
            return None
        if before == (rows, columns):
            height, width = rows[1] - rows[0], columns[1] - columns[0]
            return Frame((pixels.shape[0], pixels.shape[1]), rows[0], columns[0], height, width)
    return None


def _shrink(span: tuple[int, int], varied: BoolMask) -> tuple[int, int]:
    """The span from its first varied line to its last; empty where there is none."""
    lines = np.flatnonzero(varied)
    return (span[0] + int(lines[0]), span[0] + int(lines[-1]) + 1) if len(lines) else (span[0], span[0])
