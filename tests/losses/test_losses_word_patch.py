"""Word–patch attention: against GLoRIA's loop over captions, in blocks, padded, gathered, attention shown."""

import pytest
import torch
from torch.nn import functional

from maple_lib.errors import MapleError
from maple_lib.losses import word_patch_attention, word_patch_contrastive, word_patch_similarity
from maple_lib.losses.gram_similarity import _parts


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(3)
    patches = torch.randn(6, 9, 8, generator=g, dtype=torch.float64, requires_grad=True)
    words = torch.randn(6, 7, 8, generator=g, dtype=torch.float64, requires_grad=True)
    count = torch.tensor([7, 1, 4, 5, 2, 7])
    return patches, words, torch.arange(7) < count[:, None]


def loop_similarity(patches, words, mask, t1=4.0, t2=5.0):
    """Every caption, image and word in turn, with the context written out."""
    rows = []
    for image in patches:
        row = []
        for caption, kept in zip(words, mask, strict=True):
            shares = (image @ caption[kept].T).softmax(1)
            attention = (t1 * shares).softmax(0)
            contexts = attention.T @ image
            row.append((t2 * torch.cosine_similarity(caption[kept], contexts, 1)).exp().sum().log())
        rows.append(torch.stack(row))
    return torch.stack(rows)


def loop_loss(patches, words, mask):
    logits, own = 10 * loop_similarity(patches, words, mask), torch.arange(len(patches))
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


@pytest.mark.parametrize("chunk", [1, 4, 6, 50])
def test_same_value_and_gradient_as_a_loop(batch, chunk):
    value, expected = word_patch_contrastive(*batch, chunk=chunk), loop_loss(*batch)
    torch.testing.assert_close(value, expected)
    for ours, loop in zip(
        torch.autograd.grad(value, batch[:2]), torch.autograd.grad(expected, batch[:2]), strict=True
    ):
        torch.testing.assert_close(ours, loop)


@pytest.mark.parametrize("frozen", [0, 1])
def test_a_frozen_side_gets_no_gradient_and_the_other_keeps_its_own(batch, frozen):
    both = torch.autograd.grad(word_patch_contrastive(*batch), batch[:2])
    tensors = list(batch)
    tensors[frozen] = tensors[frozen].detach()
    (alone,) = torch.autograd.grad(word_patch_contrastive(*tensors), [tensors[1 - frozen]])
    torch.testing.assert_close(alone, both[1 - frozen])


def test_other_temperatures_and_captions_than_images(batch):
    patches, words, mask = batch
    ours = word_patch_similarity(
        patches[:2], words, mask, attention_temperature=60.0, aggregation_temperature=9.0
    )
    torch.testing.assert_close(ours, loop_similarity(patches[:2], words, mask, 60.0, 9.0))


def test_mean_aggregation_does_not_count_words(batch):
    patches, words, mask = batch
    doubled = torch.cat([words, words], 1), torch.cat([mask, mask], 1)
    # Twice the same words halve each word's share of a patch; with one patch that changes no attention.
    one = patches[:, :1]
    mean = word_patch_similarity(one, words, mask, aggregation="mean")
    torch.testing.assert_close(word_patch_similarity(one, *doubled, aggregation="mean"), mean)
    assert (word_patch_similarity(one, *doubled) > word_patch_similarity(one, words, mask)).all()


def test_padding_may_hold_anything(batch):
    patches, words, mask = batch
    spoilt = words.detach().masked_fill(~mask[..., None], float("nan")).requires_grad_()
    loss = word_patch_contrastive(patches, spoilt, mask)
    torch.testing.assert_close(loss, word_patch_contrastive(*batch))
    loss.backward()
    assert spoilt.grad.isfinite().all()
    assert (spoilt.grad[~mask] == 0).all()
    assert word_patch_attention(patches, spoilt, mask).isfinite().all()


