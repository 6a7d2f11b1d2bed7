"""The same phantom patients three times: a shortcut goes with a finding, with neither, or with its lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import overload

import numpy as np

from maple_lib.data.phantoms import PLACES, PlannedFinding, phantom, sample_plan
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError

_STREAM = 11  # of the plans here: none of the phantom's own
CONDITIONS = ("holds", "absent", "reversed")


@dataclass(frozen=True)
class DrawnStudies(Sequence[Study]):
    """Phantoms that are drawn when their image is asked for, and not kept: a study each time anew.

    Attributes:
        n: how many; those of even number show the finding.
        seed, size, difficulty: as of ``phantom``.
        finding, shortcut: names.
        with_finding: share of the studies with the finding that show the shortcut too.
        without_finding: share of the others that show it.
    """

    n: int
    seed: int
    size: int
    difficulty: str
    finding: str
    shortcut: str
    with_finding: float
    without_finding: float

    def __len__(self) -> int:
        return self.n

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> list[Study]: ...
    def __getitem__(self, index: int | slice) -> Study | list[Study]:
        """One study, or a list of several; their images are drawn later."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.n))]
        number = range(self.n)[index]
        wanted = self._wanted(number)
        names = [one.finding if isinstance(one, PlannedFinding) else one for one in wanted]
        label = f"shortcut-{self.seed}-{number}"
        image = partial(_draw, self.seed, number, self.size, self.difficulty, tuple(wanted))
        return Study(label, label, image, labels=dict.fromkeys(names, 1))

    def _wanted(self, number: int) -> list[PlannedFinding | str]:
        """What a patient shows: the same others in every set, the finding or not, the shortcut or not."""
        rng = np.random.default_rng([self.seed, number, _STREAM])
        coin = rng.random()
        others = [
            planned
            for planned in sample_plan(rng, self.difficulty)
            if planned.finding not in (self.finding, self.shortcut)
        ]
        shows = number % 2 == 0
        carries = coin < (self.with_finding if shows else self.without_finding)
        return [*others, *[self.finding] * shows, *[self.shortcut] * carries]


@dataclass(frozen=True)
class ShortcutStudies:
    """Three sets of the same patients; study i of each shows the finding, or i of none does.

    Attributes:
        finding: what is asked for.
        shortcut: what it goes with.
        holds: the shortcut goes with the finding, as in training.
        absent: it goes with neither: it tells nothing.
        reversed: it goes with the absence of the finding.
    """

    finding: str
    shortcut: str
    holds: Sequence[Study]
    absent: Sequence[Study]
    reversed: Sequence[Study]


def shortcut_studies(
    n: int = 200,
    seed: int = 0,
    size: int = 224,
    difficulty: str = "realistic",
    finding: str = "pleural effusion",
    shortcut: str = "line",
    share: float = 0.9,
) -> ShortcutStudies:
    """Draw the three sets of a shortcut test.

    Half of the patients show the finding. Where the shortcut holds, a ``share`` of them and 1 - ``share`` of
    the others show it; where it is absent, half of both; where it is reversed, the shares change places. So
    the finding and the shortcut are equally frequent in every set and only their company changes. Train on
    ``phantom_studies(..., correlations={finding: {shortcut: share}})`` and look here whether the method fell
    for it.

    Args:
        n: patients in each set, at least 2.
        seed: of the patients; not that of the training set.
        size: pixels along one edge.
        difficulty: of the phantoms.
        finding: one that the phantom draws.
        shortcut: another one.
        share: from 0.5 (no shortcut at all) to 1.

    Raises:
        MapleError: if an argument is out of range, or a finding cannot be drawn.
    """
    for name in (finding, shortcut):
        if name not in PLACES:
            raise MapleError(
                f"finding {name!r}", "the phantom cannot draw it", f"it draws: {', '.join(PLACES)}"
            )
    if finding == shortcut:
        raise MapleError(f"shortcut {shortcut!r}", "is the finding itself", "choose another one")
    if n < 2 or not 0.5 <= share <= 1:
        raise MapleError(f"n={n}, share={share}", "out of range", "give n >= 2 and a share from 0.5 to 1")
    drawn = partial(DrawnStudies, n, seed, size, difficulty, finding, shortcut)
    return ShortcutStudies(
        finding, shortcut, drawn(share, 1 - share), drawn(0.5, 0.5), drawn(1 - share, share)
    )


def _draw(
    seed: int, index: int, size: int, difficulty: str, wanted: tuple[PlannedFinding | str, ...]
) -> Image:
    return phantom(seed, index, size, difficulty, findings=wanted, report=False).image
