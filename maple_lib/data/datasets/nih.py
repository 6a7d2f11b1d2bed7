"""NIH ChestX-ray14: 112,120 frontal radiographs with 14 labels mined from reports, and 984 boxes.

``Data_Entry_2017_v2020.csv`` (or the older ``Data_Entry_2017.csv``, the same here), ``BBox_List_2017.csv``
(x, y, width, height on the 1024 x 1024 PNGs), ``train_val_list.txt`` and ``test_list.txt``, and the images in
``images_001/images`` … ``images_012/images`` or in ``images``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.data.datasets.boxes import BoxLine, group_boxes, sound_boxes
from maple_lib.data.datasets.chexmask_table import ChexmaskTable, regions_by_image
from maple_lib.data.datasets.image_files import find_images, image_path
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import CARDIOMEGALY, Label, known_label
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS, finding

if TYPE_CHECKING:
    import pandas as pd

NAME = "nih"
ENTRIES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
BOXES = "BBox_List_2017.csv"
LISTS = {"train_val_list.txt": "train", "test_list.txt": "test"}
INFO = DatasetInfo(
    name=NAME,
    title="NIH ChestX-ray14",
    home="https://nihcc.app.box.com/v/ChestXray-NIHCC",
    licence="no restrictions on the use; the NIH Clinical Center is to be acknowledged",
    forbids="nothing; the makers ask for acknowledgement, a link to the download and the citation",
    size="112,120 frontal PNGs of 1024 x 1024, 30,805 patients, 984 boxes on 880 images, 42 GB",
    files=(ENTRIES[0], BOXES, *LISTS, "images_001/images"),
    cite="Wang et al., ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks, CVPR 2017",
)
SIDE = 1024  # the official PNGs were all resized to this
LABELS = {str(finding(name).nih): Label(name) for name in FINDINGS if finding(name).nih}
LABELS["Cardiomegaly"] = CARDIOMEGALY
BOX_LABELS = {**LABELS, "Infiltrate": LABELS["Infiltration"]}  # the boxes' own name for it
_COLUMNS = ("Image Index", "Finding Labels", "Patient ID", "View Position")
_BOX_COLUMNS = ("Bbox [x", "y", "w", "h]")  # the header "Bbox [x,y,w,h]" cut at its commas
_NORMAL = "No Finding"


def open_source(root: str | Path, chexmask: str | Path | None = None) -> StudySource:
    """The official download, one study an image.

    Args:
        root: the folder of the tables and images.
        chexmask: CheXmask's ``ChestX-Ray8.csv``, for the masks of lungs and heart.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    folder = check_root(root, INFO.title)
    path = find_file(folder, ENTRIES, INFO.title)
    table = read_table(path, _COLUMNS, INFO.title, text=_COLUMNS)
    reader = _Reader(
        path,
        table,
        find_images(
            folder,
            ("images", *(f"images_{part:03d}" for part in range(1, 13))),
            (".png",),
            INFO.title,
        ),
        _splits(folder),
        *_boxes(folder),
        None if chexmask is None else regions_by_image(chexmask).require_any(table[_COLUMNS[0]], INFO.title),
    )
    return StudySource(len(table), reader.build)


class _Reader:
    def __init__(
        self,
        path: Path,
        table: pd.DataFrame,
        files: Mapping[str, str],
        splits: Mapping[str, str],
        box_path: Path,
        boxes: Mapping[str, list[BoxLine]],
        masks: ChexmaskTable | None,
    ) -> None:
        self.path, self.files, self.splits = path, files, splits
        self.box_path, self.boxes, self.masks = box_path, boxes, masks
        columns = (table[name].fillna("").tolist() for name in _COLUMNS)
        self.images, self.labels, self.patients, self.views = columns

    def build(self, number: int) -> StudyRow:
        name = self.images[number]
        image = name.removesuffix(".png")
        view = self.views[number].strip().upper()
        if not self.patients[number] or not self.labels[number]:
            problem = f"line {number + 2}: no Patient ID or no Finding Labels"
            raise MapleError(self.path, problem, f"compare it with the official file of {INFO.title}")
        return StudyRow(
            NAME,
            image,
            self.patients[number],
            (
                ImageRow(
                    image,
                    image_path(self.files, name, self.path, INFO.title),
                    view if view in ("PA", "AP") else None,
                    rows=SIDE,
                    columns=SIDE,
                ),
            ),
            labels=self._labels(number),
            regions=self._regions(name, image),
            phrases=self._phrases(name, image),
            split=self.splits.get(name),
        )

    def _labels(self, number: int) -> dict[str, int]:
        """1 or 0 for each of the 14: what the miner did not find counts as absent."""
        named = {label.strip() for label in self.labels[number].split("|")} - {_NORMAL}
        unknown = sorted(named - set(LABELS))
        if unknown:
            problem = f"line {number + 2}: Finding Labels has {unknown[0]!r}, none of the 14"
            raise MapleError(self.path, problem, f"compare it with the official file of {INFO.title}")
        return {label.finding: int(name in named) for name, label in LABELS.items()}

    def _phrases(self, name: str, image: str) -> tuple[PhraseRow, ...]:
        boxes = sound_boxes(self.boxes.get(name, ()), self.box_path, INFO.title)
        return tuple(known_label(BOX_LABELS, label).phrase(image, places) for label, places in boxes.items())

    def _regions(self, name: str, image: str) -> tuple[RegionRow, ...]:
        return () if self.masks is None else self.masks.regions(name, image, (SIDE, SIDE))


def _boxes(root: Path) -> tuple[Path, dict[str, list[BoxLine]]]:
    path = find_file(root, (BOXES,), INFO.title)
    columns = ("Image Index", "Finding Label", *_BOX_COLUMNS)
    table = read_table(path, columns, INFO.title, text=columns[:2])
    return path, group_boxes(table, *columns[:2], _BOX_COLUMNS)


def _splits(root: Path) -> dict[str, str]:
    splits: dict[str, str] = {}
    for name, split in LISTS.items():
        path = find_file(root, (name,), INFO.title)
        images = path.read_bytes().decode("utf-8", "replace").split()
        if not any(image.endswith(".png") for image in images):
            raise MapleError(path, "names no image", f"download it again: {INFO.title}")
        splits.update(dict.fromkeys(images, split))
    return splits
