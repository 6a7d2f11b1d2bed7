"""After RRA-VL: two stages, soft positives in words and in regions."""

import pytest
import torch

from maple_lib.data.batch import collate
from maple_lib.losses import label_similarity_targets, location_conditioned_contrastive
from maple_lib.methods import create_method, rra_vl
from maple_lib.methods.base import average

SMALL = {
    "image_size": 64,
    "image_width": 16,
    "text_width": 32,
    "text_layers": 1,
    "dim": 16,
    "head_hidden": 32,
}


def small(**overrides):
    torch.manual_seed(0)
    return create_method("rra_vl", "tiny", **SMALL, **overrides)


def test_the_second_stage_adds_the_location(toy_records):
    method, batch = small().eval(), collate(toy_records)
    first, second = method.losses(batch, stage=1), method.losses(batch)
    assert tuple(first) == ("global", "word_patch")
    assert tuple(second) == ("global", "word_patch", "location")
    for name, value in first.items():
        torch.testing.assert_close(second[name], value)


@pytest.mark.parametrize("left_out", ["global", "word_patch", "location"])
def test_a_term_without_weight_is_not_computed(toy_records, monkeypatch, left_out):
    functions = {
        "global": "global_contrastive",
        "word_patch": "word_patch_loss",
        "location": "location_conditioned_contrastive",
    }

    def asked(*given, **named):
        raise AssertionError("a term of weight 0 was computed")

    monkeypatch.setattr(rra_vl, functions[left_out], asked)
    assert left_out not in small(weights={left_out: 0}).losses(collate(toy_records))


def test_studies_that_share_a_finding_in_a_region_are_no_strangers(toy_records):
    method, batch = small().eval(), collate(toy_records)
    images = method.encode_images(batch.images, batch.regions)
    about = average(batch.region_sentences) @ method.encode_sentences(batch.sentences).phrase
    valid = images.region_valid & (batch.region_sentences.sum(-1) > 0)
    given = (images.regions, about, valid, method.config.temperature)
    soft = location_conditioned_contrastive(*given, findings=batch.region_findings, direction="sum")
    # To the bit: before training both forms lie close together.
    assert method.losses(batch)["location"] == soft
    assert soft != location_conditioned_contrastive(*given, direction="sum")


def test_words_are_relevant_to_studies_with_the_same_findings(toy_records, monkeypatch):
    seen = []
    plain = rra_vl.word_patch_loss
    monkeypatch.setattr(rra_vl, "word_patch_loss", lambda *given: seen.append(given[-1]) or plain(*given))
    batch = collate(toy_records)
    small().losses(batch)
    torch.testing.assert_close(seen[0], label_similarity_targets(batch.findings))
    assert (seen[0] > 0.01).sum() > len(toy_records), "some studies share a finding"
