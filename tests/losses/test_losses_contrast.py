"""The softmax under the losses: which anchors count, and what they may choose."""

import pytest
import torch

from maple_lib.losses.contrast import contrast

LOGITS = torch.randn(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
CHOICE = torch.tensor([[1, 1, 0, 0, 1], [1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]]).bool()


def loop(targets, choice):
    terms = []
    for row, wanted, allowed in zip(LOGITS, targets, choice, strict=True):
        wanted = wanted[allowed].double()
        if wanted.sum() > 0:
            terms.append(-(wanted / wanted.sum() * row[allowed].log_softmax(0)).sum())
    return torch.stack(terms).mean()


@pytest.mark.parametrize("offset", [0, 1])
def test_every_anchor_may_have_candidates_of_its_own(offset):
    own = torch.eye(5)[offset : offset + 4]
    torch.testing.assert_close(contrast(LOGITS, offset=offset, candidates=CHOICE), loop(own, CHOICE))
    torch.testing.assert_close(contrast(LOGITS, targets=own, candidates=CHOICE), loop(own, CHOICE))


def test_shared_candidates_are_the_same_for_every_anchor():
    targets = torch.rand(4, 5, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        contrast(LOGITS, targets=targets, candidates=CHOICE[0]), loop(targets, CHOICE[:1].expand(4, 5))
    )


def test_only_the_anchors_asked_for_count():
    anchors = torch.tensor([True, False, True, False])
    whole = torch.ones(2, 5, dtype=torch.bool)
    expected = -LOGITS.log_softmax(1).diagonal()[anchors].mean()
    torch.testing.assert_close(contrast(LOGITS, anchors=anchors), expected)
    torch.testing.assert_close(contrast(LOGITS[None, :2], candidates=whole[:1]), contrast(LOGITS[:2]))
