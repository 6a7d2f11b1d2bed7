"""Numbers too small for a processor's fast paths count as zero while a method is trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def without_denormals(device: torch.device) -> Iterator[None]:
    """On a processor, treat magnitudes below 1e-38 as zero within the block; nothing on another device.

    Attention leaves such shares to hopeless patches as training goes on, and processors are slow at them: a
    step of a trained ASG took a tenth longer than its first ones. Next to ordinary numbers they vanish in a
    sum anyway. Threads that torch started before keep their way: that costs time and changes no weight.
    """
    mine = device.type == "cpu" and not _flushed() and torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if mine:
            torch.set_flush_denormal(False)


def _flushed() -> bool:
    return (torch.tensor(1e-30) * 1e-10).item() == 0
