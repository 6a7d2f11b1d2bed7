"""One module a public dataset: where its official files lie, and how they become rows.

A module offers ``INFO`` (a ``DatasetInfo``) and ``open_source(root, **options) -> Source``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.rows import Source
from maple_lib.errors import MapleError

# Name -> module. A new dataset is one line here and one file beside.
DATASETS = {
    "chest-imagenome": "chest_imagenome",
    "chestx-det": "chestx_det",
    "chexlocalize": "chexlocalize",
    "chexmask": "chexmask",
    "chexpert": "chexpert",
    "chexpert-plus": "chexpert_plus",
    "covid": "covid",
    "mimic-cxr": "mimic_cxr",
    "mimic-cxr-jpg": "mimic_cxr_jpg",
    "ms-cxr": "ms_cxr",
    "nih": "nih",
    "open-i": "open_i",
    "padchest-gr": "padchest_gr",
    "rsna": "rsna",
    "siim": "siim",
    "vindr-cxr": "vindr_cxr",
}


def dataset_info(name: str) -> DatasetInfo:
    """The card of a dataset.

    Raises:
        MapleError: if there is no such dataset; the message lists those there are.
    """
    info: DatasetInfo = _module(name).INFO
    return info


def open_dataset(name: str, root: str | Path, **options: Any) -> Source:
    """Open a dataset's official download; tables are read now, reports and images later.

    Raises:
        MapleError: if the name is unknown, or the folder is not that dataset's.
    """
    source: Source = _module(name).open_source(root, **options)
    return source


def _module(name: str) -> Any:
    if name not in DATASETS:
        raise MapleError(f"dataset {name!r}", "unknown", f"use one of: {', '.join(DATASETS)}")
    return import_module(f"maple_lib.data.datasets.{DATASETS[name]}")
