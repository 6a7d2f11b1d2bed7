"""Centres of patches along the middle line of a region: vessels are followed, not covered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError


def skeleton_centres(mask: NDArray[Any], stride: float) -> NDArray[np.int64]:
    """Thin a mask to its middle line and walk along it, a stride at a time.

    The walk begins at an end of the line and goes into every branch. Distances are measured along the line,
    diagonal steps as √2 or √3, so that turns do not bring points closer together. A branch shorter than what
    is left of a stride gets no point of its own.

    Args:
        mask: (H, W) or (D, H, W); other values than 0 are inside.
        stride: distance between neighbouring centres, in pixels or voxels, > 0.

    Returns:
        (K, 2) or (K, 3) whole-number centres, all on the middle line; K = 0 for an empty mask. Pieces of the
        mask follow each other, and within a piece the distance from its beginning.

    Raises:
        MapleError: if the mask has neither two nor three axes, or the stride is not above 0.

    Source: MApLe (MIDL 2026), 'skeleton' sampling. The order and the length of the stride are this project's.
    """
    if mask.ndim not in (2, 3) or stride <= 0:
        raise MapleError(
            f"mask {mask.shape}, stride {stride}",
            "expected (H, W) or (D, H, W) and a stride above 0",
            "give one region's mask",
        )
    from skimage.morphology import skeletonize

    inside = np.asarray(mask) != 0
    if not inside.any():
        return np.zeros((0, mask.ndim), np.int64)
    # A border of zeros: thinning treats the image's edge as if the region ended there.
    line = skeletonize(np.pad(inside, 1))[(slice(1, -1),) * mask.ndim]
    points = np.argwhere(line)
    return points[_walk(points, stride)]


def _walk(points: NDArray[np.int64], stride: float) -> NDArray[np.int64]:
    """Rows of the points at whole multiples of the stride, along the tree of shortest ways."""
    from scipy.sparse.csgraph import connected_components, dijkstra

    graph = _neighbours(points)
    _, piece = connected_components(graph, directed=False)
    begin = _beginnings(graph, piece)
    far, before, _ = dijkstra(graph, directed=False, indices=begin, min_only=True, return_predecessors=True)
    laps = np.floor(far / stride + 1e-9)
    parent = np.where(before >= 0, before, np.arange(len(points)))
    # A point counts when a lap is completed on the step that leads to it.
    chosen = np.flatnonzero((before < 0) | (laps > laps[parent]))
    return chosen[np.lexsort((chosen, far[chosen], piece[chosen]))]


def _neighbours(points: NDArray[np.int64]) -> Any:
    """Sparse (K, K) lengths of the steps between points that touch, corners included."""
    from scipy.sparse import coo_matrix
    from scipy.spatial import cKDTree

    reach = np.sqrt(points.shape[1]) + 1e-6
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    steps = points[pairs[:, 0]] - points[pairs[:, 1]]
    touching = np.abs(steps).max(1, initial=0) <= 1
    a, b = pairs[touching].T
    return coo_matrix((np.linalg.norm(steps[touching], axis=1), (a, b)), (len(points),) * 2).tocsr()


def _beginnings(graph: Any, piece: NDArray[np.int32]) -> NDArray[np.int64]:
    """For each connected piece one of its ends, the first in reading order; a ring's first point."""
    degree = np.diff((graph + graph.T).tocsr().indptr)
    order = np.lexsort((np.arange(len(piece)), degree != 1, piece))
    return order[np.unique(piece[order], return_index=True)[1]]
