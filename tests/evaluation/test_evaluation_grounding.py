import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from maple_lib.errors import MapleError
from maple_lib.evaluation.grounding import (
    NORMALISATIONS,
    THRESHOLDS,
    CentreCrop,
    cnr,
    miou,
    pixel_auprc,
    pointing_game,
    score_maps,
    smooth_and_resize,
)

METRICS = {"cnr": cnr, "miou": miou, "pointing": pointing_game, "auprc": pixel_auprc}


@pytest.fixture
def scene():
    """Coarse values (many ties), NaN margins, masks that reach into the margins."""
    rng = np.random.default_rng(3)
    maps = np.round(rng.normal(0.2, 0.3, (9, 20, 24)), 2).astype(np.float32)
    maps[:4, :, :3] = np.nan
    masks = np.zeros(maps.shape, bool)
    masks[:, 4:11, 1:9] = rng.random((9, 7, 8)) < 0.7
    within = np.zeros(maps.shape, bool)
    within[:, 2:15, 1:14] = True
    return maps, masks, within


def naive(values, truth, metric, how="clamp"):
    """One image, from the definitions."""
    inside, outside = values[truth].astype(float), values[~truth].astype(float)
    if metric == "cnr":
        return (inside.mean() - outside.mean()) / np.sqrt(inside.var() + outside.var())
    if metric == "pointing":
        return float(truth[values == values.max()].any())
    if metric == "auprc":
        return average_precision_score(truth, values)
    unit = (values - values.min()) / (values.max() - values.min())
    scaled = {"clamp": values.clip(0), "unit": unit, "symmetric": 2 * unit - 1}[how]
    return np.mean([((scaled > t) & truth).sum() / ((scaled > t) | truth).sum() for t in THRESHOLDS])


def naive_all(maps, masks, within, metric, how="clamp"):
    counted = ~np.isnan(maps) if within is None else ~np.isnan(maps) & within
    return [naive(m[c], t[c], metric, how) for m, t, c in zip(maps, masks, counted, strict=True)]


