"""Region embeddings from boxes: RoIAlign to one vector each."""

from __future__ import annotations

import torch
from torch import Tensor

from maple_lib.errors import MapleError


def box_pool(
    patches: Tensor, grid: tuple[int, int], boxes: Tensor, valid: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Average the patches inside every box, interpolated at its edges.

    On boxes that follow the edges of patches this is ``mask_pool`` of the same rectangles.

    Args:
        patches: (B, N, D) patch embeddings, row by row.
        grid: (h, w) with h * w = N.
        boxes: (B, R, 4) x1, y1, x2, y2 as shares of the image's width and height, in [0, 1].
        valid: (B, R) bool, False where a region has no box; what the box holds there does not matter.
            Default: all are valid.

    Returns:
        regions: (B, R, D); rows of missing or empty boxes are zero and carry no gradient.
        visible: (B, R) bool, valid and of an area above 0.

    Raises:
        MapleError: if the shapes disagree.

    Source: He et al., Mask R-CNN (2017), RoIAlign; ASG (MICCAI 2024) pools every region to (1, 1).
    """
    from torchvision.ops import roi_align

    _check(patches, grid, boxes, valid)
    (B, _, D), R = patches.shape, boxes.shape[1]
    visible = ((boxes[..., 2:] - boxes[..., :2]) > 0).all(-1)
    if valid is not None:
        visible = visible & valid
    # A box without a region still needs finite corners: it gets those of the image, and is masked below.
    whole = boxes.new_tensor([0.0, 0.0, 1.0, 1.0])
    placed = torch.where(visible[..., None], boxes, whole).clamp(0, 1)
    scale = boxes.new_tensor([grid[1], grid[0]]).repeat(2)
    index = torch.arange(B, device=boxes.device).repeat_interleave(R)[:, None]
    rois = torch.cat([index.to(patches.dtype), (placed * scale).flatten(0, 1).to(patches.dtype)], 1)
    maps = patches.transpose(1, 2).unflatten(2, grid)
    # sampling_ratio 0: as many points as the box has cells, so that whole cells count evenly.
    pooled = roi_align(maps, rois, (1, 1), sampling_ratio=0, aligned=True).view(B, R, D)
    return pooled.masked_fill(~visible[..., None], 0), visible


def _check(patches: Tensor, grid: tuple[int, int], boxes: Tensor, valid: Tensor | None) -> None:
    if patches.ndim != 3 or patches.shape[1] != grid[0] * grid[1]:
        raise MapleError(
            f"patches {tuple(patches.shape)}",
            f"expected (B, {grid[0]} * {grid[1]}, D)",
            "give the encoder's grid",
        )
    if boxes.ndim != 3 or boxes.shape[0] != len(patches) or boxes.shape[-1] != 4:
        raise MapleError(
            f"boxes {tuple(boxes.shape)}",
            f"expected ({len(patches)}, R, 4)",
            "give x1, y1, x2, y2 for every region, and valid=False where there is none",
        )
    if valid is not None and valid.shape != boxes.shape[:2]:
        raise MapleError(
            f"valid {tuple(valid.shape)}", f"expected {tuple(boxes.shape[:2])}", "one flag for each box"
        )
