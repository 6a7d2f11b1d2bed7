"""What all runs of a board share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.leaderboard.entry import Entry
from maple_lib.training import TrainConfig, train_config

OWN = ("seed", "out")


def _silent(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all runs of a board share.

    Attributes:
        preset: of training and model.
        seeds: of training; each gives a run of every entry.
        out: folder of the board; a run is kept in ``<out>/<entry>/seed<k>``.
        studies: number of held-out phantoms, "realistic" ones whatever the training saw.
        overrides: fields of the configuration, for all entries; an entry's own win.
        workers: processes that draw and prepare phantoms.
        command: what made the board, to ship with it.
        progress: show bars.
        say: called with a line about every run.
    """

    preset: str = "laptop"
    seeds: tuple[int, ...] = (0, 1, 2)
    out: Path = Path("runs/leaderboard")
    studies: int = 500
    overrides: Mapping[str, Any] = field(default_factory=dict)
    workers: int = 2
    command: str = ""
    progress: bool = True
    say: Callable[[str], None] = _silent

    def __post_init__(self) -> None:
        if not self.seeds or self.studies < 1:
            asked = f"{len(self.seeds)} seeds, {self.studies} studies"
            raise MapleError(asked, "nothing to score", "give at least one of each")
        for name in OWN:
            if name in self.overrides:
                raise MapleError(f"setting {name!r}", "belongs to each run of a board", "leave it out")

    def config(self, entry: Entry, seed: int) -> TrainConfig:
        """The training configuration of a run."""
        fields = {"workers": self.workers, **self.overrides, **entry.overrides}
        fields |= {"seed": seed, "out": str(Path(self.out) / entry.folder / f"seed{seed}")}
        return train_config(entry.method, self.preset, **fields)
