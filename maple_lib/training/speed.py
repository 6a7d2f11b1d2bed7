"""Options that change how fast a method runs or how much memory it takes, not what it computes."""

from __future__ import annotations

from typing import Any

import torch

from maple_lib.errors import MapleError
from maple_lib.methods.base import Method
from maple_lib.training.config import TrainConfig


def make_fast(method: Method, config: TrainConfig) -> None:
    """Apply ``channels_last``, ``recompute`` and ``compile`` to the encoders, in place."""
    backbone: Any = method.image_encoder.backbone
    text: Any = method.text_encoder.model
    if config.channels_last:
        backbone.to(memory_format=torch.channels_last)
    if config.recompute:
        _recompute(method.config.image_encoder, backbone)
        text.gradient_checkpointing_enable({"use_reentrant": False})
    if config.compile:
        backbone.compile()
        text.compile()


def _recompute(name: str, backbone: Any) -> None:
    try:
        backbone.set_grad_checkpointing(True)
    except (AttributeError, AssertionError) as error:
        raise MapleError(
            "recompute=True",
            f"{name!r} cannot recompute its activations",
            "use another encoder, or accumulate",
        ) from error