def test_a_report_without_words_is_left_out(batch):
    patches, words, mask = batch
    empty = mask.clone()
    empty[2] = False
    keep = torch.tensor([0, 1, 3, 4, 5])
    # A small scale, so that a caption wrongly kept as a candidate would be seen in the sum.
    flat = {"direction": "image_to_text", "logit_scale": 0.5}
    expected = word_patch_contrastive(patches[keep], words[keep], mask[keep], **flat)
    torch.testing.assert_close(word_patch_contrastive(patches, words, empty, **flat), expected)
    # Its image remains a candidate for the other reports.
    assert word_patch_contrastive(patches, words, empty, direction="text_to_image") > 0
    assert (word_patch_attention(patches, words, empty)[2] == 0).all()


def test_gathered_halves_make_the_whole(batch):
    patches, words, mask = batch
    halves = [
        word_patch_contrastive(
            patches[k : k + 3],
            words[k : k + 3],
            mask[k : k + 3],
            patches_all=patches,
            words_all=words,
            word_mask_all=mask,
            offset=k,
        )
        for k in (0, 3)
    ]
    torch.testing.assert_close(sum(halves) / 2, word_patch_contrastive(*batch))


def test_relevance_as_soft_targets(batch):
    torch.testing.assert_close(
        word_patch_contrastive(*batch, targets=torch.eye(6)), word_patch_contrastive(*batch)
    )
    alike = torch.eye(6) + 0.5
    assert word_patch_contrastive(*batch, targets=alike) != word_patch_contrastive(*batch)


def test_attention_finds_the_patch_that_is_the_word():
    patches = 5 * torch.eye(6)[None]
    words = 5 * torch.eye(6)[None, [4, 1]]
    attention = word_patch_attention(patches, words, torch.ones(1, 2, dtype=torch.bool))
    assert attention.argmax(2).tolist() == [[4, 1]]
    torch.testing.assert_close(attention.sum(2), torch.ones(1, 2))


def test_gradient_can_be_taken_twice_from_one_graph(batch):
    loss = word_patch_contrastive(*batch)
    first = torch.autograd.grad(loss, batch[:2], retain_graph=True)
    second = torch.autograd.grad(loss, batch[:2])
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b)


def test_memory_follows_the_chunk_and_not_the_batch():
    """Nothing of the size (B, N, C, L) is kept between forward and backward."""
    kept = []

    def pack(tensor):
        kept.append(tensor.numel())
        return tensor

    g = torch.Generator().manual_seed(0)
    patches = torch.randn(8, 16, 4, generator=g, requires_grad=True)
    words = torch.randn(8, 12, 4, generator=g, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        word_patch_contrastive(patches, words, torch.ones(8, 12, dtype=torch.bool), chunk=2)
    assert max(kept) <= max(patches.numel(), words.numel())


def test_bad_settings_are_told(batch):
    with pytest.raises(MapleError, match="chunk"):
        word_patch_contrastive(*batch, chunk=0)
    with pytest.raises(MapleError, match="aggregation"):
        word_patch_contrastive(*batch, aggregation="max")
    with pytest.raises(MapleError, match=r"\(6, 3\).*\(6, 7, 8\)"):
        word_patch_contrastive(batch[0], batch[1], batch[2][:, :3])


def test_a_block_is_no_longer_than_its_longest_caption(batch):
    _, _, mask = batch
    parts = _parts(mask, 2)
    assert [part.length for part in parts] == [7, 5, 2]
    assert torch.cat([part.captions for part in parts]).sort().values.tolist() == list(range(6))


def test_words_may_follow_a_gap(batch):
    patches, words, mask = batch
    holed = mask.clone()
    holed[0, 2:5] = False
    packed = torch.cat([words[:1, :2], words[:1, 5:], words[:1, 2:5]], 1)
    torch.testing.assert_close(
        word_patch_similarity(patches, words[:1], holed[:1], chunk=2),
        word_patch_similarity(patches, packed, torch.arange(7)[None] < 4),
    )
