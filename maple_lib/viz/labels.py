"""Names beside a picture, each tied to its place by a thin line, none over another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from maple_lib import vocabulary
from maple_lib.data.study import BoolMask
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import halo

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.56  # of the image's width, on either side
_PITCH = 0.058  # least distance of two names, of the image's height


def label_regions(ax: Axes, masks: Mapping[str, BoolMask]) -> None:
    """Name regions in the margins: the patient's right on the left, midline ones where there is room."""
    height, width = next(iter(masks.values())).shape
    anchors = {name: inner_point(mask) for name, mask in masks.items() if mask.any()}
    for side, names in zip((-1, 1), _by_margin(anchors), strict=True):
        wanted = [anchors[name][0] for name in names]
        for name, y in zip(names, spread(wanted, _PITCH * height, 0.02 * height, 0.98 * height), strict=True):
            _label(ax, name, anchors[name], y, side, width)
    ax.set_xlim(-MARGIN * width, (1 + MARGIN) * width)
    ax.set_ylim(height, 0)


def inner_point(mask: BoolMask) -> tuple[float, float]:
    """(row, column) of the mask's pixel nearest to its centre of mass: always inside it."""
    points = np.argwhere(mask)
    nearest = points[np.square(points - points.mean(0)).sum(1).argmin()]
    return float(nearest[0]), float(nearest[1])


def spread(wanted: Sequence[float], pitch: float, low: float, high: float) -> list[float]:
    """Move positions apart to at least ``pitch``, each as near to where it wants to be as the others let it.

    Args:
        wanted: ascending positions.
        pitch: least distance; made smaller where ``low`` to ``high`` is too short for all.
        low: the first position allowed.
        high: the last.
    """
    if not wanted:
        return []
    pitch = min(pitch, (high - low) / max(1, len(wanted) - 1))
    steps = np.arange(len(wanted)) * pitch
    relaxed = np.clip(_ascending(np.asarray(wanted, float) - steps), low, high - steps[-1])
    return [float(v) for v in relaxed + steps]


def _ascending(values: np.ndarray) -> np.ndarray:
    """The nearest ascending sequence in least squares: pool neighbours that are out of order."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((float(value), 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (b, n), (a, m) = pools.pop(), pools.pop()
            pools.append(((a * m + b * n) / (m + n), m + n))
    return np.concatenate([np.full(count, mean) for mean, count in pools])


def _by_margin(anchors: Mapping[str, tuple[float, float]]) -> tuple[list[str], list[str]]:
    """Names for the left and for the right margin, each from top to bottom."""
    sides = {name: vocabulary.region(name).side for name in anchors}
    left = [name for name in anchors if sides[name] == "right"]
    right = [name for name in anchors if sides[name] == "left"]
    middle = sorted((name for name in anchors if sides[name] is None), key=lambda n: anchors[n][1])
    take = min(len(middle), max(0, (len(right) + len(middle) - len(left) + 1) // 2))
    left, right = left + middle[:take], right + middle[take:]
    return sorted(left, key=lambda n: anchors[n][0]), sorted(right, key=lambda n: anchors[n][0])


def _label(ax: Axes, name: str, anchor: tuple[float, float], y: float, side: int, width: int) -> None:
    color, edge = region_color(name), -0.04 * width if side < 0 else 1.04 * width
    ax.plot(
        [edge, edge - side * 0.03 * width, anchor[1]], [y, y, anchor[0]], color=color, linewidth=0.8,
        alpha=0.9, path_effects=halo(1.6), clip_on=False,
    )  # fmt: skip
    ax.plot(anchor[1], anchor[0], "o", color=color, markersize=3, path_effects=halo(1.6))
    ax.text(
        edge + side * 0.015 * width, y, name, color=color, fontsize=8.5,
        ha="right" if side < 0 else "left", va="center",
    )  # fmt: skip
