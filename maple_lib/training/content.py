"""A short name for what a corpus holds and how it was made: equal names, equal records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from maple_lib.data.box_regions import BoxRegions
from maple_lib.data.rows import ImageRow
from maple_lib.data.study import BoolMask, Image, Study

# Part of every name: raise it when records are made differently.
VERSION = 1
_PROBES = 5  # studies whose pixels are looked at where nothing else tells how they are made


def content_key(studies: Sequence[Study], recipe: Any) -> str:
    """A name of 24 hexadecimal digits for these studies and this recipe.

    Phantoms are named by what draws them, and by a few of them, so that a change in the drawing gives another
    name. Other studies are named by their identifiers, reports, statements, regions and image files (path,
    size, time of change).
    """
    digest = hashlib.sha256(f"{VERSION} {version('maple-lab')} {recipe!r} {len(studies)}".encode())
    drawn = getattr(studies, "fingerprint", None)
    parts = _probed(studies, str(drawn)) if drawn is not None else map(_described, studies)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:24]


def _probed(studies: Sequence[Study], drawn: str) -> Iterator[str]:
    yield drawn
    step = max(1, len(studies) // _PROBES)
    for i in range(0, len(studies), step):
        study = studies[i]
        yield f"{study.report} {hashlib.sha256(study.image.pixels.tobytes()).hexdigest()}"


def _described(study: Study) -> str:
    said = f"{study.study_id}\0{study.report}\0{study.triplets!r}"
    return f"{said}\0{_drawn(study.regions)}\0{_file(study.load_image)}"


def _drawn(regions: Mapping[str, BoolMask]) -> str:
    """What regions are made from, without drawing them; masks in memory by their bytes."""
    if isinstance(regions, BoxRegions):
        return f"{regions.boxes!r} {getattr(regions, 'codes', '')!r}"
    if isinstance(regions, dict):
        return " ".join(f"{k} {hashlib.sha256(v.tobytes()).hexdigest()}" for k, v in regions.items())
    return type(regions).__name__


def _file(load: Callable[[], Image]) -> str:
    """The state of the file a loader reads; empty where it reads none."""
    given = load.args if isinstance(load, partial) else ()
    folders = [each for each in given if isinstance(each, Path)]
    inside = [each.path for each in given if isinstance(each, ImageRow)]
    return " ".join(_state(folder.joinpath(*inside)) for folder in folders)


def _state(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return f"{path} missing"
    return f"{path.absolute()} {stat.st_size} {stat.st_mtime_ns}"
