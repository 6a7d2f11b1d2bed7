"""Which findings does the report state? Binary cross-entropy over tags that may be uncertain or missing."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.errors import MapleError
from maple_lib.losses.contrast import masked_mean
from maple_lib.losses.shapes import at_least_float32, check_one_of

Uncertain = Literal["absent", "present", "ignore"]


def tag_bce(
    logits: Tensor,
    labels: Tensor,
    *,
    uncertain: Uncertain = "absent",
    positive_weight: Tensor | None = None,
) -> Tensor:
    """Mean binary cross-entropy of findings.

    Args:
        logits: (B, F) scores before the sigmoid (any shape, if ``labels`` has the same).
        labels: (B, F) 1 present, 0 absent, -1 uncertain; NaN (in floating labels) was never labelled and
            is left out.
        uncertain: what -1 counts as. "absent" is ASG's choice; "ignore" leaves those labels out.
        positive_weight: (F,) factor of the present labels of each finding. Default: 1.

    Returns:
        Scalar, in nats, averaged over the labels that count; 0 when there are none.

    Raises:
        MapleError: the shapes disagree, or ``uncertain`` is not known.

    Source: ASG (MICCAI 2024), L_IRL.
    """
    check_one_of("uncertain", uncertain, get_args(Uncertain))
    if logits.shape != labels.shape:
        raise MapleError(
            f"labels {tuple(labels.shape)}",
            f"differ from the logits {tuple(logits.shape)}",
            "give one label per study and finding, -1 for uncertain",
        )
    logits = at_least_float32(logits)
    known = ~torch.isnan(labels)
    if uncertain == "ignore":
        known = known & (labels >= 0)
    values = labels.abs() if uncertain == "present" else labels.clamp(min=0)
    target = torch.where(known, values, 0).to(logits.dtype)
    loss = functional.binary_cross_entropy_with_logits(
        logits, target, reduction="none", pos_weight=positive_weight
    )
    return masked_mean(loss, known)
