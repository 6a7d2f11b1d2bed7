import numpy as np
import pytest
import torch

from maple_lib.data.study import Image, Study
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.reports.types import Triplet

PLACES = {"right lung": np.s_[:, :8], "left lung": np.s_[:, 8:], "cardiac silhouette": np.s_[4:12, 4:12]}
FINDINGS = ("opacity", "nodule", "mass")


def make_case(index):
    """A finding in each lung; how bright a lung is tells which. Every third study shows no heart."""
    rng = np.random.default_rng([5, index])
    kinds = rng.integers(0, 3, 2)
    pixels = rng.uniform(0, 0.03, (16, 16)).astype(np.float32)
    regions, triplets, report = {}, [], ""
    for place, where in PLACES.items():
        if place == "cardiac silhouette" and index % 3 == 0:
            continue
        regions[place] = np.zeros((16, 16), bool)
        regions[place][where] = True
    for side, kind in zip(("right lung", "left lung"), kinds, strict=True):
        pixels[PLACES[side]] += 0.2 + 0.3 * kind
        sentence = f"There is a {FINDINGS[kind]} in the {side}. "
        start = len(report) + sentence.index(FINDINGS[kind])
        triplets.append(Triplet(side, FINDINGS[kind], "present", span=(start, start + len(FINDINGS[kind]))))
        report += sentence
    return Study(f"case-{index}", f"patient-{index}", lambda: Image(pixels), report, tuple(triplets), regions)


class FakeMethod(torch.nn.Module):
    """Embeds brightness as an angle, for images; the finding's rank as the same angle, for texts."""

    image_size, grid = 16, (4, 4)

    def __init__(self, scale=2.0):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(scale))
        self.images_seen = 0

    def _angle(self, level):
        return torch.stack([(level * self.scale).cos(), (level * self.scale).sin()], dim=-1)

    def encode_images(self, images, regions=None):
        self.images_seen += len(images)
        level = torch.nn.functional.avg_pool2d(images, 4).flatten(1)
        pooled = self._angle(level.mean(1))
        if regions is None:
            return ImageFeatures(pooled, self._angle(level), self.grid)
        shares = regions.flatten(2)
        mass = shares.sum(-1)
        means = (shares * level[:, None]).sum(-1) / mass.clamp_min(1e-6)
        return ImageFeatures(pooled, self._angle(level), self.grid, self._angle(means), mass > 0)

    def encode_texts(self, texts):
        kinds = [
            [0.215 + 0.3 * i for i, name in enumerate(FINDINGS) if name in text] or [3.0] for text in texts
        ]
        pooled = self._angle(torch.tensor([np.mean(k) for k in kinds], dtype=torch.float))
        words = torch.zeros(len(texts), max(len(t.split()) for t in texts), 2)
        return TextFeatures(pooled, 3 * pooled, words, words[..., 0] > 0)


@pytest.fixture
def cases():
    return [make_case(i) for i in range(30)]


@pytest.fixture
def method():
    return FakeMethod()


@pytest.fixture
def other_method():
    return FakeMethod(scale=1.9)
