"""MApLe's triplets: who may be drawn, how often, and what the loss makes of them."""

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import hard_triplet


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(6)
    anchors = torch.randn(7, 8, generator=g, dtype=torch.float64, requires_grad=True)
    sentences = torch.randn(12, 8, generator=g, dtype=torch.float64, requires_grad=True)
    # Finding 2 has one state only.
    findings, states = torch.tensor([0, 0, 0, 1, 1, 2, 2]), torch.tensor([0, 1, 1, 0, 1, 0, 0])
    bank_findings = torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
    bank_states = torch.tensor([0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0])
    return anchors, findings, states, sentences, bank_findings, bank_states


def loop_hardest(anchors, findings, states, sentences, bank_findings, bank_states, margin, weight):
    unit = torch.nn.functional.normalize
    x, y = unit(anchors, dim=1), unit(sentences, dim=1)
    losses, cosines = [], []
    for i in range(len(x)):
        same = [k for k in range(len(y)) if bank_findings[k] == findings[i]]
        positives = [k for k in same if bank_states[k] == states[i]]
        negatives = [k for k in same if bank_states[k] != states[i]]
        if positives and negatives:
            p = min(positives, key=lambda k: (x[i] @ y[k]).item())
            n = max(negatives, key=lambda k: (x[i] @ y[k]).item())
            losses.append((((x[i] - y[p]) ** 2).sum() - ((x[i] - y[n]) ** 2).sum() + margin).clamp(min=0))
        cosines += [
            x[i] @ x[j] for j in range(len(x)) if findings[i] == findings[j] and states[i] != states[j]
        ]
    return torch.stack(losses).mean() + weight * torch.stack(cosines).mean()


def test_hardest_equals_a_loop(batch):
    learning = [batch[0], batch[3]]
    value = hard_triplet(*batch, sampling="hardest", margin=0.5, collapse_weight=0.3)
    expected = loop_hardest(*batch, 0.5, 0.3)
    torch.testing.assert_close(value, expected)
    for ours, loop in zip(
        torch.autograd.grad(value, learning), torch.autograd.grad(expected, learning), strict=True
    ):
        torch.testing.assert_close(ours, loop)


def test_the_same_seed_draws_the_same(batch):
    def at(seed):
        return hard_triplet(*batch, temperature=1.0, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(at(1), at(1))
    assert len({at(seed).item() for seed in range(8)}) > 1


def test_a_cold_temperature_draws_the_hardest(batch):
    cold = hard_triplet(*batch, temperature=1e-6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(cold, hard_triplet(*batch, sampling="hardest"))


def test_draws_follow_the_stated_probabilities():
    """One anchor, many times over: the mean loss is the expectation under the paper's P."""
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(1, 4, generator=g), torch.randn(5, 4, generator=g)
    states = torch.tensor([0, 0, 1, 1, 1])
    unit = torch.nn.functional.normalize
    cosine = (unit(x, dim=1) @ unit(y, dim=1).T)[0]
    distance = 2 - 2 * cosine
    pull = (-cosine[:2] / 0.5).softmax(0) @ distance[:2]
    push = (cosine[2:] / 0.5).softmax(0) @ distance[2:]
    rows, zeros = 4_000, torch.zeros
    mean = hard_triplet(
        x.expand(rows, 4),
        zeros(rows),
        zeros(rows),
        y,
        zeros(5),
        states,
        margin=10.0,  # no draw is cut off
        temperature=0.5,
        collapse_weight=0.0,
        generator=torch.Generator().manual_seed(1),
    )
    assert mean.item() == pytest.approx((pull - push + 10).item(), abs=0.05)


def test_a_finding_with_one_state_is_left_out(batch):
    anchors, findings, states, *bank = batch
    kept = findings != 2
    torch.testing.assert_close(
        hard_triplet(anchors[kept], findings[kept], states[kept], *bank, sampling="hardest"),
        hard_triplet(*batch, sampling="hardest"),
    )


def test_anchors_of_other_states_are_pushed_apart(batch):
    anchors, findings, states, *bank = batch
    collapsed = torch.ones_like(anchors)
    term = hard_triplet(collapsed, findings, states, *bank, collapse_weight=1.0, sampling="hardest")
    without = hard_triplet(collapsed, findings, states, *bank, collapse_weight=0.0, sampling="hardest")
    assert (term - without).item() == pytest.approx(1.0)


def test_no_sentences_and_no_anchors_are_defined(batch):
    anchors, findings, states, *bank = batch
    nothing = [x[:0] for x in bank]
    assert hard_triplet(anchors, findings, states, *nothing, collapse_weight=0.0) == 0
    assert hard_triplet(anchors[:0], findings[:0], states[:0], *bank) == 0


def test_bad_settings_are_told(batch):
    with pytest.raises(MapleError, match="sampling"):
        hard_triplet(*batch, sampling="easy")
    with pytest.raises(MapleError, match="margin"):
        hard_triplet(*batch, margin=0.0)
    with pytest.raises(MapleError, match=r"\(3,\).*\(7, 8\)"):
        hard_triplet(batch[0], batch[1][:3], *batch[2:])
