"""Phantoms drawn once and kept small: bytes for the pixels, and masks of half the resolution."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from maple_lib.vocabulary import REGIONS

SIZE = 224
HARD_SHARE = 4  # every fourth phantom is a hard one: more variety of patients and lesions


@dataclass(frozen=True, slots=True)
class Drawn:
    """Phantoms in memory.

    Attributes:
        pixels: (n, S, S) uint8.
        masks: (n, R, S/2, S/2) uint8, the share of each two by two pixels inside, 255 for all.
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, chosen: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Images (B, 1, S, S) float in [0, 1] and masks (B, R, S/2, S/2), the same."""
        images = torch.from_numpy(self.pixels[chosen])[:, None].float() / 255
        return images, torch.from_numpy(self.masks[chosen]).float() / 255


def draw(count: int, seed: int, mixed: bool, workers: int = 1, progress: bool = True) -> Drawn:
    """Draw phantoms of a seed.

    Args:
        count: how many.
        seed: of the phantoms.
        mixed: every fourth is ``"hard"``; otherwise all are ``"realistic"``.
        workers: processes; the result does not depend on it.
        progress: show a bar.
    """
    make = partial(_one, seed, mixed)
    pixels = np.empty((count, SIZE, SIZE), np.uint8)
    masks = np.empty((count, len(REGIONS), SIZE // 2, SIZE // 2), np.uint8)
    with ProcessPoolExecutor(workers) as pool:
        drawn = pool.map(make, range(count), chunksize=16)
        for i, pair in enumerate(tqdm(drawn, "drawing phantoms", count, disable=not progress)):
            pixels[i], masks[i] = pair
    return Drawn(pixels, masks)


def _one(seed: int, mixed: bool, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    from maple_lib.data.phantoms import phantom

    difficulty = "hard" if mixed and index % HARD_SHARE == 0 else "realistic"
    study = phantom(seed, index, SIZE, difficulty, report=False)
    masks = np.stack([study.regions[name] for name in REGIONS])
    pixels = np.rint(study.image.pixels * 255).astype(np.uint8)
    quarters = masks.reshape(len(masks), SIZE // 2, 2, SIZE // 2, 2).sum((2, 4))
    return pixels, (quarters * 255 // 4).astype(np.uint8)
