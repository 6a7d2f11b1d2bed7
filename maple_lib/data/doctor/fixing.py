"""A mended copy of a studies table, and a log of every change."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from maple_lib.data.doctor.diagnosis import Diagnosis
from maple_lib.data.doctor.mending import Change, Mender
from maple_lib.data.doctor.plan import make_plan
from maple_lib.data.rows import StudyRow
from maple_lib.errors import MapleError

COLUMNS = ("study_id", "image_id", "check", "what")


def fix(diagnosis: Diagnosis, table: str | Path, out: str | Path) -> tuple[Change, ...]:
    """Write a copy of a studies table in which all is mended that can be mended without asking.

    Repeated studies and images are left out, and so are images that are missing, unreadable or blank,
    studies without any image, and studies with neither report nor label nor phrase. A patient's studies move
    to the split that holds most of them; ties go to the test, then the validation split. Of one picture in
    several splits the copy in the most protected split stays: test, then validate, then train. A frontal view
    comes first. Boxes are clipped, and those that mark nothing are dropped. A declared size is corrected
    where nothing was drawn on the image. Sides, labels and reports are never touched: the doctor flags them,
    a person decides.

    Args:
        diagnosis: of this very table, by ``examine``.
        table: the studies table.
        out: the table to write; beside it ``<out>.changes.csv`` lists every change.

    Returns:
        The changes, in the order of the table.

    Raises:
        MapleError: if the diagnosis is of something else, or ``out`` is the table itself.
    """
    from maple_lib.data.table import StudyTable, write_rows

    source, target = Path(table), Path(out)
    if source.resolve() == target.resolve():
        raise MapleError(target, "is the table that is mended", "write the copy under another name")
    opened = StudyTable(source)
    exam = diagnosis.exam
    if exam is None or exam.corpus.study_ids != [row.study_id for row in opened.rows()]:
        raise MapleError(source, "is not what was examined", "examine this table, and give that diagnosis")
    mender = Mender(make_plan(diagnosis, exam), exam.shapes)
    write_rows(_mended(opened.rows(), mender), target, opened.info)
    write_changes(mender.changes, changes_path(target))
    return tuple(mender.changes)


def changes_path(out: Path) -> Path:
    """``fixed.parquet`` -> ``fixed.changes.csv``."""
    return out.with_suffix(".changes.csv")


def write_changes(changes: list[Change], path: Path) -> None:
    """One line a change."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(change, name) for name in COLUMNS] for change in changes)


def _mended(rows: Iterable[StudyRow], mender: Mender) -> Iterator[StudyRow]:
    for study, row in enumerate(rows):
        mended = mender.mend(study, row)
        if mended is not None:
            yield mended
