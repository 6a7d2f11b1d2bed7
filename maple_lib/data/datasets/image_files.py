"""Which images of a download are on the disk, and where."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from maple_lib.errors import MapleError


def find_images(root: Path, folders: Iterable[str], suffixes: Iterable[str], dataset: str) -> dict[str, str]:
    """List the images of some folders and of the folders inside them; the files are not opened.

    Args:
        root: the dataset's folder.
        folders: official names, relative to the root; those that do not exist are left out.
        suffixes: of the files, lower case, with the dot.
        dataset: for the message.

    Returns:
        File name -> path relative to the root, with forward slashes; the first of equal names.

    Raises:
        MapleError: if there is no image in any of the folders.
    """
    names, endings = list(folders), tuple(suffixes)
    found: dict[str, str] = {}
    for name in names:
        for folder, inside, files in os.walk(root / name, followlinks=True):
            inside.sort()
            place = Path(folder).relative_to(root).as_posix()
            for file in sorted(files):
                if file.lower().endswith(endings):
                    found.setdefault(file, f"{place}/{file}" if place != "." else file)
    if not found:
        raise MapleError(
            root / names[0],
            f"no {' or '.join(endings)} images here",
            f"unpack the images of {dataset} into this folder",
        )
    return found


def image_path(files: Mapping[str, str], name: str, table: Path, dataset: str) -> str:
    """The path of an image that a table names.

    Raises:
        MapleError: if the image is not on the disk.
    """
    if name not in files:
        problem = f"names image {name!r}, which is not on the disk"
        raise MapleError(table, problem, f"the download of {dataset} is incomplete: fetch this image")
    return files[name]
