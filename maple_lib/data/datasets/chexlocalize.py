"""CheXlocalize: CheXpert's validation and test images with ten findings segmented by radiologists.

``CheXlocalize/gt_segmentations_val.json`` and ``…_test.json``: ``patient64541_study1_view1_frontal`` ->
finding -> COCO run lengths; images in ``CheXpert/val`` and ``CheXpert/test``, labels in
``CheXpert/val_labels.csv`` and ``CheXpert/test_labels.csv``. The form of the masks was checked against the
public sample; the folders and the names of the label tables are from public loaders. Early files say
"Airspace Opacity" for "Lung Opacity".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maple_lib.data.datasets.image_files import find_images
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import CARDIOMEDIASTINUM, CARDIOMEGALY, Label
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.mask_codes import from_coco
from maple_lib.data.rows import ImageRow, PhraseRow, StudyRow
from maple_lib.errors import MapleError

NAME = "chexlocalize"
PARTS = {"val": "validate", "test": "test"}
INFO = DatasetInfo(
    name=NAME,
    title="CheXlocalize",
    home="https://stanfordaimi.azurewebsites.net/datasets/23c56a0d-15de-405b-87c8-99c30138950c",
    licence="Stanford University Dataset Research Use Agreement",
    forbids="commercial use, sharing the data, and trying to identify anyone",
    size="902 images (234 validation, 668 test) of 700 patients, 10 findings",
    files=(
        "CheXlocalize/gt_segmentations_val.json",
        "CheXlocalize/gt_segmentations_test.json",
        "CheXpert/val_labels.csv",
        "CheXpert/test_labels.csv",
        "CheXpert/val",
        "CheXpert/test",
    ),
    cite="Saporta et al., Benchmarking saliency methods for chest X-ray interpretation, "
    "Nature Machine Intelligence 2022",
)
LABELS = {
    "Enlarged Cardiomediastinum": CARDIOMEDIASTINUM,
    "Cardiomegaly": CARDIOMEGALY,
    "Lung Opacity": Label("opacity", "lung opacity"),
    "Airspace Opacity": Label("opacity", "lung opacity"),
    "Lung Lesion": Label("lesion", "lung lesion"),
    "Edema": Label("edema"),
    "Consolidation": Label("consolidation"),
    "Pneumonia": Label("pneumonia"),
    "Atelectasis": Label("atelectasis"),
    "Pneumothorax": Label("pneumothorax"),
    "Pleural Effusion": Label("pleural effusion"),
    "Fracture": Label("fracture"),
    "Support Devices": Label("device", "support devices"),
}
# Those of the label tables: all but the old name.
_TABLE_LABELS = tuple(name for name in LABELS if name != "Airspace Opacity")
_IMAGE = re.compile(r"(patient\d+)[/_](study\d+)[/_](view\d+_(?:frontal|lateral))")
_COMPARE = f"compare it with the official file of {INFO.title}"


def open_source(root: str | Path) -> StudySource:
    """The official download, validation set first; the views of one examination are one study.

    Args:
        root: the folder that holds ``CheXlocalize`` and ``CheXpert``.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    folder = check_root(root, INFO.title)
    parts = [_Part(folder, part) for part in PARTS]
    places = [(part, study) for part in parts for study in part.studies]

    def build(number: int) -> StudyRow:
        part, study = places[number]
        return part.build(study)

    return StudySource(len(places), build)


class _Part:
    """The validation or the test set."""

    def __init__(self, root: Path, part: str) -> None:
        self.root, self.part = root, part
        self.path = find_file(root, (f"CheXlocalize/gt_segmentations_{part}.json",), INFO.title)
        self.masks = _read_masks(self.path)
        self.label_path = find_file(root, (f"CheXpert/{part}_labels.csv",), INFO.title)
        table = read_table(self.label_path, ("Path", *_TABLE_LABELS), INFO.title, text=("Path",))
        names = [_image_name(path, self.label_path) for path in table["Path"].fillna("")]
        values = table[list(_TABLE_LABELS)].to_numpy().tolist()
        self.labels = dict(zip(names, values, strict=True))
        find_images(root, (f"CheXpert/{part}",), (".jpg", ".png"), INFO.title)
        self.studies: dict[str, list[str]] = {}
        for name in dict.fromkeys((*names, *self.masks)):
            self.studies.setdefault(name.rpartition("_view")[0], []).append(name)

    def build(self, study: str) -> StudyRow:
        names = sorted(self.studies[study], key=lambda name: (name.endswith("_lateral"), name))
        return StudyRow(
            NAME,
            study,
            study.partition("_")[0],
            tuple(self._image(name) for name in names),
            labels=self._labels(names),
            phrases=tuple(phrase for name in names for phrase in self._phrases(name)),
            split=PARTS[self.part],
        )

    def _image(self, name: str) -> ImageRow:
        patient, study, view = name.split("_", 2)
        path = f"CheXpert/{self.part}/{patient}/{study}/{view}.jpg"
        if not (self.root / path).is_file():
            raise MapleError(self.root / path, "no such file", f"the download of {INFO.title} is incomplete")
        rows, columns = self._size(name)
        return ImageRow(name, path, "LATERAL" if view.endswith("lateral") else None, None, rows, columns)

    def _size(self, name: str) -> tuple[int | None, int | None]:
        for mask in self.masks.get(name, {}).values():
            size = mask.get("size") if isinstance(mask, dict) else None
            if isinstance(size, list) and len(size) == 2:
                return int(size[0]), int(size[1])
        return None, None

    def _labels(self, names: list[str]) -> dict[str, int]:
        values = next((self.labels[name] for name in names if name in self.labels), None)
        if values is None:
            return {}
        if not all(value in (0, 1, -1) for value in values):
            problem = f"{names[0]}: a label that is not 0, 1 or -1"
            raise MapleError(self.label_path, problem, _COMPARE)
        return {LABELS[name].finding: int(v) for name, v in zip(_TABLE_LABELS, values, strict=True)}

    def _phrases(self, name: str) -> list[PhraseRow]:
        phrases = []
        for label, mask in self.masks.get(name, {}).items():
            try:
                rle = from_coco(mask)[0]
                meaning = LABELS[label]
            except (MapleError, KeyError) as error:
                problem = f"{name}, {label}: {getattr(error, 'problem', 'an unknown finding')}"
                raise MapleError(self.path, problem, _COMPARE) from None
            if rle:
                phrases.append(meaning.phrase(name, rle=rle))
        return phrases


def _read_masks(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        masks = json.loads(path.read_bytes())
    except ValueError as error:
        raise MapleError(path, f"damaged JSON ({error})", f"download it again: {INFO.title}") from None
    if not isinstance(masks, dict) or not all(isinstance(value, dict) for value in masks.values()):
        raise MapleError(path, "not a mapping of images to findings", _COMPARE)
    if not masks:
        raise MapleError(path, "holds no image", f"download it again: {INFO.title}")
    return {_image_name(name, path): value for name, value in masks.items()}


def _image_name(name: str, path: Path) -> str:
    """``patient1_study1_view1_frontal``, from this or from a path of CheXpert."""
    match = _IMAGE.search(str(name))
    if match is None:
        raise MapleError(path, f"image {name!r} is not named patient…/study…/view…", _COMPARE)
    return "_".join(match.groups())
