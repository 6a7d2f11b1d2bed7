"""CheXmask: masks of both lungs and the heart, for the images of five other datasets.

``OriginalResolution/<dataset>.csv`` and no images: the masks are mostly joined to another dataset, by its
option ``chexmask``. Here they make studies of any folder of images that a table knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from maple_lib.data.datasets.chexmask_table import ChexmaskTable, regions_by_image
from maple_lib.data.datasets.image_files import find_images
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.errors import MapleError

NAME = "chexmask"
INFO = DatasetInfo(
    name=NAME,
    title="CheXmask Database: anatomical segmentation masks for chest X-ray images, 1.0.0",
    home="https://physionet.org/content/chexmask-cxr-segmentation-data/",
    licence="Creative Commons Attribution 4.0 (CC BY 4.0), on PhysioNet; the images have their own licences",
    forbids="nothing beyond attribution; the images' own agreements hold for anything made with them",
    size="masks of 657,566 images of ChestX-ray8, CheXpert, MIMIC-CXR-JPG, PadChest and VinDr-CXR; no images",
    files=("OriginalResolution/VinDr-CXR.csv",),
    cite="Gaggion et al., CheXmask: a large-scale dataset of anatomical segmentation masks for multi-center "
    "chest x-ray images, Scientific Data 2024",
)


def open_source(root: str | Path, chexmask: str | Path | None = None) -> StudySource:
    """Images of any of the five datasets with CheXmask's regions, and nothing else known of them.

    Args:
        root: the folder of the images (PNG, JPEG or DICOM), in any folders inside it.
        chexmask: the table of these images.

    Raises:
        MapleError: if there is no table, no image, or no image that the table knows.
    """
    folder = check_root(root, "image")
    if chexmask is None:
        remedy = "give the images as root, and chexmask=OriginalResolution/<dataset>.csv"
        raise MapleError(folder, "CheXmask has tables and no images", remedy)
    table = regions_by_image(chexmask)
    files = find_images(folder, (".",), (".png", ".jpg", ".jpeg", ".dcm", ".dicom"), "the dataset")
    paths = _match(table, files)
    if not paths:
        raise MapleError(table.path, f"none of its images is in {folder}", "give the table of these images")
    names = list(paths)

    def build(number: int) -> StudyRow:
        name = names[number]
        rows, columns = table.size(name) or (None, None)
        image = ImageRow(name, paths[name], rows=rows, columns=columns)
        return StudyRow(NAME, name, name, (image,), regions=table[name])

    return StudySource(len(names), build)


def _match(table: ChexmaskTable, files: Mapping[str, str]) -> dict[str, str]:
    """Name in the table -> path of the image: by its path's end, its file name, or that without suffix."""
    by_path = {path: path for path in files.values()}
    by_stem = {PurePosixPath(file).stem: path for file, path in files.items()}
    known = {**by_stem, **files, **by_path}
    matched = {}
    for name in table:
        parts = name.split("/")
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        path = next((known[tail] for tail in tails if tail in known and _same_image(tail, parts)), None)
        if path is not None:
            matched[name] = path
    return matched


def _same_image(tail: str, parts: list[str]) -> bool:
    """A path must agree in its folders: every CheXpert study has a view1_frontal.jpg."""
    return len(parts) == 1 or "/" in tail
