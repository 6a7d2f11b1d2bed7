"""A studies table with regions added: the slow part of anatomy is done once, and kept with its source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm.auto import tqdm

from maple_lib.data.box_regions import box_of
from maple_lib.data.complete import CHAIN, complete_many
from maple_lib.data.mask_codes import encode_mask
from maple_lib.data.rows import RegionRow, StudyRow
from maple_lib.data.study import Study
from maple_lib.data.table import StudyTable, study_from_row, write_rows
from maple_lib.data.table.writing import check_name
from maple_lib.errors import MapleError
from maple_lib.vocabulary import REGIONS

_TOGETHER = 32  # studies whose images are in memory at a time


@dataclass(slots=True)
class Added:
    """What was added to a table.

    Attributes:
        studies: rows written.
        regions: source -> regions that it added.
        failures: why studies were written as they were: an image that cannot be read.
    """

    studies: int = 0
    regions: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def complete_table(
    table: StudyTable,
    out: str | Path,
    sources: Sequence[str] = CHAIN,
    threshold: float = 0.3,
    names: Sequence[str] = REGIONS,
    boxes: bool = False,
    progress: bool = False,
) -> Added:
    """Write a table again, with regions for the first image of every study.

    What a table has is kept and comes first; ``sources`` and ``threshold`` are as for ``complete_regions``.
    An image that cannot be read leaves its study as it was.

    Args:
        table: the studies.
        out: Parquet file to write; it appears when it is complete, and may be the table's own.
        sources: names in the order in which they are asked.
        threshold: least confidence of a region.
        names: regions that are wanted.
        boxes: write boxes instead of masks: a table a hundred times smaller.
        progress: show a bar.

    Returns:
        How many regions each source added.

    Raises:
        MapleError: if ``out`` does not end in .parquet or cannot be written, or the table is damaged.
    """
    check_name(Path(out))
    added = Added()
    write_rows(_rows(table, tuple(sources), threshold, tuple(names), boxes, progress, added), out, table.info)
    return added


def _rows(
    table: StudyTable,
    sources: tuple[str, ...],
    threshold: float,
    names: tuple[str, ...],
    boxes: bool,
    progress: bool,
    added: Added,
) -> Iterator[StudyRow]:
    with tqdm(total=len(table), desc="regions", unit="study", disable=not progress) as bar:
        for start in range(0, len(table), _TOGETHER):
            rows = [table.row(i) for i in range(start, min(start + _TOGETHER, len(table)))]
            studies = [_readable(row, table.root, added) for row in rows]
            whole = complete_many([s for s in studies if s is not None], sources, threshold, names)
            done = iter(whole)
            for row, study in zip(rows, studies, strict=True):
                yield row if study is None else _with_regions(row, next(done), boxes, added)
            added.studies += len(rows)
            bar.update(len(rows))


def _readable(row: StudyRow, root: Path, added: Added) -> Study | None:
    try:
        study = study_from_row(row, root)
        _ = study.image
    except MapleError as error:
        added.failures.append(str(error))
        return None
    return study


def _with_regions(row: StudyRow, study: Study, boxes: bool, added: Added) -> StudyRow:
    image = row.images[0].image_id
    had = {region.name for region in row.regions if region.image_id == image}
    new = [_region(image, study, name, boxes) for name in study.regions if name not in had]
    for region in new:
        added.regions[region.source] = added.regions.get(region.source, 0) + 1
    return replace(row, regions=(*row.regions, *new))


def _region(image: str, study: Study, name: str, boxes: bool) -> RegionRow:
    mask = study.regions[name]
    drawn = {"box": box_of(mask)} if boxes else {"rle": encode_mask(mask)}
    sure = round(study.region_confidence[name], 3)
    return RegionRow(image, name, source=study.region_sources[name], confidence=sure, **drawn)  # type: ignore[arg-type]
