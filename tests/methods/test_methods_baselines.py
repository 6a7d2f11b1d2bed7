"""ConVIRT, GLoRIA and LSE+NL against their equations; and what every contrast must do in sixty steps."""

import math

import pytest
import torch
from torch.nn import functional as F

from maple_lib.data.batch import collate
from maple_lib.data.phantoms import phantom_studies
from maple_lib.data.record import make_record
from maple_lib.errors import MapleError
from maple_lib.losses import lse_nl_contrastive, word_patch_contrastive
from maple_lib.methods import create_method
from maple_lib.methods.base import report_embedding
from maple_lib.methods.chance import stuck_at_chance
from maple_lib.methods.reports import report_words

SMALL = {
    "image_size": 64,
    "image_width": 32,
    "text_width": 32,
    "text_layers": 1,
    "dim": 16,
    "head_hidden": 32,
    "tag_hidden": 32,
}
CONTRASTS = ("convirt", "gloria", "lse_nl", "asg", "rra_vl", "maple_joint")


def small(name, seed=0, **overrides):
    torch.manual_seed(seed)
    return create_method(name, "tiny", **SMALL, **overrides)


def test_convirt_weighs_its_directions_three_to_one(toy_records):
    method, batch = small("convirt").eval(), collate(toy_records)
    assert method.config.temperature == 0.1
    with torch.inference_mode():
        images = method.encode_images(batch.images).pooled
        reports = report_embedding(method.encode_sentences(batch.sentences), batch.report_sentences)
        logits, own = images @ reports.T / 0.1, torch.arange(len(images))
        expected = 0.75 * F.cross_entropy(logits, own) + 0.25 * F.cross_entropy(logits.T, own)
        torch.testing.assert_close(method.losses(batch)["global"], expected)


def test_a_report_has_the_words_of_its_sentences(toy_records):
    method, batch = small("gloria").eval(), collate(toy_records)
    with torch.inference_mode():
        sentences = method.encode_sentences(batch.sentences)
        words, valid = report_words(sentences, batch.report_sentences)
    for b, said in enumerate(batch.report_sentences):
        mine = [sentences.words[u][sentences.word_valid[u]] for u in said.nonzero().flatten()]
        torch.testing.assert_close(words[b, valid[b]], torch.cat(mine))
        assert (words[b, ~valid[b]] == 0).all()
    assert valid.sum(1).max() == valid.shape[1]
    assert len(set(valid.sum(1).tolist())) > 1, "the captions differ in length"


def test_gloria_is_its_two_contrasts(toy_records):
    method, batch = small("gloria").eval(), collate(toy_records)
    with torch.inference_mode():
        patches = method.encode_images(batch.images).patches
        words, valid = report_words(method.encode_sentences(batch.sentences), batch.report_sentences)
        ours = method.losses(batch)["word_patch"]
        expected = word_patch_contrastive(patches * 0.1**-0.5, words * 0.1**-0.5, valid, direction="sum")
    torch.testing.assert_close(ours, expected)


def test_lse_nl_agrees_with_the_loss_on_padded_sentences(toy_records):
    """Where no two reports share a sentence, both forms are one."""
    records = [
        toy_records[0],
        *(r for r in toy_records[1:] if not set(r.sentences) & set(toy_records[0].sentences)),
    ]
    method, batch = small("lse_nl").eval(), collate(records[:2])
    counts = batch.report_sentences.sum(1).int().tolist()
    assert batch.report_sentences.sum(0).tolist() == [1.0] * len(batch.sentences)
    with torch.inference_mode():
        patches = method.encode_images(batch.images).patches
        own = method.embed_sentences(batch.sentences).split(counts)
        padded = torch.nn.utils.rnn.pad_sequence(own, batch_first=True)
        mask = torch.arange(padded.shape[1]) < torch.tensor(counts)[:, None]
        expected = lse_nl_contrastive(patches, padded, mask, 0.07)
        torch.testing.assert_close(method.losses(batch)["lse_nl"], expected)


