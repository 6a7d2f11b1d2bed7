"""ChestX-Det: 3,578 radiographs of NIH ChestX-ray14 with 13 findings outlined by radiologists.

``ChestX_Det_train.json`` and ``ChestX_Det_test.json``: a list of images, each with ``file_name``, and in step
``syms`` (labels), ``boxes`` (x1, y1, x2, y2) and ``polygons`` (lists of x, y). Images in ``train_data`` and
``test_data``. The test file was read as it is; the layout inside the image archives was not seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from maple_lib.data.datasets.image_files import find_images, image_path
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import CARDIOMEGALY, Box, Label
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file
from maple_lib.data.rows import ImageRow, PhraseRow, StudyRow
from maple_lib.errors import MapleError

NAME = "chestx-det"
PARTS = {
    "train": ("ChestX_Det_train.json", "train_data"),
    "test": ("ChestX_Det_test.json", "test_data"),
}
INFO = DatasetInfo(
    name=NAME,
    title="ChestX-Det",
    home="https://github.com/Deepwise-AILab/ChestX-Det-Dataset",
    licence="Apache-2.0 (annotations); the images are NIH ChestX-ray14's, free to use",
    forbids="nothing beyond the terms of Apache-2.0; the NIH Clinical Center is to be acknowledged",
    size="3,578 PNGs (3,025 train, 553 test), 13 findings with boxes and polygons",
    files=("ChestX_Det_train.json", "train_data", "ChestX_Det_test.json", "test_data"),
    cite="Lian et al., A Structure-Aware Relation Network for Thoracic Diseases Detection and Segmentation, "
    "IEEE Transactions on Medical Imaging 2021",
)
LABELS = {
    "Atelectasis": Label("atelectasis"),
    "Calcification": Label("calcification"),
    "Cardiomegaly": CARDIOMEGALY,
    "Consolidation": Label("consolidation"),
    "Diffuse Nodule": Label("nodule", "diffuse nodules"),
    "Effusion": Label("pleural effusion"),
    "Emphysema": Label("emphysema"),
    "Fibrosis": Label("fibrosis"),
    "Fracture": Label("fracture"),
    "Mass": Label("mass"),
    "Nodule": Label("nodule"),
    "Pleural Thickening": Label("pleural thickening"),
    "Pneumothorax": Label("pneumothorax"),
}
_COMPARE = f"compare it with the official file of {INFO.title}"


def open_source(root: str | Path) -> StudySource:
    """The official download, one study an image, training set first.

    Args:
        root: the folder of the two JSON files and of ``train_data`` and ``test_data``.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    folder = check_root(root, INFO.title)
    parts = [_Part(folder, split) for split in PARTS]
    places = [(part, number) for part in parts for number in range(len(part.items))]

    def build(number: int) -> StudyRow:
        part, place = places[number]
        return part.build(place)

    return StudySource(len(places), build)


class _Part:
    """The training or the test set."""

    def __init__(self, root: Path, split: str) -> None:
        name, folder = PARTS[split]
        self.split = split
        self.path = find_file(root, (name,), INFO.title)
        self.items = read_items(self.path)
        self.files = find_images(root, (folder,), (".png", ".jpg"), INFO.title)

    def build(self, number: int) -> StudyRow:
        item = self.items[number]
        name = str(item.get("file_name", "")) if isinstance(item, dict) else ""
        if not name:
            raise MapleError(self.path, f"entry {number}: no file_name", _COMPARE)
        image = f"{self.split}-{PurePosixPath(name).stem}"
        phrases = image_phrases(item, image, f"{self.path}, {name}")
        found = {phrase.finding for phrase in phrases}
        return StudyRow(
            NAME,
            image,
            image,
            (ImageRow(image, image_path(self.files, name, self.path, INFO.title)),),
            labels={label.finding: int(label.finding in found) for label in LABELS.values()},
            phrases=phrases,
            split=self.split,
        )


def read_items(path: Path) -> list[Any]:
    """The entries of one of the two files, one an image.

    Raises:
        MapleError: if it is cut off, empty, or no list.
    """
    try:
        items = json.loads(path.read_bytes())
    except ValueError as error:
        raise MapleError(path, f"damaged JSON ({error})", f"download it again: {INFO.title}") from None
    if not isinstance(items, list):
        raise MapleError(path, "not a list of images", _COMPARE)
    if not items:
        raise MapleError(path, "holds no image", f"download it again: {INFO.title}")
    return items


def image_phrases(item: Mapping[str, Any], image_id: str, where: str) -> tuple[PhraseRow, ...]:
    """A phrase for each label of an image, with the outlines of all its places.

    An outline says more than its box; a box is kept only where there is no outline.

    Raises:
        MapleError: if a list is missing, or the three are not in step.
    """
    outlines: dict[str, list[tuple[float, ...]]] = {}
    boxes: dict[str, list[Box]] = {}
    try:
        for name, box, polygon in zip(item["syms"], item["boxes"], item["polygons"], strict=True):
            flat = tuple(float(value) for value in chain.from_iterable(polygon))
            outlines.setdefault(name, []).extend([flat] if len(flat) >= 6 else [])
            x1, y1, x2, y2 = (float(edge) for edge in box)
            boxes.setdefault(name, []).extend([] if len(flat) >= 6 else [(x1, y1, x2 - x1, y2 - y1)])
        return tuple(LABELS[name].phrase(image_id, boxes[name], outlines[name]) for name in outlines)
    except KeyError as error:
        raise MapleError(where, f"no list, or an unknown label: {error}", _COMPARE) from None
    except (TypeError, ValueError) as error:
        raise MapleError(where, f"syms, boxes and polygons are not in step ({error})", _COMPARE) from None
