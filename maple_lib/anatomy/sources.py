"""Sources of masks by their names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from maple_lib.anatomy.source import AnatomySource
from maple_lib.errors import MapleError

# Name -> "module:function" that opens what comes with the repository. A new source is one line here.
_SOURCES = {
    "segmenter": "maple_lib.anatomy.segmenter:shipped_segmenter",
    "atlas": "maple_lib.anatomy.atlas:shipped_atlas",
}


def list_anatomy_sources() -> tuple[str, ...]:
    """The names that ``anatomy_source`` knows, the best first."""
    return tuple(_SOURCES)


def anatomy_source(name: str) -> AnatomySource:
    """A source of masks by its name; opened once, then kept.

    Raises:
        MapleError: if there is no such source, or its files are missing or damaged.
    """
    if name not in _SOURCES:
        names = ", ".join(_SOURCES)
        raise MapleError(f"anatomy source {name!r}", "no such source", f"give one of: {names}")
    module, function = _SOURCES[name].split(":")
    opener: Callable[[], AnatomySource] = getattr(import_module(module), function)
    return opener()
