"""Every dataset by its name or its folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from maple_lib.data.study import Study
from maple_lib.errors import MapleError

# Name -> "module:function" that returns a sequence of studies. A new dataset is one line here.
SOURCES = {
    "phantom": "maple_lib.data.phantoms:phantom_studies",
    "samples": "maple_lib.data.samples.reading:read_samples",
    "folder": "maple_lib.data.folder:read_folder",
}


def list_sources() -> tuple[str, ...]:
    """The names that ``load_studies`` knows."""
    return tuple(SOURCES)


def load_studies(source: str | Path, **options: Any) -> Sequence[Study]:
    """Load a dataset as studies; pixels are read when they are first used.

    Args:
        source: ``"phantom"`` (computed: n, seed, size, difficulty), ``"samples"`` (the 32 studies that come
            with the repository), another name of ``list_sources()``, or a folder: of images with ``.txt``
            reports of the same name, or made by ``python -m maple_lib.data.samples``.
        **options: what that reader takes, e.g. ``parse=False`` to leave reports unread.

    Returns:
        A sequence of Study. Readers of files return a StudyList, whose ``.failures`` says what was skipped.

    Raises:
        MapleError: if there is no such source, or an option is not one of its reader's.

    Example:
        >>> load_studies("phantom", n=8, seed=0, size=64)[0].image.pixels.shape  # doctest: +SKIP
        (64, 64)
    """
    if isinstance(source, str) and source in SOURCES:
        return _call(_reader(source), source, (), options)
    path = Path(source)
    if path.is_dir():
        name = "samples" if _is_samples(path) else "folder"
        return _call(_reader(name), str(source), (path,), options)
    if path.is_file():
        raise MapleError(path, "a file, not a folder of studies", "use read_image for one image")
    names = ", ".join(SOURCES)
    raise MapleError(
        f"source {str(source)!r}", "no such dataset or folder", f"give a folder or one of: {names}"
    )


def _reader(name: str) -> Callable[..., Sequence[Study]]:
    module, function = SOURCES[name].split(":")
    reader: Callable[..., Sequence[Study]] = getattr(import_module(module), function)
    return reader


def _call(
    reader: Callable[..., Sequence[Study]], source: str, args: tuple[Any, ...], options: dict[str, Any]
) -> Sequence[Study]:
    signature = inspect.signature(reader)
    try:
        signature.bind(*args, **options)
    except TypeError as error:
        takes = ", ".join(signature.parameters)
        raise MapleError(f"source {source!r}", str(error), f"its options are: {takes}") from None
    return reader(*args, **options)


def _is_samples(path: Path) -> bool:
    from maple_lib.data.samples.layout import TRUTH

    return (path / TRUTH).is_file()
