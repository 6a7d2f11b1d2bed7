"""Datasets that annotate the images of another: MIMIC-CXR's files, wherever they lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.rows import StudyRow
from maple_lib.errors import MapleError


class ElsewhereSource(StudySource):
    """Studies whose images need not lie in the dataset's own folder.

    Args:
        count: how many there are.
        build: makes the row of study 0 to ``count`` - 1.
        root: the folder that the images' paths start from.
    """

    def __init__(self, count: int, build: Callable[[int], StudyRow], root: Path) -> None:
        super().__init__(count, build)
        self.root = root


def images_root(root: Path, images: str | Path | None) -> Path:
    """The folder of the images: the one given, or the dataset's own.

    Raises:
        MapleError: if there is no such folder.
    """
    folder = root if images is None else Path(images)
    if not folder.is_dir():
        raise MapleError(
            folder, "no such folder", "give images=FOLDER: the root of the official image download"
        )
    return folder.absolute()


def mimic_image(root: Path, path: str) -> str:
    """A MIMIC-CXR image on the disk, as DICOM or as JPEG, whichever is there.

    Args:
        root: of MIMIC-CXR or MIMIC-CXR-JPG; the folder ``files`` itself will do.
        path: as the tables name it: ``files/p10/p10000032/s50414267/<dicom_id>.dcm`` or ``.jpg``.

    Returns:
        Its path relative to the root.

    Raises:
        MapleError: if it is not there.
    """
    named = PurePosixPath(path)
    inside = PurePosixPath(*named.parts[1:]) if named.parts[:1] == ("files",) else named
    for start in (named, inside):
        for suffix in (".jpg", ".dcm"):
            found = start.with_suffix(suffix)
            if (root / found).is_file():
                return found.as_posix()
    raise MapleError(
        root / named,
        "no such file",
        "give images=FOLDER: the root of MIMIC-CXR or MIMIC-CXR-JPG, downloaded whole",
    )
