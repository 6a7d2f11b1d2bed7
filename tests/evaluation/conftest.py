from types import SimpleNamespace

import numpy as np
import pytest
import torch

from maple_lib.data.study import Image, Lesion, Phrase, Study
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.reports.types import Triplet
from maple_lib.vocabulary import REGIONS

SIDES = ("right lung", "left lung")


def make_study(index, size=(64, 64), finding=None):
    """A bright square lesion somewhere in one of two lungs that are halves of the image."""
    rng = np.random.default_rng([7, index])
    height, width = size
    regions = {side: np.zeros(size, bool) for side in SIDES}
    regions["right lung"][:, : width // 2] = True
    regions["left lung"][:, width // 2 :] = True
    side = SIDES[index % 2]
    finding = finding or ("mass", "nodule")[index // 2 % 2]
    y = int(rng.integers(6, height - 22))
    x = int(rng.integers(6, width // 2 - 21)) + (width // 2 if side == "left lung" else 0)
    mask = np.zeros(size, bool)
    mask[y : y + 16, x : x + 16] = True
    pixels = np.where(mask, 1.0, 0.2).astype(np.float32)
    text = f"{finding} in the {side}"
    return Study(
        f"study-{index}",
        f"patient-{index}",
        lambda: Image(pixels),
        report=f"There is a {text}.",
        triplets=(Triplet(side, finding, "present"),),
        regions=regions,
        lesions=(Lesion(finding, side, mask, 1.0),),
        phrases=(Phrase(text, finding, ((x, y, 16, 16),), side),),
    )


class FakeMethod:
    """Patches that know their brightness; texts that know nothing but their letters."""

    image_size, grid, name = 32, (16, 16), "fake"

    def __init__(self):
        self.texts_seen = []

    def encode_images(self, images, regions=None):
        bright = torch.nn.functional.avg_pool2d(images, 2).flatten(1)
        patches = torch.stack([bright, 1 - bright], dim=-1)
        pooled = torch.nn.functional.normalize(patches.mean(1), dim=-1)
        if regions is None:
            return ImageFeatures(pooled, patches, self.grid)
        shares = regions.flatten(2)
        valid = shares.sum(-1) > 0
        return ImageFeatures(pooled, patches, self.grid, shares @ patches, valid)

    def encode_texts(self, texts):
        self.texts_seen.append(list(texts))
        codes = [sum(map(ord, text)) % 97 for text in texts]
        angle = torch.tensor(codes, dtype=torch.float) / 97 * 3
        pooled = torch.stack([angle.cos(), angle.sin()], dim=-1)
        words = torch.zeros(len(texts), max(len(t.split()) for t in texts), 2)
        return TextFeatures(
            pooled, torch.tensor([[1.0, 0.0]]).expand(len(texts), 2), words, words[..., 0] > 0
        )

    def similarity_map(self, images, texts):
        assert len(images.patches) == len(texts.phrase)
        return torch.einsum("bnd,bd->bn", images.patches, texts.phrase).unflatten(1, images.grid)


@pytest.fixture
def toy():
    """Studies, a fake method, and what else the tests of evaluation need."""
    assert set(SIDES) <= set(REGIONS)
    return SimpleNamespace(study=make_study, studies=[make_study(i) for i in range(12)], method=FakeMethod())
