"""The splits of official tables in this project's three words."""

from __future__ import annotations

from pathlib import Path

from maple_lib.errors import MapleError

_NAMES = {
    "train": "train",
    "val": "validate",
    "valid": "validate",
    "validate": "validate",
    "validation": "validate",
    "test": "test",
}


def split_of(value: object, path: Path, column: str = "split") -> str | None:
    """``train``, ``validate`` or ``test``; None for a blank.

    Args:
        value: as the table has it; text, or what pandas makes of a blank.
        path: of the table, for the message.
        column: for the message.

    Raises:
        MapleError: if the word is unknown.

    Example:
        >>> split_of("valid", Path("train.csv")), split_of(float("nan"), Path("train.csv"))
        ('validate', None)
    """
    if value is None or value != value or value == "":
        return None
    name = _NAMES.get(str(value).strip().lower())
    if name is None:
        raise MapleError(
            path, f"column {column!r} holds {value!r}", f"it should be one of {', '.join(_NAMES)}"
        )
    return name
