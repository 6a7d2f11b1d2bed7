"""What one must know of a dataset before using it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A dataset's card.

    Attributes:
        name: in ``load_studies`` and on the command line: ``"mimic-cxr"``.
        title: its official name.
        home: address of the official page.
        licence: its licence or agreement, by name.
        forbids: what the licence forbids, in a sentence.
        size: what there is, in a line: images, studies, gigabytes.
        files: the official files that the reader needs, relative to the root.
        cite: the publication to cite.
    """

    name: str
    title: str
    home: str
    licence: str
    forbids: str
    size: str
    files: tuple[str, ...]
    cite: str