@pytest.mark.parametrize("region", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_equal_to_a_loop_over_the_definitions(scene, metric, region):
    maps, masks, within = scene
    within = within if region else None
    expected = naive_all(maps, masks, within, metric)
    np.testing.assert_allclose(METRICS[metric](maps, masks, within=within), expected, atol=1e-9)


def test_equal_to_torchmetrics(scene):
    theirs = pytest.importorskip("torchmetrics.functional.classification")
    maps, masks, _ = scene
    unit = np.clip(maps, 0, 1)
    ours = pixel_auprc(unit, masks), miou(unit, masks)
    for row, (one, truth) in enumerate(zip(unit, masks, strict=True)):
        kept = ~np.isnan(one)
        pair = torch.from_numpy(one[kept]), torch.from_numpy(truth[kept]).long()
        expected = float(theirs.binary_average_precision(*pair))
        assert ours[0][row] == pytest.approx(expected, abs=1e-6)
        # a hair above the threshold, because theirs counts a value that is equal to it
        overlaps = [theirs.binary_jaccard_index(*pair, threshold=t + 1e-4) for t in THRESHOLDS]
        assert ours[1][row] == pytest.approx(np.mean(overlaps), abs=1e-6)


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_normalisations_equal_the_loop_and_disagree(scene, how):
    maps, masks, _ = scene
    np.testing.assert_allclose(miou(maps, masks, how), naive_all(maps, masks, None, "miou", how), atol=1e-9)
    other = NORMALISATIONS[NORMALISATIONS.index(how) - 1]
    assert not np.allclose(miou(maps, masks, how), miou(maps, masks, other))


def test_one_pass_equals_the_metrics_one_by_one(scene):
    maps, masks, within = scene
    scores = score_maps(maps, masks, within)
    np.testing.assert_array_equal(scores["cnr"], cnr(maps, masks))
    np.testing.assert_array_equal(scores["abs_cnr"], cnr(maps, masks, signed=False))
    np.testing.assert_array_equal(scores["miou_unit"], miou(maps, masks, "unit"))
    np.testing.assert_array_equal(scores["region_pointing"], pointing_game(maps, masks, within))
    share = (masks & within & ~np.isnan(maps)).sum((1, 2)) / (within & ~np.isnan(maps)).sum((1, 2))
    np.testing.assert_allclose(scores["region_chance"], share)


@pytest.mark.parametrize("metric", METRICS)
def test_a_batch_is_its_parts_and_torch_is_numpy(scene, metric):
    maps, masks, _ = scene
    score = METRICS[metric]
    whole = score(maps, masks)
    np.testing.assert_array_equal(
        whole, np.concatenate([score(maps[i : i + 1], masks[i : i + 1]) for i in range(9)])
    )
    as_torch = score(torch.from_numpy(maps), torch.from_numpy(masks))
    assert isinstance(as_torch, torch.Tensor)
    np.testing.assert_array_equal(whole, as_torch.numpy())
    order = np.array([3, 1, 0, 8, 2, 7, 4, 6, 5])
    np.testing.assert_array_equal(score(maps[order], masks[order]), whole[order])


def test_large_batches_cross_block_borders():
    rng = np.random.default_rng(0)
    maps, masks = rng.normal(size=(50, 200, 200)), rng.random((50, 200, 200)) < 0.01
    np.testing.assert_allclose(cnr(maps, masks), naive_all(maps, masks, None, "cnr"), atol=1e-9)


def test_pixels_outside_the_crop_never_count(scene):
    maps, masks, _ = scene
    moved = masks.copy()
    moved[:4, :, :3] ^= True
    for score in METRICS.values():
        np.testing.assert_array_equal(score(maps, masks), score(maps, moved))


def test_the_sign_is_kept_unless_asked():
    mask = np.zeros((1, 8, 8), bool)
    mask[0, 2:4, 2:4] = True
    rng = np.random.default_rng(0)
    dark = np.where(mask, -1.0, 0.0) + rng.normal(0, 0.1, mask.shape)
    assert cnr(dark, mask)[0] < -5
    assert cnr(dark, mask, signed=False)[0] == -cnr(dark, mask)[0]


def test_cnr_does_not_drown_in_a_large_mean():
    rng = np.random.default_rng(0)
    maps, masks = rng.normal(size=(3, 30, 30)), rng.random((3, 30, 30)) < 0.2
    np.testing.assert_allclose(cnr(maps + 1e6, masks), cnr(maps, masks), atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_without_a_true_pixel_nothing_is_defined(scene, metric):
    maps, masks, within = (a.copy() for a in scene)
    masks[0] = False  # empty mask
    maps[1] = np.nan  # a map of nothing
    masks[2], masks[2, :, :3] = False, True  # mask outside the crop
    within[3] = False  # no pixel of the region
    score = METRICS[metric](maps, masks, within=within)
    assert np.isnan(score).tolist() == [True] * 4 + [False] * 5


def test_constant_maps_and_full_masks_have_defined_scores():
    mask = np.zeros((1, 10, 10), bool)
    mask[0, 2:5, 2:5] = True
    constant = np.full((1, 10, 10), 0.1, np.float32)
    assert cnr(constant, mask)[0] == 0
    assert pointing_game(constant, mask)[0] == 1
    assert pixel_auprc(constant, mask)[0] == pytest.approx(0.09)
    assert miou(constant, mask, "unit")[0] == 0
    assert miou(constant, mask, "symmetric")[0] == 0
    assert miou(constant * 3, mask, thresholds=[0.2])[0] == pytest.approx(0.09)
    assert np.isnan(cnr(constant, np.ones_like(mask))[0])
    assert cnr(mask.astype(float), mask)[0] == np.inf


def test_an_empty_prediction_scores_zero(scene):
    maps, masks, _ = scene
    assert (miou(np.full_like(maps, -0.5), masks) == 0).all()


def test_perfect_maps_score_one(scene):
    _, masks, _ = scene
    for score in (pixel_auprc, pointing_game, miou):
        np.testing.assert_array_equal(score(masks.astype(np.float32), masks), 1)


def test_no_maps_no_scores():
    assert cnr(np.zeros((0, 4, 4)), np.zeros((0, 4, 4), bool)).shape == (0,)


@pytest.mark.parametrize(
    ("maps", "masks", "message"),
    [
        (np.zeros((2, 4, 4)), np.zeros((2, 4, 5), bool), r"\(2, 4, 5\).*\(2, 4, 4\)"),
        (np.zeros((4, 4)), np.zeros((4, 4), bool), r"expected \(B, H, W\)"),
        (np.zeros((1, 4, 4)), np.zeros((1, 4, 4)), "boolean"),
        (np.full((1, 4, 4), np.inf), np.zeros((1, 4, 4), bool), "infinite"),
    ],
)
def test_unusable_input_is_named(maps, masks, message):
    for score in METRICS.values():
        with pytest.raises(MapleError, match=message):
            score(maps, masks)


def test_unknown_normalisation_is_named():
    with pytest.raises(MapleError, match="choose one of clamp, unit, symmetric"):
        miou(np.zeros((1, 4, 4)), np.ones((1, 4, 4), bool), "softmax")


def _reference_values():
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "data", here.parents[1] / "shared" / "reference"):
        if (folder / "reference_values.npz").exists():
            return np.load(folder / "reference_values.npz", allow_pickle=False)
    pytest.skip("reference_values.npz is not here")


@pytest.mark.parametrize("case", range(4))
def test_heat_maps_equal_the_published_implementation(case):
    reference = _reference_values()
    patches, phrase, smoothed, full, settings = (
        reference[f"biovil_map_{case}__{name}"]
        for name in ("patches", "phrase", "smoothed", "full", "settings")
    )
    options = json.loads(str(settings))
    crop = CentreCrop(options["crop"], options["resize"]) if options["crop"] else None
    similarity = (patches @ phrase[0])[None]
    ours = smooth_and_resize(similarity, size=similarity.shape[1:])
    np.testing.assert_allclose(ours[0], smoothed, atol=1e-6)
    size = (options["height"], options["width"])
    ours = smooth_and_resize(similarity, 1.5, size, options["interpolation"], crop)
    np.testing.assert_allclose(ours[0], full, atol=1e-5)


def test_heat_maps_keep_kind_constants_and_ties():
    maps = torch.rand(2, 5, 5)
    out = smooth_and_resize(maps, sigma=0, size=(20, 30))
    assert isinstance(out, torch.Tensor)
    assert out.shape == (2, 20, 30)
    assert torch.equal(out[:, ::4, ::6], maps)
    for interpolation in ("nearest", "bilinear"):
        level = smooth_and_resize(np.full((1, 4, 4), 0.3), size=(9, 9), interpolation=interpolation)
        np.testing.assert_allclose(level, 0.3)


def test_heat_map_errors():
    with pytest.raises(MapleError, match="crop of 30 pixels"):
        smooth_and_resize(np.zeros((1, 3, 3)), size=(20, 20), crop=CentreCrop(30))
    with pytest.raises(MapleError, match="interpolation='cubic'"):
        smooth_and_resize(np.zeros((1, 3, 3)), interpolation="cubic")
    with pytest.raises(MapleError, match=r"expected \(B, h, w\)"):
        smooth_and_resize(np.zeros((3, 3)))
