"""Perturbed studies: what changes, what stays, and what moves together."""

from __future__ import annotations

import numpy as np
import pytest

from maple_lib.data.phantoms import phantom
from maple_lib.data.phrase_mask import phrase_mask
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import protocol
from maple_lib.evaluation.ground import ground
from maple_lib.evaluation.robustness import perturb
from maple_lib.evaluation.robustness.sides import midline

GREYS = ("gamma_0.6", "gamma_1.6", "window_0.1", "window_-0.1", "noise_0.05", "blur_1", "monochrome1")


@pytest.fixture
def chest():
    return phantom(seed=5, size=96, difficulty="easy", findings=[("mass", "left mid lung zone")])


def pixels(study, name, seed=0):
    return perturb(study, name, seed).image.pixels


@pytest.mark.parametrize("name", [*GREYS, "rotation_10", "flip"])
def test_every_perturbation_gives_an_image_and_leaves_the_study_alone(chest, name):
    before = chest.image.pixels.copy()
    image = perturb(chest, name).image
    assert image.pixels.dtype == np.float32
    assert image.pixels.shape == before.shape
    assert image.pixels.min() >= 0
    assert image.pixels.max() <= 1
    assert not np.array_equal(image.pixels, before)
    assert image.flags == (name,)
    assert np.array_equal(chest.image.pixels, before)
    assert chest.image.flags == ()


def test_greys_change_as_their_names_say(chest):
    plain = chest.image.pixels
    assert pixels(chest, "gamma_0.6").mean() > plain.mean() > pixels(chest, "gamma_1.6").mean()
    np.testing.assert_allclose(pixels(chest, "window_0.1"), np.clip(plain + 0.1, 0, 1), atol=1e-6)
    np.testing.assert_allclose(pixels(chest, "monochrome1"), 1 - plain, atol=1e-6)
    middle = (plain > 0.3) & (plain < 0.7)
    assert np.std((pixels(chest, "noise_0.05") - plain)[middle]) == pytest.approx(0.05, rel=0.1)
    assert np.abs(np.diff(pixels(chest, "blur_2"))).mean() < np.abs(np.diff(plain)).mean() / 1.5


def test_noise_is_the_same_for_the_same_seed_and_study_only(chest):
    same = Study("another", "p", chest.load_image)
    assert np.array_equal(pixels(chest, "noise_0.1", 3), pixels(chest, "noise_0.1", 3))
    assert not np.array_equal(pixels(chest, "noise_0.1", 3), pixels(chest, "noise_0.1", 4))
    assert not np.array_equal(pixels(chest, "noise_0.1", 3), pixels(same, "noise_0.1", 3))


@pytest.mark.parametrize("name", ["gamma_1", "window_0", "noise_0", "blur_0", "rotation_0"])
def test_nothing_changes_nothing(chest, name):
    np.testing.assert_allclose(pixels(chest, name), chest.image.pixels, atol=1e-6)


def test_greys_leave_truth_and_words_as_they_are(chest):
    changed = perturb(chest, "gamma_0.6")
    assert changed.regions is chest.regions
    assert changed.lesions is chest.lesions
    assert changed.phrases is chest.phrases
    assert (changed.report, changed.triplets, changed.study_id) == (
        chest.report,
        chest.triplets,
        chest.study_id,
    )


def test_greys_are_read_when_they_are_used():
    def unread():
        raise AssertionError("the pixels were read")

    study = Study("s", "p", unread)
    assert perturb(study, "gamma_0.6").study_id == "s"


@pytest.mark.parametrize("name", ["rotation_10", "rotation_-20", "flip"])
def test_masks_move_with_the_pixels(toy, name):
    for study in toy.studies:
        changed = perturb(study, name)
        bright = changed.image.pixels > 0.6
        (lesion,) = changed.lesions
        assert (bright ^ lesion.mask).sum() <= 0.02 * lesion.mask.sum()
        box = phrase_mask(changed.phrases[0], bright.shape)
        assert np.array_equal(box, lesion.mask)
        assert changed.phrases[0].text == study.phrases[0].text
        assert not np.array_equal(lesion.mask, study.lesions[0].mask)


def test_rotation_is_anticlockwise_and_keeps_names(toy):
    study = toy.study(1)
    turned = perturb(study, "rotation_90")
    assert np.array_equal(turned.lesions[0].mask, np.rot90(study.lesions[0].mask))
    assert list(turned.regions) == list(study.regions)
    assert np.array_equal(turned.regions["left lung"], np.rot90(study.regions["left lung"]))


def test_a_flip_exchanges_the_names_of_sides_and_twice_is_nothing(chest):
    flipped = perturb(chest, "flip")
    assert flipped.lesions[0].region == "right mid lung zone"
    assert np.array_equal(flipped.regions["right lung"], chest.regions["left lung"][:, ::-1])
    assert np.array_equal(flipped.regions["spine"], chest.regions["spine"][:, ::-1])
    assert midline(flipped) == pytest.approx(96 - midline(chest))
    assert flipped.report == chest.report
    back = perturb(flipped, "flip")
    assert np.array_equal(back.image.pixels, chest.image.pixels)
    assert back.lesions[0].region == chest.lesions[0].region
    assert set(back.regions) == set(chest.regions)
    assert all(np.array_equal(back.regions[name], chest.regions[name]) for name in chest.regions)


def test_sources_and_confidences_follow_their_regions(toy):
    study = toy.study(0)
    study.region_confidence = {"left lung": 0.3}
    study.region_sources = {"left lung": "atlas"}
    flipped = perturb(study, "flip")
    assert flipped.region_confidence == {"right lung": 0.3}
    assert flipped.region_sources == {"right lung": "atlas"}


def test_existing_code_scores_a_perturbed_study(toy):
    studies = [perturb(study, "rotation_10") for study in toy.studies]
    table = ground(toy.method, studies, protocol("phantom_grounding_easy"), with_floors=False).table
    assert table["pointing"].mean() == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("brightness_2", "unknown — use one of: gamma_<number>"),
        ("gamma", "from 0.05 to 20"),
        ("gamma_0", "no number in range"),
        ("noise_-0.1", "no number in range"),
        ("rotation_nan", "no number in range"),
        ("flip_2", "takes no number"),
    ],
)
def test_bad_names_are_lessons(chest, name, message):
    with pytest.raises(MapleError, match=message):
        perturb(chest, name)
