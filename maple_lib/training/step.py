"""From a batch to gradients: on one process or many, at once or in pieces, always of the whole batch."""

from __future__ import annotations

from dataclasses import dataclass

from accelerate import Accelerator
from torch import Tensor, nn

from maple_lib.data.batch import Batch
from maple_lib.methods.precomputed import precomputed
from maple_lib.training.accumulate import CachedTower
from maple_lib.training.gather import share, world
from maple_lib.training.objective import Objective
from maple_lib.training.towers import (
    Tower,
    as_text,
    average_gradients,
    gathered,
    image_tower,
    text_tower,
)


@dataclass(frozen=True, slots=True)
class Step:
    """How one batch becomes gradients.

    Every process encodes its share of the images and texts; all see the features of all, and every one
    computes the losses of the whole batch, so that negatives come from everywhere.

    Attributes:
        objective: what is minimised.
        accelerator: device, precision and scaling.
        trained: the parameters whose gradients count.
        pieces: the encoders see a process's share in so many pieces, see ``accumulate``.
    """

    objective: Objective
    accelerator: Accelerator
    trained: list[nn.Parameter]
    pieces: int = 1

    def gradients(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Collect the gradients of a batch; returns the weighted total and the terms, without graph."""
        images, texts = self._towers(batch)
        towers = [tower for tower in (images, texts) if tower]
        cached = [CachedTower(t, self.pieces) for t in towers] if self.pieces > 1 else []
        own = [c.features for c in cached] or [t.encode(share(t.rows)) for t in towers]
        whole = iter([gathered(f, t.rows) for f, t in zip(own, towers, strict=True)])
        method = self.objective.method
        seen = next(whole)[0] if images else None
        read = as_text(next(whole), method, self.objective.texts(batch)) if texts else None
        with precomputed(method, seen, read):
            terms = self.objective(batch)
        total = method.total(terms)
        self.accelerator.backward(total)
        for tower in cached:
            tower.backward()
        average_gradients(self.trained, world()[1])
        return total.detach(), {name: term.detach() for name, term in terms.items()}

    def _towers(self, batch: Batch) -> tuple[Tower | None, Tower | None]:
        method, objective = self.objective.method, self.objective
        autocast = self.accelerator.autocast
        images = image_tower(method, batch.images, autocast) if objective.sees_images else None
        texts = text_tower(method, objective.texts(batch), autocast) if objective.reads_texts else None
        return images, texts
