"""Tags that are present, absent, uncertain or never labelled."""

import math

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import tag_bce

LOGITS = torch.tensor([[0.3, -1.2, 2.0], [0.0, 4.0, -0.5]], dtype=torch.float64)
LABELS = torch.tensor([[1, 0, -1], [-1, 1, 0]])


def loop(logits, labels, uncertain, weight=(1.0, 1.0, 1.0)):
    terms = []
    for row, told in zip(logits, labels, strict=True):
        for f, (z, y) in enumerate(zip(row, told, strict=True)):
            if math.isnan(y) or (y == -1 and uncertain == "ignore"):
                continue
            present = y == 1 or (y == -1 and uncertain == "present")
            p = torch.sigmoid(z)
            terms.append(-weight[f] * p.log() if present else -(1 - p).log())
    return torch.stack(terms).mean()


@pytest.mark.parametrize("uncertain", ["absent", "present", "ignore"])
@pytest.mark.parametrize("weight", [None, (1.0, 3.0, 0.5)])
def test_same_value_and_gradient_as_a_loop(uncertain, weight):
    logits = LOGITS.clone().requires_grad_()
    given = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    value = tag_bce(logits, LABELS, uncertain=uncertain, positive_weight=given)
    expected = loop(logits, LABELS, uncertain, weight or (1.0, 1.0, 1.0))
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(torch.autograd.grad(value, logits), torch.autograd.grad(expected, logits))


def test_never_labelled_is_left_out():
    labels = LABELS.double()
    labels[0, 0] = float("nan")
    torch.testing.assert_close(tag_bce(LOGITS, labels), loop(LOGITS, labels, "absent"))


def test_labels_of_another_shape_are_told():
    with pytest.raises(MapleError, match=r"\(2, 2\).*\(2, 3\)"):
        tag_bce(LOGITS, LABELS[:, :2])
    with pytest.raises(MapleError, match="maybe"):
        tag_bce(LOGITS, LABELS, uncertain="maybe")
