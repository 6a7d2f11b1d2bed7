"""Say aloud that a run learns nothing, before an hour has gone by."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Mapping

from maple_lib.methods.base import Method
from maple_lib.methods.chance import stuck_at_chance

_LOOK_BACK = 20
_PATIENCE = 100  # steps after which a term should have left chance behind


class ChanceWatch:
    """Warns once when contrastive terms still cost what guessing costs.

    Args:
        method: knows its terms' chance.
        batch_size: studies per batch.
        steps: of the stage; the watch looks after a quarter of them, at most after a hundred.
    """

    def __init__(self, method: Method, batch_size: int, steps: int) -> None:
        self.method, self.batch_size = method, batch_size
        self.at = min(_PATIENCE, max(_LOOK_BACK, steps // 4))
        self.recent: deque[Mapping[str, float]] = deque(maxlen=_LOOK_BACK)

    def see(self, step: int, terms: Mapping[str, float]) -> None:
        """Take note of a step's terms; warn at the step where it counts."""
        self.recent.append(terms)
        if step + 1 != self.at:
            return
        means = {k: sum(row[k] for row in self.recent) / len(self.recent) for k in terms if k != "total"}
        stuck = stuck_at_chance(self.method, means, self.batch_size)
        if stuck:
            values = ", ".join(f"{name} {means[name]:.2f}" for name in stuck)
            warnings.warn(
                f"after {self.at} steps still at chance (about ln of the batch's {self.batch_size} studies): "
                f"{values}; give the warm starts more steps, or another learning rate",
                stacklevel=2,
            )
