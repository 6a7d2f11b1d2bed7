"""The scorecard: the separate evaluators' numbers, from images that are encoded once."""

import dataclasses
import math

import pytest
import torch

from maple_lib.data.phantoms import phantom
from maple_lib.data.pixels import images_tensor, region_weights
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate
from maple_lib.evaluation.card import CANDIDATES, scorecard, scorecard_protocols
from maple_lib.evaluation.encoded import EncodedOnce
from maple_lib.evaluation.measures import MEASURES
from maple_lib.methods import create_method

SMALL = {
    "image_size": 64,
    "image_width": 16,
    "text_width": 32,
    "text_layers": 1,
    "dim": 16,
    "head_hidden": 16,
}


@pytest.fixture(scope="module")
def method():
    torch.manual_seed(0)
    return create_method("asg", **SMALL).eval()


@pytest.fixture(scope="module")
def phantoms():
    return [phantom(31, i, 64) for i in range(16)]


@pytest.fixture(scope="module")
def card(method, phantoms):
    return scorecard(method, phantoms, phantoms[:4])


def same(a, b):
    return all(
        torch.equal(getattr(a, f.name), getattr(b, f.name))
        for f in dataclasses.fields(a)
        if isinstance(getattr(a, f.name), torch.Tensor)
    )


def test_rows_are_tidy_and_in_the_order_of_the_measures(card):
    names = list(card.table["measure"])
    assert names == [name for name in MEASURES if name in names]
    assert {"in_region_pointing", "gated_pointing", "image_text_r10", "zero_shot_auc", "negation"} <= set(
        names
    )
    for row in card.table.itertuples():
        assert row.protocol.split(" ")[0] in " ".join(scorecard_protocols())
        assert math.isnan(row.low) or row.low <= row.value <= row.high


def test_values_are_those_of_the_separate_evaluators(card, method, phantoms):
    ground = evaluate(method, phantoms, "phantom_grounding_realistic", train_studies=phantoms[:4]).summary()
    own = ground[(ground.source == "method") & (ground.phrases == "placed")].set_index(["metric", "gated"])
    assert card["in_region_pointing"] == pytest.approx(own["mean"]["region_pointing", False])
    assert card["gated_pointing"] == pytest.approx(own["mean"]["pointing", True])
    assert card["cnr"] == pytest.approx(own["mean"]["cnr", False], abs=1e-5)
    retrieval = evaluate(method, phantoms[:CANDIDATES], "retrieval").summary()
    chosen = retrieval[(retrieval.direction == "image->text") & (retrieval.metric == "R@10")]
    assert card["image_text_r10"] == pytest.approx(chosen["mean"].item())
    words = evaluate(method, phantoms, "robustness_phantom", conditions=["negation"]).summary()
    assert card["negation"] == pytest.approx(words[words.metric == "negation"]["mean"].item(), abs=1e-6)


def test_gated_pointing_is_held_against_the_mean_lesion(card):
    rows = card.table.set_index("measure")
    assert rows["floor_name"]["gated_pointing"] == "mean lesion"
    assert rows["chance"]["gated_pointing"] == rows["chance"]["in_region_pointing"]
    assert rows["chance"]["gated_pointing"] > rows["chance"]["pointing"]
    assert rows["ceiling"]["pointing"] > rows["chance"]["pointing"]


def test_every_image_passes_the_encoder_once(method, phantoms):
    seen = []
    hook = method.image_encoder.register_forward_hook(lambda module, given, out: seen.append(len(given[0])))
    try:
        scorecard(method, phantoms)
    finally:
        hook.remove()
    assert sum(seen) == len(phantoms)


def test_what_is_kept_is_what_the_method_gives(method, phantoms):
    images, (regions, _) = images_tensor(phantoms[:3], 64), region_weights(phantoms[:3], method.grid)
    once = EncodedOnce(method)
    with torch.inference_mode():
        for _ in range(2):
            assert same(once.encode_images(images, regions), method.encode_images(images, regions))
            alone = once.encode_images(images)
            assert alone.regions is None
            assert same(alone, method.encode_images(images))
        mirrored = once.encode_images(images.flip(-1))
        assert same(mirrored, method.encode_images(images.flip(-1)))
        moved = once.encode_images(images, regions.flip(-1))
        assert same(moved, method.encode_images(images, regions.flip(-1)))
    assert once.grid == method.grid


def test_a_method_whose_patches_know_the_regions_is_asked_again(toy):
    class Aware(type(toy.method)):
        def encode_images(self, images, regions=None):
            found = super().encode_images(images, regions)
            return found if regions is None else dataclasses.replace(found, pooled=-found.pooled)

    images, (regions, _) = images_tensor(toy.studies[:2], 32), region_weights(toy.studies[:2], (16, 16))
    once = EncodedOnce(Aware())
    assert torch.equal(once.encode_images(images, regions).pooled, -once.encode_images(images).pooled)


def test_what_the_studies_cannot_answer_is_named(toy):
    studies = [Study(s.study_id, s.patient_id, s.load_image, report=s.report) for s in toy.studies]
    card = scorecard(toy.method, studies)
    assert set(card.table["measure"]) == {"image_text_r1", "image_text_r5", "image_text_r10"}
    assert {"grounding", "location", "zero_shot", "robustness"} == set(card.missing)
    assert "no grounding: " in str(card)
    with pytest.raises(MapleError, match="not on this scorecard"):
        card["pointing"]
    with pytest.raises(MapleError, match="0 studies"):
        scorecard(toy.method, [])
