"""Is a text true of an image? Yes or no for every pair, both answers weighed alike."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.losses.shapes import at_least_float32, check_positive, check_shapes


def balanced_agreement(logits: Tensor, truth: Tensor, known: Tensor, missed: float = 1.0) -> Tensor:
    """Binary cross-entropy in which rare and common texts count alike, whatever they are true of.

    Most findings are rare: an unweighted mean would teach to deny them all.

    Args:
        logits: (B, T) how well each of T texts fits each image.
        truth: (B, T) bool, True where the text is true of the image.
        known: (B, T) bool, False where nobody knows (an uncertain finding).
        missed: how much the images that a text is true of weigh against all others together, > 0; 1 weighs
            both alike, more would rather raise a false alarm than overlook something.

    Returns:
        Scalar, in nats: ln 2 at chance. The mean over the texts that are true of one image and false of
        another; 0 when there are none.

    Raises:
        MapleError: the shapes disagree, or ``missed`` is not above 0.

    Source: this project; asking every image for every finding is what MedKLIP (ICCV 2023) and KAD (Nature
        Communications 2023) do with a transformer.
    """
    check_shapes(logits=(logits, "B T"), truth=(truth, "B T"), known=(known, "B T"))
    check_positive(missed=missed)
    yes, no = truth & known, ~truth & known
    logits = at_least_float32(logits)
    wrong = functional.binary_cross_entropy_with_logits(logits, truth.to(logits.dtype), reduction="none")
    both = yes.any(0) & no.any(0)
    of_yes, of_no = ((wrong * side).sum(0) / side.sum(0).clamp(min=1) for side in (yes, no))
    mean = (missed * of_yes + of_no) / (missed + 1)
    return torch.where(both, mean, 0).sum() / both.sum().clamp(min=1)
