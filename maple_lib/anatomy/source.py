"""Where masks come from: one interface, whoever draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError

BoolMask = NDArray[np.bool_]
Pixels = NDArray[np.float32]

BLANK = "not visible: the image is blank"
TOO_SMALL = "not visible: fewer pixels than can be told from noise"


@dataclass(frozen=True, slots=True, eq=False)
class RegionEstimate:
    """What a source says about the anatomy of one image.

    Attributes:
        masks: region name -> (H, W) bool on the image's own pixels, drawn when it is asked for.
        confidence: region name -> in [0, 1]: the overlap (Dice) with the truth that is to be expected; for
            the same names as ``masks``.
        missing: region name -> why it has no mask. A region is in ``masks`` or here, never in both.
        source: name of the source.
    """

    masks: Mapping[str, BoolMask]
    confidence: Mapping[str, float]
    missing: Mapping[str, str]
    source: str

    def __repr__(self) -> str:
        return f"RegionEstimate({self.source!r}, {len(self.masks)} regions, {len(self.missing)} missing)"


class AnatomySource(Protocol):
    """Anything that finds regions in a frontal radiograph."""

    name: str

    def regions(self, pixels: Pixels) -> RegionEstimate:
        """The regions of one image.

        Args:
            pixels: (H, W) float, bone bright.

        Raises:
            MapleError: if the array is no image.
        """
        ...

    def regions_many(self, images: Sequence[Pixels]) -> list[RegionEstimate]:
        """The same for several images, in their order; quicker than one by one."""
        ...


def check_pixels(pixels: Pixels) -> Pixels:
    """The image as float32.

    Raises:
        MapleError: if it has not two axes, no pixel, or values that are not finite.
    """
    if pixels.ndim != 2 or not pixels.size:
        raise MapleError(
            f"image of shape {pixels.shape}", "expected (H, W)", "give one grey image, as read_image returns"
        )
    image = np.asarray(pixels, np.float32)
    if not np.isfinite(image).all():
        raise MapleError("image", "holds values that are not finite", "read it again with read_image")
    return image


def nothing(names: Sequence[str], reason: str, source: str) -> RegionEstimate:
    """No region at all, for one reason."""
    return RegionEstimate({}, {}, dict.fromkeys(names, reason), source)
