"""The stages of a run: their names, lengths and learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from maple_lib.methods import method_class
from maple_lib.training.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of training.

    Attributes:
        name: ``"warm_text"``, ``"warm_image"``, ``"align"`` or one of the method's own.
        steps: its length.
        lr: its highest learning rate.
        is_last: True for the stage whose weights are averaged, validated and kept.
    """

    name: str
    steps: int
    lr: float
    is_last: bool = False


def stages(config: TrainConfig) -> list[Stage]:
    """The stages of a run in their order; those of no steps are left out."""
    text, image, *own = method_class(config.model.method).stage_names
    edges = [config.steps * k // len(own) for k in range(len(own) + 1)]
    plan = [
        Stage(text, config.text_warm_steps, config.warm_lr),
        Stage(image, config.image_warm_steps, config.warm_lr),
        *(
            Stage(name, b - a, config.lr, name == own[-1])
            for name, (a, b) in zip(own, pairwise(edges), strict=True)
        ),
    ]
    return [s for s in plan if s.steps]
