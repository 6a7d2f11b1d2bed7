"""What every source of studies promises."""

from __future__ import annotations

from pathlib import Path

from maple_lib.data.rows import Source, StudyRow
from maple_lib.data.table.row_check import check_row
from maple_lib.errors import MapleError


def sound_rows(source: Source, root: Path) -> list[StudyRow]:
    """All rows of a source without unusable studies, after checking that it keeps its promises."""
    rows = list(source.rows(0, len(source)))
    assert len(rows) == len(source)
    for row in rows:
        assert isinstance(row, StudyRow), row
        check_row(row)
        assert all((root / image.path).is_file() and "\\" not in image.path for image in row.images)
    assert len({row.study_id for row in rows}) == len(rows)
    images = [image.image_id for row in rows for image in row.images]
    assert len(set(images)) == len(images)
    for cut in range(len(rows) + 1):
        assert [*source.rows(0, cut), *source.rows(cut, len(rows))] == rows
    assert list(source.rows(len(rows), len(rows) + 5)) == []
    return rows


def only_failure(source: Source) -> MapleError:
    """The one unusable study of a source."""
    failures = [row for row in source.rows(0, len(source)) if isinstance(row, MapleError)]
    assert len(failures) == 1, failures
    return failures[0]