def test_a_borrowed_head_is_the_one_that_was_trained(toy_records):
    method, batch = small("convirt").eval(), collate(toy_records[:2])
    assert {name.split(".")[0] for name, _ in method.named_parameters() if "head" in name} == {
        "image_head",
        "text_head",
    }
    features = method.encode_texts(["Cardiomegaly.", "No pneumothorax."])
    assert torch.equal(features.phrase, features.pooled)
    assert method.encode_images(batch.images).patches.shape == (2, 64, 16)


def test_the_first_token_or_the_mean_of_the_words(toy_records):
    sentences = collate(toy_records).sentences
    first, mean = small("asg", text_pooling="first").eval(), small("asg").eval()
    encoded = first.text_encoder(first.text_encoder.tokenize(list(sentences)))
    assert torch.equal(first.pool(encoded), encoded.pooled)
    torch.testing.assert_close(mean.pool(encoded)[0], encoded.words[0][encoded.word_valid[0]].mean(0))
    with pytest.raises(MapleError, match="mean or first"):
        small("asg", text_pooling="last")


def test_a_run_at_chance_says_so():
    method = small("asg")
    assert method.chance(32) == {"global": pytest.approx(2 * math.log(32))}
    assert stuck_at_chance(method, {"global": 6.9, "tags": 9.0}, 32) == ("global",)
    assert stuck_at_chance(method, {"global": 8.0}, 32) == ("global",), "worse than guessing is no better"
    assert stuck_at_chance(method, {"global": 5.0, "region_sentence": 9.0}, 32) == ()
    assert stuck_at_chance(small("convirt"), {"global": 5.0}, 32) == ("global",)
    assert stuck_at_chance(small("lse_nl"), {"lse_nl": 9.0}, 32) == ()


@pytest.fixture(scope="module")
def phantom_records():
    studies = phantom_studies(24, seed=3, size=64, difficulty="easy")
    return [make_record(study, 64, (8, 8)) for study in studies]


def trained(name, records, steps):
    """A small method after some steps, and its totals."""
    method = small(name)
    optimiser = torch.optim.AdamW(method.parameters(), lr=1e-3)
    batches, totals = [collate(records[i::3]) for i in range(3)], []
    for step in range(steps):
        total = method.total(method.losses(batches[step % 3]))
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(total.item())
    return method.eval(), totals


def likeness(rows):
    """Mean cosine of different rows."""
    cosines = F.normalize(rows, dim=-1) @ F.normalize(rows, dim=-1).T
    return cosines[~torch.eye(len(rows), dtype=torch.bool)].mean()


@pytest.mark.parametrize("name", CONTRASTS)
def test_sixty_steps_on_phantoms(name, phantom_records):
    """The loss falls, nothing collapses, and regions and heat maps come out."""
    method, totals = trained(name, phantom_records, 60)
    assert sum(totals[-6:]) < 0.7 * sum(totals[:6])
    batch = collate(phantom_records)
    with torch.inference_mode():
        images = method.encode_images(batch.images, batch.regions)
        texts = method.encode_texts(list(batch.sentences))
        heat = method.similarity_map(
            images, texts if len(texts.pooled) == 24 else method.encode_texts(["Edema."] * 24)
        )
    for rows in (images.pooled, images.patches.flatten(0, 1), texts.pooled, texts.phrase):
        assert likeness(rows) < 0.9
        assert F.normalize(rows, dim=-1).std(0).min() > 0.02
    regions, visible = images.described()
    assert visible.any()
    assert regions[visible].isfinite().all()
    assert heat.shape == (24, 8, 8)
    assert heat.flatten(1).std(1).min() > 0.01
    assert not stuck_at_chance(
        method, {k: v.item() for k, v in method.losses(collate(phantom_records[::3])).items()}, 8
    )


@pytest.mark.parametrize("name", CONTRASTS)
def test_the_same_seed_gives_the_same_weights_to_the_bit(name, phantom_records):
    (one, first), (other, second) = (trained(name, phantom_records, 3) for _ in range(2))
    assert first == second
    for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b)
