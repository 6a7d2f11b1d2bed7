"""The atlas: a floor that finds a chest wherever it stands, and says so when there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from maple_lib.anatomy import load_atlas
from maple_lib.anatomy.normalise import network_input
from maple_lib.anatomy.outline import body_span, fit, inverse, place
from maple_lib.anatomy.weights import ATLAS, find_segmenter
from maple_lib.data.phantoms import phantom
from maple_lib.data.read import read_image
from maple_lib.errors import MapleError
from maple_lib.vocabulary import REGIONS

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
LUNGS = ("right lung", "left lung")


@pytest.fixture(scope="module")
def atlas():
    return load_atlas()


def overlap(one, other):
    return 2 * (one & other).sum() / max(1, one.sum() + other.sum())


def test_it_is_small_and_whole(atlas):
    assert (find_segmenter() / ATLAS).stat().st_size <= 300_000
    assert atlas.names == tuple(REGIONS)
    assert atlas.masks.amax() <= 1
    with pytest.raises(MapleError, match="no such file"):
        load_atlas(Path("nowhere"))


def test_it_finds_the_regions_of_phantoms(atlas):
    for index in range(3):
        study = phantom(2027, index, report=False)
        found = atlas.regions(study.image.pixels)
        assert found.source == "atlas"
        assert np.mean([overlap(study.regions[n], found.masks[n]) for n in found.masks]) > 0.7
        assert min(overlap(study.regions[n], found.masks[n]) for n in LUNGS) > 0.85


def test_it_follows_a_shifted_and_cropped_chest(atlas):
    study = phantom(2027, 1, report=False)
    crop = (slice(10, 200), slice(25, 224))
    found = atlas.regions(study.image.pixels[crop])
    for name in LUNGS:
        assert overlap(study.regions[name][crop], found.masks[name]) > 0.8


def test_confidence_is_less_than_that_of_the_overlap_it_has(atlas):
    """Calibrated on disturbed phantoms, so that it is cautious on clean ones."""
    study = phantom(2027, 2, report=False)
    found = atlas.regions(study.image.pixels)
    reached = np.mean([overlap(study.regions[n], found.masks[n]) for n in found.masks])
    assert np.mean(list(found.confidence.values())) < reached + 0.05


def test_nothing_is_visible_in_noise_or_a_blank_image(atlas):
    noise = np.random.default_rng(0).random((200, 180), dtype=np.float32)
    for image in (noise, np.zeros((100, 100), np.float32)):
        found = atlas.regions(image)
        assert dict(found.masks) == {}
        assert set(found.missing) == set(REGIONS)


def test_several_images_are_as_one_by_one(atlas):
    images = [phantom(3, i, 96, report=False).image.pixels for i in range(2)]
    for alone, together in zip(map(atlas.regions, images), atlas.regions_many(images), strict=True):
        assert alone.confidence == together.confidence


def test_the_bodys_edges_are_found():
    image = torch.full((64, 64), 0.05)
    image[:, 16:52] = 0.7
    left, right = body_span(image)
    assert left == pytest.approx(-0.5, abs=0.05)
    assert right == pytest.approx(0.625, abs=0.05)
    assert body_span(torch.zeros(64, 64)) == (-1.0, 1.0)


def test_a_fit_and_its_inverse_cancel():
    fits = torch.tensor([[0.8, 0.1, 1.2, -0.3]])
    there = place(fits, 16)[0]
    back = inverse(fits)[0]
    x = there[..., 0] * back[0] + back[1]
    torch.testing.assert_close(x[0], place(torch.tensor([[1.0, 0, 1, 0]]), 16)[0, 0, :, 0])


def test_a_known_shift_is_found(atlas):
    picture = network_input(torch.from_numpy(phantom(8, size=128, report=False).image.pixels)[None, None])[0]
    here, likeness = fit(atlas.template, picture, (-1.0, 1.0))
    moved, _ = fit(atlas.template, torch.roll(picture, 13, 1), (-1.0, 1.0))
    assert likeness > 0.7
    assert float(moved[3] - here[3]) == pytest.approx(2 * 13 / 128, abs=0.06)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="real data not found beside the repository")
def test_lungs_of_real_radiographs_are_found(atlas):
    files = sorted((REAL / "nih_chestxray14" / "images").glob("*.png"))[::12]
    found = atlas.regions_many([read_image(path).pixels for path in files])
    assert sum(all(name in each.masks for name in LUNGS) for each in found) >= 0.9 * len(files)
