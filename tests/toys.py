"""A toy corpus that needs no phantom."""

import numpy as np

from maple_lib.data.record import FINDING_INDEX, REGION_INDEX, Record

SAID = (
    ("Small left pleural effusion.", "left costophrenic angle", "pleural effusion", 1),
    ("There is a right upper lobe nodule.", "right upper lung zone", "nodule", 1),
    ("No pneumothorax.", "left lung", "pneumothorax", 0),
    ("Possible left lower lobe consolidation.", "left lower lung zone", "consolidation", 2),
    ("Heart size is normal.", "cardiac silhouette", "cardiomegaly", 0),
)


def toy_record(i: int, size: int = 64, grid: int = 8) -> Record:
    """A record with random pixels, a square per region, and two or three statements."""
    rng = np.random.default_rng([9, i])
    regions = np.zeros((len(REGION_INDEX), grid, grid), np.uint8)
    for r in range(len(regions)):
        y, x = rng.integers(0, grid - 2, 2)
        regions[r, y : y + 2, x : x + 2] = 255
    chosen = [SAID[k] for k in rng.permutation(len(SAID))[: 2 + i % 2]]
    rows = [
        (k, REGION_INDEX[region], FINDING_INDEX[finding], state)
        for k, (_, region, finding, state) in enumerate(chosen)
    ]
    pixels = rng.integers(0, 256, (size, size), np.uint8)
    return Record(f"toy-{i}", pixels, regions, tuple(c[0] for c in chosen), np.array(rows, np.int16))
