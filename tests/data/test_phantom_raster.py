"""The drawing tools under the phantom."""

from __future__ import annotations

import numpy as np
import pytest

from maple_lib.data.phantoms.filters import blur, smooth_noise, wide_blur
from maple_lib.data.phantoms.geometry import Frame, Pose, Profile, smooth_step
from maple_lib.data.phantoms.masks import PackedMasks
from maple_lib.data.phantoms.raster import flat_band, ribbon, smooth_curve, splat

UPRIGHT = Pose(0.0, 1.0, 1.0, 0.0, 0.0)
TILTED = Pose(0.05, 1.08, 0.95, 0.03, -0.02)


def test_splat_keeps_mass_inside_and_drops_it_outside():
    columns, rows = np.array([3.2, 7.9, -4.0], np.float32), np.array([4.7, 2.1, 5.0], np.float32)
    image = splat(10, columns, rows, np.array([1.0, 2.0, 5.0], np.float32))
    assert image.shape == (10, 10)
    assert image.sum() == pytest.approx(3.0, rel=1e-5)


def test_splat_puts_a_point_on_its_pixel():
    image = splat(8, np.array([2.5], np.float32), np.array([6.5], np.float32), np.array([1.0], np.float32))
    assert image[6, 2] == pytest.approx(1.0)


def test_a_ribbon_covers_its_band_evenly():
    frame = Frame(128, TILTED)
    x, y = np.array([[-0.5, 0.5]], np.float32), np.array([[0.1, 0.1]], np.float32)
    band = ribbon(frame, x, y, 0.1, flat_band)
    inside = (np.abs(frame.x) < 0.4) & (np.abs(frame.y - 0.1) < 0.07)
    np.testing.assert_allclose(band[inside], 1.0, atol=0.12)
    assert band[np.abs(frame.y - 0.1) > 0.14].max() == 0.0


def test_to_pixels_inverts_the_frame():
    frame = Frame(64, TILTED)
    columns, rows = frame.to_pixels(frame.x, frame.y)
    expected = np.arange(64) + 0.5
    np.testing.assert_allclose(columns, np.broadcast_to(expected, (64, 64)), atol=1e-3)
    np.testing.assert_allclose(rows, np.broadcast_to(expected[:, None], (64, 64)), atol=1e-3)


def test_a_window_holds_its_box_and_is_never_empty():
    frame = Frame(64, TILTED)
    inside = (np.abs(frame.x - 0.2) < 0.1) & (np.abs(frame.y + 0.3) < 0.2)
    cut = frame.spread(
        np.ones_like(frame.x[frame.window(0.1, 0.3, -0.5, -0.1)]), frame.window(0.1, 0.3, -0.5, -0.1)
    )
    assert (cut[inside] == 1).all()
    assert frame.x[frame.window(3, 4, 3, 4)].size >= 1


def test_a_profile_follows_its_points_and_is_flat_outside():
    profile = Profile([(-0.5, 1.0), (0.5, 3.0)], softness=0.01)
    assert profile.value(0.0) == pytest.approx(2.0, abs=0.01)
    assert profile.value(-1.2) == pytest.approx(1.0, abs=0.01)
    assert profile.value(9.0) == pytest.approx(3.0, abs=0.01)


def test_smooth_step_is_monotone_and_flat_outside_its_width():
    steps = smooth_step(np.linspace(-1, 1, 101, dtype=np.float32), 0.5)
    assert (np.diff(steps) >= 0).all()
    assert (steps[:25] == 0).all()
    assert (steps[-25:] == 1).all()


def test_blurs_keep_the_mean_of_a_constant_and_soften_a_point():
    flat = np.full((40, 40), 0.7, np.float32)
    np.testing.assert_allclose(blur(flat, 1.5), 0.7, atol=1e-5)
    np.testing.assert_allclose(wide_blur(flat, 8), 0.7, atol=1e-5)
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1.0
    soft = blur(point, 1.5)
    assert soft.sum() == pytest.approx(1.0, abs=1e-4)
    assert soft[20, 20] == soft.max() < 0.1
    np.testing.assert_allclose(soft, soft.T, atol=1e-6)


def test_smooth_noise_is_the_same_field_at_every_size():
    small, large = (smooth_noise(np.random.default_rng(4), size, 6) for size in (60, 120))
    np.testing.assert_allclose(small, large.reshape(60, 2, 60, 2).mean((1, 3)), atol=0.06)


def test_smooth_curve_runs_through_its_points():
    points = [(0.0, 0.0), (0.4, 0.3), (0.8, -0.1)]
    x, y = smooth_curve(points, 41)
    for px, py in points:
        assert np.hypot(x - px, y - py).min() < 0.02


def test_packed_masks_give_back_what_was_packed():
    rng = np.random.default_rng(0)
    masks = {"a": rng.random((13, 17)) > 0.5, "b": rng.random((13, 17)) > 0.9}
    packed = PackedMasks(masks)
    assert list(packed) == ["a", "b"]
    assert len(packed) == 2
    assert "c" not in packed
    for name, mask in masks.items():
        assert packed[name].dtype == bool
        np.testing.assert_array_equal(packed[name], mask)
    with pytest.raises(KeyError):
        packed["c"]
