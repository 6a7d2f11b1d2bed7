"""A disk that is full, or may not be written to, ends a run with one clear error and nothing half-written."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from maple_lib.errors import MapleError


@contextmanager
def writing(path: Path, kept: str = "nothing else is lost") -> Iterator[None]:
    """Inside, what hinders writing becomes one error.

    Args:
        path: what is written.
        kept: what is still there, for the message.

    Raises:
        MapleError: if the disk is full, a quota is used up, or the folder cannot be written to.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        remedy = f"{kept}; make room or give another folder, and start the same command again"
        raise MapleError(path, f"cannot be written: {_reason(error)}", remedy) from error


def write_whole(path: Path, text: str) -> None:
    """Write a text file beside its place and move it there: the old one or the new one, never a part."""
    part = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    """What the system says, without the wrapping of the library that met it."""
    if isinstance(error, shutil.Error):  # of a folder: a list of (source, target, reason)
        return str(error.args[0][0][-1])
    if isinstance(error, OSError):
        return error.strerror or str(error)
    inner = re.search(r'(?:I/O error: |message: ")([^"(]+)', str(error))
    return inner.group(1).strip() if inner else str(error)
