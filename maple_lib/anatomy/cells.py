"""Which patches of the grid make up the bag of a region: all of them thinned evenly, or its middle line."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from maple_lib.anatomy.skeleton import skeleton_centres
from maple_lib.errors import MapleError

Strategy = Literal["grid", "skeleton"]


def sample_cells(
    cover: Tensor, most: int, strategy: Strategy = "grid", stride: float = 1.0, minimum: float = 0.25
) -> tuple[Tensor, Tensor]:
    """Choose the grid cells of every region.

    Args:
        cover: (B, A, h, w) share of each cell inside each region.
        most: K, cells per region at most; of more, every so many-th is taken, evenly in reading order.
        strategy: ``"grid"`` takes the cells of the region; ``"skeleton"`` those along its middle line, which
            suits vessels and leaves most of a lung unseen.
        stride: of the walk along the middle line, in cells.
        minimum: a cell of which less is covered lies outside.

    Returns:
        cells: (B, A, K) long, index of each cell row by row; 0 where there is none.
        valid: (B, A, K) bool. A region without a cell has an empty bag.

    Raises:
        MapleError: if the strategy is not known.
    """
    if strategy not in get_args(Strategy):
        raise MapleError(f"strategy {strategy!r}", "unknown", f"use one of: {', '.join(get_args(Strategy))}")
    inside = cover > minimum
    if strategy == "skeleton":
        inside = _middle_lines(inside, stride)
    return thin(inside.flatten(2), most)


def thin(inside: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Of the places that are True at most so many, evenly spread over them in their order.

    Args:
        inside: (..., N) bool.
        most: how many, >= 1.

    Returns:
        (..., K) long indices with K = min(most, N), 0 where there is none, and (..., K) bool where there is.
    """
    rank = inside.cumsum(-1) - 1
    count = inside.sum(-1, keepdim=True)
    share = torch.where(count > most, most / count.clamp_min(1), 1.0)
    # A cell is taken when its rank, shrunk to the room there is, reaches the next whole number.
    taken = inside & ((rank * share + 1e-6).floor() > ((rank - 1) * share + 1e-6).floor())
    room = min(most, inside.shape[-1])
    cells = taken.to(torch.uint8).sort(dim=-1, descending=True, stable=True).indices[..., :room]
    valid = taken.gather(-1, cells)
    return cells.masked_fill(~valid, 0), valid


def _middle_lines(inside: Tensor, stride: float) -> Tensor:
    """(B, A, h, w) True at the centres on each region's middle line."""
    lines = torch.zeros_like(inside)
    for b, a in inside.flatten(2).any(-1).nonzero().tolist():
        rows, columns = torch.from_numpy(skeleton_centres(inside[b, a].cpu().numpy(), stride)).T
        lines[b, a, rows, columns] = True
    return lines
