"""Region embeddings: patches averaged under a region's weights."""

from __future__ import annotations

from torch import Tensor

from maple_lib.errors import MapleError


def mask_pool(
    patches: Tensor, weights: Tensor, minimum: float = 1e-3, salience: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Average the patches of every region, weighted by how much of each patch the region covers.

    Args:
        patches: (B, N, D) patch embeddings.
        weights: (B, R, h, w) or (B, R, N) share of each patch inside each region, in [0, 1].
        minimum: a region that covers less than this many patches is not visible.
        salience: (B, N) how much each patch counts besides, > 0; a small lesion is lost in a plain average.

    Returns:
        regions: (B, R, D); rows of regions that are not visible are zero and carry no gradient.
        visible: (B, R) bool. A missing region is masked: use it, never train on the zeros.

    Raises:
        MapleError: if the two do not have the same batch and number of patches.

    Source: ASG (MICCAI 2024) pools a region's box with RoIAlign to one vector; the mask form is ours.
    """
    if patches.shape[0] != weights.shape[0] or patches.shape[1] != weights.shape[2:].numel():
        raise MapleError(
            f"patches {tuple(patches.shape)} and region weights {tuple(weights.shape)}",
            "batch or number of patches differ",
            "bring the masks to the encoder's grid with masks_to_grid",
        )
    weights = weights.flatten(2)
    mass = weights.sum(-1, keepdim=True)
    visible = mass > minimum
    if salience is not None:
        weights = weights * salience[:, None]
        mass = weights.sum(-1, keepdim=True)
    shares = (weights / mass.clamp_min(minimum * minimum)) * visible
    return shares.to(patches.dtype) @ patches, visible.squeeze(-1)
