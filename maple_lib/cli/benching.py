"""``maple bench``: what this machine does in a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import torch

from maple_lib.data.phantoms import phantom
from maple_lib.data.pixels import images_tensor
from maple_lib.methods import create_method
from maple_lib.reports import parse

T = TypeVar("T")


def time_machine(studies: int) -> dict[str, float]:
    """Phantoms, reports and images a second; one process, torch's own threads."""
    phantom(0)
    drawn, draw = _timed(lambda: [phantom(0, i, 128) for i in range(studies)])
    _, read = _timed(lambda: [parse(s.report) for s in drawn])
    method = create_method("asg").eval()
    images = images_tensor(drawn, method.image_size)
    with torch.inference_mode():
        method.encode_images(images)
        _, encode = _timed(lambda: [method.encode_images(images)])
    seconds = {"phantoms (128 px) / s": draw, "reports / s": read, "images encoded / s": encode}
    return {name: studies / s for name, s in seconds.items()}


def _timed(job: Callable[[], T]) -> tuple[T, float]:
    clock = time.perf_counter()
    result = job()
    return result, time.perf_counter() - clock
