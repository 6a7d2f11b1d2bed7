"""SIIM-ACR Pneumothorax Segmentation: 12,000 radiographs with masks of the pneumothorax.

``train-rle.csv`` of the first stage (its second column is called " EncodedPixels", with a space) or
``stage_2_train.csv`` of the second, which adds the first stage's test images; DICOMs of 1024 x 1024 in
``dicom-images-train/<study>/<series>/<ImageId>.dcm``. An image with several masks has several lines. Runs go
column by column, each start counted from the end of the run before it; "-1" means none. The folder names of
the second stage (``dicom-images-test``, ``stage_2_images``) are from public loaders.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from maple_lib.data.datasets.image_files import find_images, image_path
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import Label
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.mask_codes import decode_mask, encode_mask, from_siim
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.errors import MapleError

NAME = "siim"
TABLES = ("stage_2_train.csv", "train-rle.csv")
FOLDERS = ("dicom-images-train", "dicom-images-test", "stage_2_images")
INFO = DatasetInfo(
    name=NAME,
    title="SIIM-ACR Pneumothorax Segmentation 2019",
    home="https://www.kaggle.com/c/siim-acr-pneumothorax-segmentation",
    licence="the challenge's rules; the images are NIH ChestX-ray14's",
    forbids="commercial use, and handing the data to people who have not accepted the rules",
    size="12,047 DICOMs of 1024 x 1024 in the second stage's training table, 2,669 with a pneumothorax, 4 GB",
    files=("train-rle.csv", "dicom-images-train"),
    cite="SIIM-ACR Pneumothorax Segmentation Challenge, 2019",
)
SIDE = 1024
PNEUMOTHORAX = Label("pneumothorax")


def open_source(root: str | Path) -> StudySource:
    """The official download, one study an image.

    Args:
        root: the folder of the table and the images.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    folder = check_root(root, INFO.title)
    path = find_file(folder, TABLES, INFO.title)
    codes = _read_codes(path)
    files = find_images(folder, FOLDERS, (".dcm",), INFO.title)
    names = list(codes)

    def build(number: int) -> StudyRow:
        name = names[number]
        image = ImageRow(name, image_path(files, f"{name}.dcm", path, INFO.title), rows=SIDE, columns=SIDE)
        rle = _union(codes[name], path, name)
        phrases = (PNEUMOTHORAX.phrase(name, rle=rle),) if rle else ()
        labels = {PNEUMOTHORAX.finding: int(bool(rle))}
        return StudyRow(NAME, name, name, (image,), labels=labels, phrases=phrases, split="train")

    return StudySource(len(names), build)


def _read_codes(path: Path) -> dict[str, list[str]]:
    """Image -> its masks as written, one or several."""
    column = _code_column(path)
    table = read_table(path, ("ImageId", column), INFO.title, text=("ImageId", column))
    codes: dict[str, list[str]] = {}
    for name, rle in zip(table["ImageId"], table[column].fillna(""), strict=True):
        codes.setdefault(name, []).append(rle)
    return codes


def _code_column(path: Path) -> str:
    """The column of masks: with a space before its name in the first stage, without in the second."""
    import pandas as pd

    try:
        names = pd.read_csv(path, nrows=0).columns
    except (ValueError, OSError, EOFError):
        return "EncodedPixels"  # reading the whole table says what is wrong with it
    return next((name for name in names if name.strip() == "EncodedPixels"), "EncodedPixels")


def _union(codes: list[str], path: Path, name: str) -> str:
    """One mask of all that an image has; empty where it has none."""
    shape = (SIDE, SIDE)
    if not all(code.strip() for code in codes):
        problem = f"ImageId {name}: EncodedPixels is empty, where none is written as -1"
        raise MapleError(path, problem, f"compare it with the official file of {INFO.title}")
    try:
        masks = [from_siim(code, shape) for code in codes]
    except MapleError as error:
        raise MapleError(path, f"ImageId {name}: EncodedPixels has {error.problem}", error.remedy) from None
    drawn = [mask for mask in masks if mask]
    if len(drawn) < 2:
        return "".join(drawn)
    return encode_mask(np.logical_or.reduce([decode_mask(mask, shape) for mask in drawn]))
