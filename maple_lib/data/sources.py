"""Every dataset by its name, its table or its folder."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, get_type_hints

from maple_lib.data.datasets import DATASETS, dataset_info
from maple_lib.data.rows import Source
from maple_lib.data.study import Study
from maple_lib.errors import MapleError

# Name -> "module:function" that returns a sequence of studies. Official downloads are in ``DATASETS``.
SOURCES = {
    "phantom": "maple_lib.data.phantoms:phantom_studies",
    "samples": "maple_lib.data.samples.reading:read_samples",
    "folder": "maple_lib.data.folder:read_folder",
}
Reader = Callable[..., Sequence[Study]]


def list_sources() -> tuple[str, ...]:
    """The names that ``load_studies`` knows."""
    return (*SOURCES, *DATASETS)


def load_studies(source: str | Path, **options: Any) -> Sequence[Study]:
    """Load a dataset as studies; pixels are read when they are first used.

    Args:
        source: ``"phantom"`` (computed: n, seed, size, difficulty), ``"samples"`` (the 32 studies that come
            with the repository), a public dataset with the folder of its official download
            (``load_studies("mimic-cxr", root=...)``), a table made by ``maple ingest``
            (``load_studies("studies.parquet", root=..., split="train")``), or a folder: of images with
            ``.txt`` reports of the same name, or made by ``python -m maple_lib.data.samples``.
        **options: what that reader takes, e.g. ``parse=False`` to leave reports unread.

    Returns:
        A sequence of Study. Readers of files have ``.failures``, which says what was skipped.

    Raises:
        MapleError: if there is no such source, or an option is not one of its reader's.

    Example:
        >>> load_studies("phantom", n=8, seed=0, size=64)[0].image.pixels.shape  # doctest: +SKIP
        (64, 64)
    """
    if isinstance(source, str) and source in list_sources():
        return _call(_reader(source), source, (), options)
    path = Path(source)
    if path.is_dir():
        return _load_folder(path, options)
    if path.suffix.lower() == ".parquet":
        return _call(load_table, str(source), (path,), options)
    if path.is_file():
        raise MapleError(path, "a file, not a folder of studies", "use read_image for one image")
    names = ", ".join(list_sources())
    raise MapleError(
        f"source {str(source)!r}", "no such dataset or folder", f"give a folder or one of: {names}"
    )


def load_table(
    path: str | Path,
    root: str | Path | None = None,
    split: str | None = None,
    validate: bool | None = None,
) -> Sequence[Study]:
    """Open a studies table.

    Args:
        path: the Parquet file.
        root: folder of the images; by default the one that the table was made from.
        split: ``"train"``, ``"validate"`` or ``"test"``; all studies by default.
        validate: check the whole table first, some seconds for 100,000 studies; by default only where
            ``maple ingest`` did not, or the number of studies has changed since.

    Raises:
        MapleError: if the file is no studies table that can be used.
    """
    from maple_lib.data.table import StudyTable, validate_table

    table = StudyTable(path, root)
    made = table.info.counts.get("studies") == len(table)
    if validate or (validate is None and not made):
        faults = validate_table(path).require_sound().problems
        if faults:
            said = "; ".join(map(str, faults))
            warnings.warn(f"{path}: {said}; `maple doctor {path}` shows more", stacklevel=4)
    return (table if split is None else table.select(split)).warn()


def load_dataset(name: str, root: str | Path, parse: bool = True, **options: Any) -> Sequence[Study]:
    """A public dataset from its official files, each study read when it is asked for.

    Args:
        name: one of ``DATASETS``.
        root: folder of the official download.
        parse: read the statements of a report when its study is asked for.
        **options: what the dataset's reader takes.
    """
    from maple_lib.data.table.source_studies import SourceStudies

    return SourceStudies(partial(open_source, name, root, options), root, parse)


def open_source(name: str, root: str | Path, options: Mapping[str, Any]) -> Source:
    """The rows of a dataset, or of a plain folder (``"folder"``).

    Raises:
        MapleError: if the name or an option is unknown, or the folder is not that dataset's; where it is
            recognised as another's, the message says so.
    """
    if name != "folder" and name not in DATASETS:
        names = ", ".join(("folder", *DATASETS))
        raise MapleError(f"dataset {name!r}", "unknown", f"use one of: {names}")
    module = "maple_lib.data.folder" if name == "folder" else f"maple_lib.data.datasets.{DATASETS[name]}"
    opener = import_module(module).open_source
    _check_options(opener, name, (root,), dict(options))
    _check_kinds(opener, options)
    try:
        source: Source = opener(root, **options)
    except MapleError as error:
        other = recognise(Path(root))
        if other is None or _holds(Path(root), name):
            raise
        hint = f"{error.remedy}; this folder looks like the download of {other}"
        raise MapleError(error.subject, error.problem, hint) from None
    return source


def image_root(source: Source, root: str | Path) -> Path:
    """The folder that the images' paths start from: the source's own where it has one, else the dataset's.

    MS-CXR, for one, annotates images that lie in MIMIC-CXR's folder.
    """
    return Path(getattr(source, "root", root)).absolute()


def recognise(folder: Path) -> str | None:
    """The dataset whose official files a folder holds, the one with most of them; None for other folders."""
    found = {name: len(dataset_info(name).files) for name in DATASETS if _holds(folder, name)}
    return max(found, key=lambda name: found[name]) if found else None


def _holds(folder: Path, name: str) -> bool:
    """Whether the official files of a dataset are in a folder; one folder may hold those of several."""
    if name not in DATASETS:
        return False
    files = dataset_info(name).files
    return bool(files) and all((folder / f).exists() or (folder / f"{f}.gz").exists() for f in files)


def _load_folder(path: Path, options: dict[str, Any]) -> Sequence[Study]:
    if _is_samples(path):
        return _call(_reader("samples"), str(path), (path,), options)
    known = recognise(path)
    hint = f'looks like the download of {known}: load_studies("{known}", root=...) reads its tables'
    if known:
        warnings.warn(f"{path} {hint}; here its images are read as a plain folder", stacklevel=3)
    try:
        return _call(_reader("folder"), str(path), (path,), options)
    except MapleError as error:
        if known is None:
            raise
        raise MapleError(error.subject, error.problem, f"it {hint}") from None


def _reader(name: str) -> Reader:
    if name in DATASETS:
        return partial(load_dataset, name)
    module, function = SOURCES[name].split(":")
    reader: Reader = getattr(import_module(module), function)
    return reader


def _call(reader: Reader, source: str, args: tuple[Any, ...], options: dict[str, Any]) -> Sequence[Study]:
    _check_options(reader, source, args, options)
    return reader(*args, **options)


def _check_options(
    reader: Callable[..., Any], source: str, args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    signature = inspect.signature(reader)
    try:
        signature.bind(*args, **options)
    except TypeError as error:
        takes = ", ".join(signature.parameters)
        raise MapleError(f"source {source!r}", str(error), f"its options are: {takes}") from None


def _check_kinds(opener: Callable[..., Source], options: Mapping[str, Any]) -> None:
    """``present=maybe`` would count as yes; ``images=3`` is read as a number, and no folder."""
    kinds = get_type_hints(opener)
    for name, value in options.items():
        if kinds[name] is bool and not isinstance(value, bool):
            raise MapleError(f"{name}={value}", "neither true nor false", "write true or false")
        if isinstance("", kinds[name]) and not isinstance(value, str | PathLike | None):
            remedy = f"write a text, or ./{value} for a folder of this name"
            raise MapleError(f"{name}={value}", "not a text", remedy)


def _is_samples(path: Path) -> bool:
    from maple_lib.data.samples.layout import TRUTH

    return (path / TRUTH).is_file()
