"""The regions of one image, from the boxes and run lengths of a studies table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from maple_lib.data.box_regions import BoxRegions, Shape
from maple_lib.data.rows import RegionRow
from maple_lib.data.study import BoolMask


class RowRegions(BoxRegions):
    """Region name -> (H, W) bool mask, drawn from its box or its run lengths when it is asked for.

    Args:
        regions: of one image, each name once.
        shape: as in ``BoxRegions``.
    """

    def __init__(self, regions: Iterable[RegionRow], shape: Shape | Callable[[], Shape]) -> None:
        rows = list(regions)
        super().__init__({row.name: row.box for row in rows if row.box is not None}, shape)
        self.codes = {row.name: row.rle for row in rows if row.box is None}

    def __getitem__(self, name: str) -> BoolMask:
        """Draw one region."""
        if name not in self.codes:
            return super().__getitem__(name)
        from maple_lib.data.mask_codes import decode_mask

        return decode_mask(self.codes[name], self.shape)

    def __contains__(self, name: object) -> bool:
        """Whether a region is known; nothing is drawn."""
        return name in self.codes or name in self.boxes

    def __iter__(self) -> Iterator[str]:
        yield from self.boxes
        yield from self.codes

    def __len__(self) -> int:
        return len(self.boxes) + len(self.codes)


def best_regions(regions: Iterable[RegionRow], image_id: str) -> tuple[RegionRow, ...]:
    """The regions of one image; where several sources name one, the most confident, the first of equals."""
    best: dict[str, RegionRow] = {}
    for row in regions:
        if row.image_id == image_id:
            known = best.setdefault(row.name, row)
            if row.confidence > known.confidence:
                best[row.name] = row
    return tuple(best.values())
