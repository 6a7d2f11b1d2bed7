"""VinDr-CXR: 18,000 radiographs with 22 local labels in boxes and 6 global ones, drawn by radiologists.

``annotations/image_labels_train.csv`` has a line for each image and each of its three radiologists
(``rad_id``), ``annotations/image_labels_test.csv`` one line an image, the consensus of five;
``annotations_train.csv`` and ``annotations_test.csv`` beside them hold the boxes; ``train/<image_id>.dicom``,
``test/<image_id>.dicom``. The makers say that every image is PA. Nothing says which images are of one
patient. That the test tables have no ``rad_id`` and call "Other diseases" "Other disease" is known from
public loaders.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.data.datasets.boxes import group_boxes, sound_boxes
from maple_lib.data.datasets.chexmask_table import regions_by_image
from maple_lib.data.datasets.image_files import find_images, image_path
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import CARDIOMEGALY, Label, known_label, merge_labels
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, PhraseRow, StudyRow
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

NAME = "vindr-cxr"
SPLITS = ("train", "test")
INFO = DatasetInfo(
    name=NAME,
    title="VinDr-CXR 1.0.0",
    home="https://physionet.org/content/vindr-cxr/1.0.0/",
    licence="PhysioNet Credentialed Health Data License 1.5.0, after training and a signed agreement",
    forbids="sharing the data, trying to identify anyone, and sending it to services that keep it",
    size="18,000 DICOMs (15,000 train, 3,000 test), 22 local and 6 global labels, 192 GB",
    files=(
        "annotations/image_labels_train.csv",
        "annotations/annotations_train.csv",
        "annotations/image_labels_test.csv",
        "annotations/annotations_test.csv",
        "train",
        "test",
    ),
    cite="Nguyen et al., VinDr-CXR: An open dataset of chest X-rays with radiologist's annotations, "
    "Scientific Data 2022",
)
LABELS = {
    "Aortic enlargement": Label("dilation", "aortic enlargement", "aortic arch"),
    "Atelectasis": Label("atelectasis"),
    "Calcification": Label("calcification"),
    "Cardiomegaly": CARDIOMEGALY,
    "Clavicle fracture": Label("fracture", "clavicle fracture"),
    "Consolidation": Label("consolidation"),
    "Edema": Label("edema"),
    "Emphysema": Label("emphysema"),
    "Enlarged PA": Label("dilation", "enlarged pulmonary artery"),
    "ILD": Label("opacity", "interstitial lung disease"),
    "Infiltration": Label("infiltration"),
    "Lung Opacity": Label("opacity", "lung opacity"),
    "Lung cavity": Label("cavity", "lung cavity"),
    "Lung cyst": Label("cyst", "lung cyst"),
    "Mediastinal shift": Label("shift", "mediastinal shift", "mediastinum"),
    "Nodule/Mass": Label("lesion", "nodule or mass"),
    "Pleural effusion": Label("pleural effusion"),
    "Pleural thickening": Label("pleural thickening"),
    "Pneumothorax": Label("pneumothorax"),
    "Pulmonary fibrosis": Label("fibrosis", "pulmonary fibrosis"),
    "Rib fracture": Label("fracture", "rib fracture"),
    "Other lesion": Label("other lesion"),
    "COPD": Label("copd"),
    "Lung tumor": Label("lung tumor"),
    "Pneumonia": Label("pneumonia"),
    "Tuberculosis": Label("tuberculosis"),
}
# Of no use as a label: they say nothing, or that the others are absent.
_LEFT_OUT = ("Other disease", "Other diseases", "No finding")
_CORNERS = ("x_min", "y_min", "x_max", "y_max")


def open_source(root: str | Path, agree: int = 2, chexmask: str | Path | None = None) -> StudySource:
    """The official download, one study an image, training set first.

    A label of the training set is present where ``agree`` of the image's radiologists saw it, uncertain where
    fewer did, absent where none did. The boxes of all who saw it are kept, their union being the place.

    Args:
        root: the folder that holds ``annotations``, ``train`` and ``test``.
        agree: 1 to 3 radiologists.
        chexmask: CheXmask's ``VinDr-CXR.csv``, for the masks of lungs and heart.

    Raises:
        MapleError: if a file is missing or damaged, or ``agree`` is not 1 to 3.
    """
    folder = check_root(root, INFO.title)
    if agree not in (1, 2, 3):
        raise MapleError(f"agree={agree}", "each training image has three radiologists", "give 1, 2 or 3")
    parts = [_Part(folder, split, agree if split == "train" else 1) for split in SPLITS]
    places = [(part, name) for part in parts for name in part.names]
    known = (name for _, name in places)
    masks = None if chexmask is None else regions_by_image(chexmask).require_any(known, INFO.title)

    def build(number: int) -> StudyRow:
        part, name = places[number]
        path = image_path(part.files, f"{name}.dicom", part.path, INFO.title)
        labels, seen = part.labels(name)
        rows, columns = (masks and masks.size(name)) or (None, None)
        return StudyRow(
            NAME,
            name,
            name,
            (ImageRow(name, path, "PA", rows=rows, columns=columns),),
            labels=labels,
            regions=() if masks is None else masks.regions(name, name),
            phrases=part.phrases(name, seen),
            split=part.split,
        )

    return StudySource(len(places), build)


class _Part:
    """The training or the test set."""

    def __init__(self, root: Path, split: str, agree: int) -> None:
        self.split, self.agree = split, agree
        self.path = find_file(root, (f"annotations/image_labels_{split}.csv",), INFO.title)
        self.box_path = find_file(root, (f"annotations/annotations_{split}.csv",), INFO.title)
        columns = ("image_id", *LABELS)
        rad = ("rad_id",) if split == "train" else ()
        self.votes = _count_votes(read_table(self.path, (*columns, *rad), INFO.title, text=("image_id",)))
        self.names = [str(name) for name in self.votes.index]
        self._rows = dict(zip(self.names, self.votes.to_numpy().tolist(), strict=True))
        boxes = read_table(
            self.box_path, ("image_id", "class_name", *_CORNERS), INFO.title, text=("image_id", "class_name")
        )
        self.boxes = group_boxes(boxes, "image_id", "class_name", _CORNERS, corners=True)
        self.files = find_images(root, (split,), (".dicom",), INFO.title)

    def labels(self, name: str) -> tuple[dict[str, int], set[str]]:
        """Finding -> value of one image, and the names of the labels that are present."""
        votes = self._rows[name]
        if any(vote != vote for vote in votes):
            problem = f"image_id {name}: a label that is not 0 or 1"
            raise MapleError(self.path, problem, f"compare it with the official file of {INFO.title}")
        values = [1 if vote >= self.agree else -1 if vote else 0 for vote in votes]
        seen = {label for label, value in zip(LABELS, values, strict=True) if value == 1}
        meant = zip((label.finding for label in LABELS.values()), values, strict=True)
        return merge_labels(meant), seen

    def phrases(self, name: str, seen: set[str]) -> tuple[PhraseRow, ...]:
        """A phrase for each label that is present and has boxes."""
        boxes = sound_boxes(self.boxes.get(name, ()), self.box_path, INFO.title)
        return tuple(
            known_label(LABELS, label).phrase(name, places)
            for label, places in boxes.items()
            if label not in _LEFT_OUT and (label in seen or label not in LABELS)
        )


def _count_votes(table: pd.DataFrame) -> pd.DataFrame:
    """Image -> how many of its lines have each label; NaN where a line has neither 0 nor 1."""
    import pandas as pd

    votes = table[list(LABELS)].apply(pd.to_numeric, errors="coerce")
    votes = votes.where(votes.isin((0, 1)))
    names = table["image_id"].fillna("").to_numpy()
    return votes.groupby(names, sort=False).agg(lambda column: column.sum(skipna=False))
