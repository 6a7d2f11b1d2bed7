"""The loss while it falls: a figure in a notebook that is drawn again every few seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from maple_lib.viz.losses import loss_figure


class LiveLosses:
    """Give it to ``maple_lib.train(config, watch=LiveLosses())`` in a notebook.

    Args:
        chance: term -> loss of a model that has learned nothing, drawn as a dashed line.
        seconds: between two drawings; drawing takes a tenth of a second.
    """

    def __init__(self, chance: Mapping[str, float] | None = None, seconds: float = 3.0) -> None:
        self.chance, self.seconds = chance, seconds
        self.rows: list[Mapping[str, Any]] = []
        self._drawn = time.monotonic()
        self._handle: Any = None

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Take note of a row of the log, and draw when it is time."""
        self.rows.append(row)
        if time.monotonic() - self._drawn > self.seconds:
            self.draw()

    def draw(self) -> None:
        """Draw now, in the place of the figure before."""
        from IPython.display import display
        from matplotlib import pyplot

        figure = loss_figure(self.rows, self.chance)
        if self._handle is None:
            self._handle = display(figure, display_id=True)
        else:
            self._handle.update(figure)
        pyplot.close(figure)
        self._drawn = time.monotonic()
