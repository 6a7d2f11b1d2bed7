"""Changes of place: pixels and masks move together, and a flip exchanges the names of the sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from maple_lib.data.mask_codes import encode_mask
from maple_lib.data.study import BoolMask, Lesion, Phrase, Pixels
from maple_lib.errors import MapleError
from maple_lib.evaluation.queries import drawn_mask
from maple_lib.vocabulary import mirror


@dataclass(frozen=True, slots=True)
class Move:
    """A rotation about the image's middle, or a flip of left and right.

    Attributes:
        degrees: anticlockwise as displayed.
        flip: left and right exchanged; then nothing is rotated.
    """

    degrees: float = 0.0
    flip: bool = False

    def pixels(self, pixels: Pixels) -> Pixels:
        """(H, W) moved; corners that nothing fills are as dark as the darkest pixel."""
        if self.flip:
            return np.ascontiguousarray(pixels[:, ::-1])
        from scipy.ndimage import rotate

        turned: Pixels = rotate(
            pixels, self.degrees, reshape=False, order=1, mode="constant", cval=float(pixels.min())
        )
        return turned

    def mask(self, mask: BoolMask) -> BoolMask:
        """(H, W) bool moved as the pixels are; what leaves the image is lost."""
        return self.pixels(mask.astype(np.float32)) >= 0.5

    def region(self, name: str) -> str:
        """What a region is called as displayed: the image's right half is the patient's left."""
        return mirror(name) if self.flip else name

    def lesion(self, lesion: Lesion) -> Lesion:
        """The lesion where it is displayed now."""
        return replace(lesion, region=self.region(lesion.region), mask=self.mask(lesion.mask))

    def phrase(self, phrase: Phrase, shape: tuple[int, ...]) -> Phrase:
        """The same words, and the moved place as a mask; ``shape`` (H, W) is the image's.

        A damaged place stays as it is: whoever scores it says what is wrong with it.
        """
        try:
            place = encode_mask(self.mask(drawn_mask(phrase, shape)))
        except MapleError:
            return phrase
        return replace(phrase, boxes=(), polygons=(), rle=place)


class MovedMasks(Mapping[str, BoolMask]):
    """Region masks moved when they are asked for: most of the 29 never are.

    Args:
        masks: of the image as it was.
        move: what happened to it.
    """

    def __init__(self, masks: Mapping[str, BoolMask], move: Move) -> None:
        self._masks, self._move = masks, move
        self._former = {move.region(name): name for name in masks}

    def __getitem__(self, name: str) -> BoolMask:
        return self._move.mask(self._masks[self._former[name]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._former)

    def __len__(self) -> int:
        return len(self._former)

    def __contains__(self, name: object) -> bool:
        return name in self._former
