"""Memory that one step frees is there for the next: on Linux, without asking the system for it again."""

from __future__ import annotations

import ctypes

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_PAD = 1 << 28  # bytes asked for at a time


def keep_freed_memory() -> bool:
    """Let this process keep the memory it frees, from here on; False where its allocator cannot.

    A step on a CPU frees and asks for the same hundreds of megabytes as the one before. glibc gives blocks of
    that size back to the system, which clears every page anew: on slow pages that takes longer than the
    arithmetic. Nothing that is computed changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # not glibc
        return False
    return all([mallopt(_MMAP_MAX, 0), mallopt(_TRIM_THRESHOLD, -1), mallopt(_TOP_PAD, _PAD)])
