"""CheXpert: 224,316 radiographs with 14 labels that a program read in their reports.

``train.csv`` and ``valid.csv`` (Path, Sex, Age, Frontal/Lateral, AP/PA, 14 labels: 1, 0, -1 or blank) in
``CheXpert-v1.0`` or ``CheXpert-v1.0-small``; paths begin with the name of that folder. The columns are
known from public programs that read the official files. The full-size release of today comes in batches
whose folders could not be verified. Sex and age are not read.
"""

from __future__ import annotations

from pathlib import Path

from maple_lib.data.datasets.chexpert_tables import (
    Examinations,
    first_file,
    read_values,
    table_values,
    view_of,
)
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.mimic_labels import CHEXPERT
from maple_lib.data.datasets.splits import split_of
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.errors import MapleError

NAME = "chexpert"
INFO = DatasetInfo(
    name=NAME,
    title="CheXpert-v1.0",
    home="https://stanfordaimi.azurewebsites.net/datasets/8cbd9ed4-2eb9-4565-affc-111cf4f7ebe2",
    licence="Stanford University Dataset Research Use Agreement",
    forbids="commercial use, sharing the data, and trying to identify anyone",
    size="224,316 images of 65,240 patients; 11 GB small, 439 GB full size",
    files=("train.csv", "valid.csv", "train", "valid"),
    cite="Irvin et al., CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels and Expert "
    "Comparison, AAAI 2019",
)
PARTS = ("train", "valid")
_FOLDERS = ("", "CheXpert-v1.0/", "CheXpert-v1.0-small/")
_COLUMNS = ("Path", "Frontal/Lateral", "AP/PA", *CHEXPERT)


def open_source(root: str | Path, parts: str = "train,valid") -> StudySource:
    """The official download; the views of one examination are one study, frontal ones first.

    Args:
        root: the folder of ``train.csv`` and ``valid.csv``, or the one that holds it.
        parts: the tables to read: ``"train,valid"``, ``"train"`` or ``"valid"``.

    Raises:
        MapleError: if a table is missing or damaged, or ``parts`` names another.
    """
    folder = check_root(root, INFO.title)
    names = tuple(name.strip() for name in parts.split(","))
    if not set(names) <= set(PARTS):
        raise MapleError(f"parts={parts!r}", "unknown", "use train, valid, or train,valid")
    tables = [_Table(folder, name) for name in names]
    places = [(table, number) for table in tables for number in range(len(table.examinations))]

    def build(number: int) -> StudyRow:
        table, place = places[number]
        return table.row(place)

    return StudySource(len(places), build)


class _Table:
    """One of the two tables."""

    def __init__(self, root: Path, part: str) -> None:
        self.root = root
        self.path = find_file(root, [f"{folder}{part}.csv" for folder in _FOLDERS], INFO.title)
        table = read_table(self.path, _COLUMNS, INFO.title, text=_COLUMNS)
        self.examinations = Examinations(table, "Path", "Frontal/Lateral", self.path, INFO.title)

    def row(self, number: int) -> StudyRow:
        """One examination.

        Raises:
            MapleError: if its path or a label is not what it should be, or an image is not on the disk.
        """
        lines, columns = self.examinations.lines(number), self.examinations.columns
        part, patient, study, _ = self.examinations.names(lines[0])
        where = self.examinations.where(lines[0])
        return StudyRow(
            NAME,
            f"{patient}_{study}",
            patient,
            tuple(self._image(line) for line in lines),
            labels=read_values(table_values(columns, lines[0]), where, self.path),
            split=split_of(part, self.path),
        )

    def _image(self, line: int) -> ImageRow:
        part, patient, study, view = self.examinations.names(line)
        columns = self.examinations.columns
        inside = self.path.parent.relative_to(self.root).as_posix()
        folder = f"{inside}/{part}/{patient}/{study}"
        path = first_file(self.root, folder, (f"{view}.jpg",), INFO.title)
        return ImageRow(
            f"{patient}_{study}_{view}",
            path,
            view_of(columns["Frontal/Lateral"][line], columns["AP/PA"][line]),
        )
