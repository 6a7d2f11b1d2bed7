"""Training of the segmenter: image and masks stay together, a run repeats itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maple_lib.anatomy import load_atlas, load_segmenter
from maple_lib.anatomy.network import NetworkShape, RegionNet
from maple_lib.training.segmenter import making
from maple_lib.training.segmenter.greys import disturb
from maple_lib.training.segmenter.loop import Recipe, train_network
from maple_lib.training.segmenter.making import make_segmenter
from maple_lib.training.segmenter.negatives import spoil
from maple_lib.training.segmenter.objective import segmentation_loss
from maple_lib.training.segmenter.store import draw
from maple_lib.training.segmenter.warp import SWAP, mirror_names, warp
from maple_lib.vocabulary import REGIONS

TINY = NetworkShape("mobilenetv3_small_050", 64, (8, 8, 8, 8, 8), tuple(REGIONS))
QUICK = Recipe(phantoms=8, stages=((64, 3),), horizon=4, batch=4)


@pytest.fixture(scope="module")
def drawn():
    return draw(8, 5, True, progress=False)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_stored_phantoms_are_the_phantoms(drawn):
    from maple_lib.data.phantoms import phantom

    study = phantom(5, 1, 224, "realistic", report=False)
    images, masks = drawn.batch(np.array([1]))
    np.testing.assert_allclose(images[0, 0], study.image.pixels, atol=1 / 255)
    row = REGIONS.index("left lung")
    assert masks[0, row].mean() == pytest.approx(study.regions["left lung"].mean(), abs=1e-3)


def test_mirroring_swaps_names_in_pairs():
    assert [SWAP[i] for i in SWAP] == list(range(len(REGIONS)))
    assert mirror_names(("right lung", "spine", "left lung")) == [2, 1, 0]


def test_warped_masks_stay_on_the_warped_image(drawn):
    """Whatever the warp: an image that is itself a mask still fits that mask."""
    _, masks = drawn.batch(np.arange(8))
    row = REGIONS.index("abdomen")
    painted = torch.nn.functional.interpolate(masks[:, [row]], scale_factor=2, mode="nearest")
    images, warped = warp(painted, masks, 128, generator())
    small = torch.nn.functional.avg_pool2d(images, 2)[:, 0]
    assert (small - warped[:, row]).abs().mean() < 0.01
    assert warped.shape == (8, len(REGIONS), 64, 64)


def test_disturbed_images_keep_their_range_and_draws_differ(drawn):
    images, masks = warp(*drawn.batch(np.arange(8)), 64, generator())
    one, kept = disturb(images, masks, generator(1))
    assert one.min() >= 0
    assert one.max() <= 1
    assert (kept <= masks).all()
    assert not torch.equal(one, disturb(images, masks, generator(2))[0])
    torch.testing.assert_close(one, disturb(images, masks, generator(1))[0])


def test_spoilt_images_have_no_regions(drawn):
    images, masks = warp(*drawn.batch(np.arange(8)), 64, generator())
    images, masks = images.repeat(20, 1, 1, 1), masks.repeat(20, 1, 1, 1) + 0.1
    spoilt, left = spoil(images, masks, generator())
    empty = left.flatten(1).sum(1) == 0
    assert 0 < empty.sum() < 30
    assert torch.equal(spoilt[~empty], images[~empty])
    assert (spoilt[empty] != images[empty]).flatten(1).any(1).all()


def test_the_loss_falls_with_the_overlap():
    masks = torch.zeros(2, 3, 8, 8)
    masks[:, :2, 2:6, 2:6] = 1  # the third region is in no image
    right, half, wrong = (
        segmentation_loss(20 * (m - 0.5), masks) for m in (masks, masks.roll(2, -1), 1 - masks)
    )
    assert right < 0.01
    assert right < half < wrong


def test_a_run_repeats_itself(drawn):
    once, again = (train_network(TINY, drawn, QUICK, lambda *_: None) for _ in range(2))
    for one, other in zip(once.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert not once.training
    untrained = RegionNet(TINY).head.weight
    assert not torch.equal(once.head.weight, untrained)


@pytest.mark.slow
def test_the_command_writes_a_folder_that_opens(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "SHAPE", TINY)
    monkeypatch.setattr(making, "CALIBRATED", 8)
    monkeypatch.setattr(making, "HELD_OUT", 2)
    out = make_segmenter(tmp_path / "made", QUICK, progress=False)
    assert load_segmenter(out).network.shape == TINY
    assert load_atlas(out).template.shape == (2, 64, 64)
    assert {path.name for path in out.iterdir()} == {
        "README.md", "SHA256SUMS", "atlas.safetensors", "config.json", "model.safetensors",
    }  # fmt: skip
    assert "| carina |" in (out / "README.md").read_text()
