"""Region masks packed to one bit a pixel, so that thousands of studies fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

BoolMask = NDArray[np.bool_]


class PackedMasks(Mapping[str, BoolMask]):
    """A read-only mapping of names to (H, W) bool masks, unpacked when asked for.

    Args:
        masks: masks of one shape.
    """

    def __init__(self, masks: Mapping[str, BoolMask]) -> None:
        self._names = {name: row for row, name in enumerate(masks)}
        stack = np.stack(list(masks.values()))
        self._shape = stack.shape[1:]
        self._bits = np.packbits(stack.reshape(len(stack), -1), axis=1)

    def __getitem__(self, name: str) -> BoolMask:
        bits = np.unpackbits(self._bits[self._names[name]], count=int(np.prod(self._shape)))
        return bits.view(np.bool_).reshape(self._shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __repr__(self) -> str:
        return f"PackedMasks({len(self)} masks of {self._shape[0]}x{self._shape[1]})"
