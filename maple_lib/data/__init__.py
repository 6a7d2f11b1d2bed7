"""Studies and how they come in: readers, datasets, phantoms, batches, cache."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maple_lib.data.batch import Batch as Batch
    from maple_lib.data.cache import ImageCache as ImageCache
    from maple_lib.data.complete import complete_many as complete_many
    from maple_lib.data.complete import complete_regions as complete_regions
    from maple_lib.data.dicom.deidentify import deidentify as deidentify
    from maple_lib.data.doctor import examine as examine
    from maple_lib.data.phantoms import phantom as phantom
    from maple_lib.data.phantoms import phantom_studies as phantom_studies
    from maple_lib.data.read import read_image as read_image
    from maple_lib.data.sources import list_sources as list_sources
    from maple_lib.data.sources import load_studies as load_studies
    from maple_lib.data.study import Image as Image
    from maple_lib.data.study import Lesion as Lesion
    from maple_lib.data.study import Phrase as Phrase
    from maple_lib.data.study import Study as Study
    from maple_lib.data.study_list import StudyList as StudyList
    from maple_lib.data.table import StudyTable as StudyTable
    from maple_lib.data.table import ingest as ingest

_HOMES = {
    "Batch": "batch",
    "Image": "study",
    "ImageCache": "cache",
    "Lesion": "study",
    "Phrase": "study",
    "Study": "study",
    "StudyTable": "table",
    "StudyList": "study_list",
    "complete_many": "complete",
    "complete_regions": "complete",
    "deidentify": "dicom.deidentify",
    "examine": "doctor",
    "ingest": "table",
    "list_sources": "sources",
    "load_studies": "sources",
    "phantom": "phantoms",
    "phantom_studies": "phantoms",
    "read_image": "read",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: batches bring torch with them."""
    if name in _HOMES:
        return getattr(import_module(f"maple_lib.data.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
