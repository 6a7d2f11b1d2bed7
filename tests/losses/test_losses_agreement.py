"""Balanced agreement: naive loop, gradient, balance, and what must not matter."""

import math

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import balanced_agreement


@pytest.fixture
def case():
    g = torch.Generator().manual_seed(3)
    logits = torch.randn(9, 5, generator=g, dtype=torch.float64, requires_grad=True)
    truth = torch.rand(9, 5, generator=g) > 0.7
    known = torch.rand(9, 5, generator=g) > 0.2
    truth[:, 4] = False  # nobody has it: there is nothing to tell apart
    return logits, truth, known


def loop(logits, truth, known):
    terms = []
    for t in range(logits.shape[1]):
        yes = [-logits[b, t].sigmoid().log() for b in range(len(logits)) if truth[b, t] and known[b, t]]
        no = [-(-logits[b, t]).sigmoid().log() for b in range(len(logits)) if not truth[b, t] and known[b, t]]
        if yes and no:
            terms.append((torch.stack(yes).mean() + torch.stack(no).mean()) / 2)
    return torch.stack(terms).mean()


def test_equals_the_loop_in_value_and_gradient(case):
    ours, naive = balanced_agreement(*case), loop(*case)
    torch.testing.assert_close(ours, naive)
    one, other = (torch.autograd.grad(x, case[0])[0] for x in (ours, naive))
    torch.testing.assert_close(one, other)


def test_chance_costs_ln_2_however_rare_the_truth():
    truth = torch.zeros(100, 1, dtype=torch.bool)
    truth[0] = True
    loss = balanced_agreement(torch.zeros(100, 1), truth, torch.ones_like(truth))
    assert loss.item() == pytest.approx(math.log(2))


def test_denying_everything_does_not_pay():
    truth = torch.zeros(100, 1, dtype=torch.bool)
    truth[:3] = True
    known = torch.ones_like(truth)
    assert balanced_agreement(torch.full((100, 1), -3.0), truth, known) > math.log(2)


def test_what_is_not_known_has_no_influence(case):
    logits, truth, known = case
    other = torch.where(known, logits, 1e3)
    torch.testing.assert_close(
        balanced_agreement(logits, truth, known), balanced_agreement(other, truth, known)
    )


def test_nothing_to_tell_is_zero_with_a_graph():
    logits = torch.randn(3, 2, requires_grad=True)
    truth = torch.ones(3, 2, dtype=torch.bool)
    loss = balanced_agreement(logits, truth, truth)
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_wrong_shapes_are_named():
    with pytest.raises(MapleError, match="truth"):
        balanced_agreement(torch.zeros(2, 3), torch.zeros(2, 4, dtype=torch.bool), torch.zeros(2, 3).bool())


@pytest.mark.parametrize("missed", [1.0, 4.0])
def test_without_knowledge_the_best_answer_is_the_price(missed):
    truth = torch.zeros(50, 1, dtype=torch.bool)
    truth[:5] = True
    answer = torch.tensor(math.log(missed), dtype=torch.float64, requires_grad=True)
    logits = answer.expand(50, 1)
    balanced_agreement(logits, truth, torch.ones_like(truth), missed).backward()
    assert abs(answer.grad.item()) < 1e-12
    with pytest.raises(MapleError, match="missed"):
        balanced_agreement(logits, truth, torch.ones_like(truth), 0)
