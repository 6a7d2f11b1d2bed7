"""A toy method that reads findings off marked cells, and toy studies that are so marked."""

import numpy as np
import torch
from torch.nn import functional as F

from maple_lib.data.study import Image, Study
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.evaluation import prompt_ensemble

FINDINGS = prompt_ensemble("phantom").findings
SIDE = 8


def marked_image(shares):
    """A cell for each finding, as bright as its share in [0, 1]."""
    pixels = np.zeros(SIDE * SIDE, np.float32)
    pixels[: len(FINDINGS)] = [shares.get(name, 0) for name in FINDINGS]
    return Image(pixels.reshape(SIDE, SIDE))


def marked_study(index, labels, shares=None):
    image = marked_image(shares or {name: max(value, 0) for name, value in labels.items()})
    return Study(f"study-{index}", f"patient-{index}", lambda: image, labels=labels)


class FindingReader:
    """Its embedding of an image is the cells; of a sentence, the cells it names, minus if denied."""

    image_size, grid, name = SIDE, (SIDE, SIDE), "reader"

    def __init__(self, looks_at=None):
        self.looks_at = looks_at  # finding -> the one whose cell it looks at instead

    def encode_images(self, images, regions=None):
        cells = images.flatten(1)[:, : len(FINDINGS)]
        return ImageFeatures(cells, cells[:, None], (1, 1))

    def encode_texts(self, texts):
        pooled = torch.stack([self._read(text.lower()) for text in texts])
        words = (
            F.one_hot(torch.arange(3) % pooled.shape[1], pooled.shape[1]).float().expand(len(texts), -1, -1)
        )
        return TextFeatures(pooled, pooled, words, torch.ones(len(texts), 3, dtype=torch.bool))

    def _read(self, text):
        vector = torch.full((len(FINDINGS),), 1e-3)
        called = prompt_ensemble("phantom").words
        for name in FINDINGS:
            if called.get(name, name) in text or name in text:
                target = (self.looks_at or {}).get(name, name)
                vector[FINDINGS.index(target)] = -1.0 if "no " in text else 1.0
        return F.normalize(vector, dim=0)
