"""One line of a board: a method, what differs from its preset, and what was done to its training data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.leaderboard.changes import Change


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a board.

    Attributes:
        name: what the line is called; also of its folder, where what is not a letter, digit or sign of
            ``_.%-`` becomes a hyphen.
        method: name in the registry.
        overrides: fields of the training configuration or of the model.
        change: of the training studies; those that are scored always stay as they are.
    """

    name: str
    method: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    change: Change | None = None

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return re.sub(r"[^\w.%-]+", "-", self.name).strip("-")


def check_entries(entries: list[Entry]) -> None:
    """Raise a MapleError where there is no entry, a name says nothing, or two would share a folder."""
    if not entries:
        raise MapleError("leaderboard", "has no entry", "name at least one method")
    folders = [entry.folder for entry in entries]
    for entry in entries:
        if not entry.folder.strip("."):
            raise MapleError(f"entry {entry.name!r}", "makes no name of a folder", "use letters")
        if folders.count(entry.folder) > 1:
            raise MapleError(f"entry {entry.name!r}", "comes twice", "give each its own name")
