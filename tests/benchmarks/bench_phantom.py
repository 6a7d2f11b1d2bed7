"""How fast phantoms are drawn, with masks and without reports, on one core.

Run: ``python tests/benchmarks/bench_phantom.py``. Set OMP_NUM_THREADS=1 for a fair single-core figure.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from maple_lib.data.phantoms import phantom

BATCHES, BATCH = 5, 30


def images_per_second(size: int, clock: Callable[[], float]) -> tuple[float, float]:
    """Median and best rate over a few batches; other work on the machine only slows a batch down."""
    rates = []
    phantom(0, 0, size=size, report=False)
    for batch in range(BATCHES):
        began = clock()
        for index in range(BATCH):
            phantom(batch, index, size=size, report=False)
        rates.append(BATCH / (clock() - began))
    rates.sort()
    return rates[BATCHES // 2], rates[-1]


if __name__ == "__main__":
    for pixels in (224, 128):
        for name, clock in (("wall", time.perf_counter), ("CPU", time.process_time)):
            median, best = images_per_second(pixels, clock)
            print(
                f"{pixels} px: {median:.0f} images per {name} second (median of {BATCHES}), best {best:.0f}"
            )
