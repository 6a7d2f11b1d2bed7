"""Call a decoder that some damaged streams keep busy, and go on without it when it takes too long."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from typing import Any

SECONDS = 3.0
_SECONDS_A_PIXEL = 1e-6  # about ten times what decoding a sound stream takes


def call_with_patience(decode: Callable[[], Any], pixels: int, seconds: float = SECONDS) -> Any:
    """Return what ``decode`` returns, unless it takes longer than any sound image of that size would.

    A decoder in C cannot be stopped, only left behind: it ends in its own time in a thread that holds nobody
    up, since it works without Python's lock.

    Args:
        decode: the call.
        pixels: how many the image has; a large one is waited for longer.
        seconds: how long any image is waited for.

    Raises:
        TimeoutError: if it takes too long.
        Exception: whatever ``decode`` raises.
    """
    answers: Queue[tuple[bool, Any]] = Queue(1)

    def run() -> None:
        try:
            answers.put((True, decode()))
        except Exception as error:
            answers.put((False, error))

    Thread(target=run, daemon=True).start()
    try:
        fine, answer = answers.get(timeout=seconds + pixels * _SECONDS_A_PIXEL)
    except Empty:
        raise TimeoutError("the decoder does not come to an end") from None
    if not fine:
        raise answer
    return answer
