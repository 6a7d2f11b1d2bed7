"""RSNA Pneumonia Detection Challenge 2018: 26,684 labelled radiographs, boxes around suspicious opacities.

``stage_2_train_labels.csv`` (one line a box, or one without a box), ``stage_2_detailed_class_info.csv``,
``stage_2_train_images/<patientId>.dcm``; ``stage_2_test_images`` has no public labels. The images are a part
of NIH ChestX-ray14. Every DICOM has 1024 x 1024 pixels; its view stands in its header only.
"""

from __future__ import annotations

from pathlib import Path

from maple_lib.data.datasets.boxes import group_boxes, sound_boxes
from maple_lib.data.datasets.image_files import find_images, image_path
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import Label
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.errors import MapleError

NAME = "rsna"
TABLE, CLASSES = "stage_2_train_labels.csv", "stage_2_detailed_class_info.csv"
TRAIN, TEST = "stage_2_train_images", "stage_2_test_images"
INFO = DatasetInfo(
    name=NAME,
    title="RSNA Pneumonia Detection Challenge 2018",
    home="https://www.kaggle.com/c/rsna-pneumonia-detection-challenge",
    licence="the challenge's rules; the images are NIH ChestX-ray14's",
    forbids="commercial use, and handing the data to people who have not accepted the rules",
    size="26,684 labelled and 3,000 unlabelled DICOMs of 1024 x 1024, 9,555 boxes, 4 GB",
    files=(TABLE, CLASSES, TRAIN),
    cite="Shih et al., Augmenting the National Institutes of Health Chest Radiograph Dataset with Expert "
    "Annotations of Possible Pneumonia, Radiology: Artificial Intelligence 2019",
)
SIDE = 1024
PNEUMONIA = Label("pneumonia", "lung opacity suspicious for pneumonia")
OPAQUE, NORMAL = "Lung Opacity", "Normal"
_KINDS = (OPAQUE, NORMAL, "No Lung Opacity / Not Normal")
_BOX = ("x", "y", "width", "height")


def open_source(root: str | Path, test_images: bool = False) -> StudySource:
    """The official download, one study an image.

    Args:
        root: the folder of the tables and images.
        test_images: add the images of the test set, which have no labels.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    folder = check_root(root, INFO.title)
    reader = _Reader(folder)
    if test_images:
        reader.add_test(folder)
    return StudySource(len(reader.names), reader.build)


class _Reader:
    def __init__(self, root: Path) -> None:
        self.path = find_file(root, (TABLE,), INFO.title)
        table = read_table(
            self.path, ("patientId", *_BOX, "Target"), INFO.title, text=("patientId", "Target")
        )
        self.targets = dict(zip(table["patientId"], table["Target"].fillna(""), strict=True))
        self.boxes = group_boxes(table, "patientId", "Target", _BOX)
        self.class_path = find_file(root, (CLASSES,), INFO.title)
        kinds = read_table(self.class_path, ("patientId", "class"), INFO.title, text=("patientId", "class"))
        self.kinds = dict(zip(kinds["patientId"], kinds["class"].fillna(""), strict=True))
        self.files = find_images(root, (TRAIN,), (".dcm",), INFO.title)
        self.names = list(self.targets)

    def add_test(self, root: Path) -> None:
        """Images without labels come last."""
        files = find_images(root, (TEST,), (".dcm",), INFO.title)
        self.names += [file.removesuffix(".dcm") for file in sorted(files)]
        self.files = {**files, **self.files}

    def build(self, number: int) -> StudyRow:
        name = self.names[number]
        path = image_path(self.files, f"{name}.dcm", self.path, INFO.title)
        images = (ImageRow(name, path, rows=SIDE, columns=SIDE),)
        if name not in self.targets:
            return StudyRow(NAME, name, name, images, split="test")
        by_target = sound_boxes(self.boxes.get(name, ()), self.path, INFO.title)
        boxes = [box for places in by_target.values() for box in places]
        labels = self._labels(name, bool(boxes))
        phrases = (PNEUMONIA.phrase(name, boxes),) if boxes else ()
        return StudyRow(NAME, name, name, images, labels=labels, phrases=phrases, split="train")

    def _labels(self, name: str, has_boxes: bool) -> dict[str, int]:
        target, kind = self.targets[name], self.kinds.get(name)
        if target not in ("0", "1") or has_boxes != (target == "1"):
            problem = f"patientId {name}: Target {target!r} does not agree with its boxes"
            raise MapleError(self.path, problem, f"compare it with the official file of {INFO.title}")
        if kind not in _KINDS or (kind == OPAQUE) != has_boxes:
            problem = f"patientId {name}: class {kind!r} does not agree with Target {target}"
            raise MapleError(self.class_path, problem, f"take both tables of {INFO.title} from one stage")
        return {"pneumonia": int(has_boxes), "opacity": int(has_boxes), "normal": int(kind == NORMAL)}
