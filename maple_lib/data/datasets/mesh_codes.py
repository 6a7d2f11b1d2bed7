"""Open-i's codes, ``Opacity/lung/upper lobe/right/streaky``, in this project's findings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from maple_lib.vocabulary import FINDINGS, finding


def findings_of(codes: Iterable[str]) -> dict[str, int]:
    """Finding -> 1 for each finding that the codes name; they code what is present, and nothing else.

    A code is a head and qualifiers. The vocabulary knows heads (``Opacity``) and heads with one qualifier
    (``Costophrenic Angle/blunted``); ``normal``, ``No Indexing`` and heads that it does not know say nothing.

    Example:
        >>> findings_of(["Opacity/lung/upper lobe/right", "Costophrenic Angle/left/blunted/mild"])
        {'opacity': 1, 'blunting': 1}
    """
    return {name: 1 for code in codes for name in _meant(_parts(code))}


def _meant(parts: tuple[str, ...]) -> list[str]:
    head, *qualifiers = parts
    keys = [(head, ""), *((head, qualifier) for qualifier in qualifiers)]
    return [name for key in keys for name in _vocabulary().get(key, ())]


def _parts(code: str) -> tuple[str, ...]:
    """Small letters, single spaces: the files have ``Lymph nodes`` and ``Subcutaneous  Emphysema``."""
    return tuple(" ".join(part.lower().split()) for part in code.split("/"))


@cache
def _vocabulary() -> dict[tuple[str, str], tuple[str, ...]]:
    """(Head, qualifier or empty) -> findings."""
    meant: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in FINDINGS:
        for code in finding(name).mesh:
            head, qualifier = (*_parts(code), "")[:2]
            meant[head, qualifier] = (*meant.get((head, qualifier), ()), name)
    return meant
