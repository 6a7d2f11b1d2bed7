"""Resizing averages, keeps proportions and range."""

from __future__ import annotations

import numpy as np
import pytest

from maple_lib.data.box_regions import BoxRegions, box_of
from maple_lib.data.resample import fit_size, resize
from maple_lib.errors import MapleError

PIXELS = np.random.default_rng(0).random((300, 240)).astype(np.float32)


def test_sizes():
    assert fit_size((300, 240), 100) == (100, 80)
    assert resize(PIXELS, 100).shape == (100, 80)
    assert resize(PIXELS, (50, 70)).shape == (50, 70)
    assert resize(PIXELS, 300) is PIXELS
    with pytest.raises(MapleError, match="size 0"):
        resize(PIXELS, 0)


def test_fine_stripes_become_grey_not_a_pattern():
    """Skipping pixels would turn one-pixel stripes into all black, all white or a moiré."""
    stripes = np.tile(np.array([0, 1], np.float32), (256, 128))
    small = resize(stripes, 37)
    assert np.abs(small - 0.5).max() < 0.05


def test_mean_and_range_are_kept():
    small = resize(PIXELS, 30)
    assert small.mean() == pytest.approx(PIXELS.mean(), abs=0.01)
    assert 0 <= small.min() <= small.max() <= 1


def test_boxes_and_masks_agree():
    regions = BoxRegions({"heart": (3, 2, 7, 5), "beyond": (-4, 8, 3, 99)}, (10, 12))
    assert box_of(regions["heart"]) == (3, 2, 7, 5)
    assert box_of(regions["beyond"]) == (0, 8, 3, 10)
    assert regions["heart"].sum() == 12
    assert list(regions) == ["heart", "beyond"]
    assert box_of(np.zeros((4, 4), bool)) is None
