"""Projection heads: batch statistics over the rows that count, without choosing them."""

import pytest
import torch
from torch import nn

from maple_lib.encoders.heads import ProjectionHead, batch_norm


def chosen(head, x, valid):
    """The plain form: rows chosen by the mask, torch's own normalisation."""
    out = x.new_zeros(*x.shape[:-1], head.contract.out_features)
    hidden = head.inner_norm(head.expand(x[valid])).relu()
    out[valid] = head.outer_norm(head.contract(hidden))
    return out


@pytest.fixture
def sequences():
    torch.manual_seed(1)
    x = torch.randn(5, 6, 4, dtype=torch.float64, requires_grad=True)
    return x, torch.rand(5, 6) > 0.4


@pytest.mark.parametrize("training", [True, False])
def test_values_gradients_and_running_statistics_are_those_of_chosen_rows(sequences, training):
    x, valid = sequences
    weighed, plain = ProjectionHead(4, 3, 8).double(), ProjectionHead(4, 3, 8).double()
    plain.load_state_dict(weighed.state_dict())
    for _ in range(3):
        ours = weighed.train(training)(x, valid)
        expected = chosen(plain.train(training), x, valid)
        torch.testing.assert_close(ours, expected)
    toward = torch.randn_like(ours)
    for a, b in zip(
        torch.autograd.grad((ours * toward).sum(), [x, *weighed.parameters()]),
        torch.autograd.grad((expected * toward).sum(), [x, *plain.parameters()]),
        strict=True,
    ):
        torch.testing.assert_close(a, b)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(weighed.state_dict()[name], value)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_rows_are_normalised_by_the_running_statistics(sequences, count):
    x, _ = sequences
    valid = (torch.arange(30) < count).view(5, 6)
    head = ProjectionHead(4, 3, 8).double()
    before = {name: value.clone() for name, value in head.state_dict().items()}
    out = head(x, valid)
    torch.testing.assert_close(out[valid], head.eval()(x[valid]))
    assert out.isfinite().all()
    assert all(torch.equal(before[n], v) for n, v in head.state_dict().items() if "running" in n)
    assert head.train()(x[0, :1]).isfinite().all()


def test_a_normalisation_of_another_kind_is_given_rows():
    class Spanning(nn.BatchNorm1d):
        """Counts the rows it sees, as one that speaks to other processes would."""

        def forward(self, x):
            self.seen = len(x)
            return super().forward(x)

    norm, x = Spanning(3), torch.randn(6, 3)
    counted = torch.tensor([1.0, 1, 0, 1, 0, 1])[:, None]
    out = batch_norm(norm, x, counted)
    assert norm.seen == 4
    torch.testing.assert_close(out, batch_norm(nn.BatchNorm1d(3), x, counted) * counted)
