"""The pixels that count: maps and masks checked once, brought to rows, and sorted when a metric asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError

Array = NDArray[Any]
Kind = TypeVar("Kind")

# Blocks of about a million pixels: copies of the whole batch would not fit the memory of a laptop.
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Pixels:
    """The pixels of some maps that count, map after map, with the truth.

    Attributes:
        values: (T,) float, no NaN among them.
        starts: (B + 1,) where each map begins in ``values``.
        inside: (K,) values of the true pixels, map after map.
        inside_starts: (B + 1,) where each map begins in ``inside``.
    """

    values: Array
    starts: Array
    inside: Array
    inside_starts: Array

    @property
    def count(self) -> Array:
        """(B,) number of pixels that count."""
        return np.diff(self.starts)

    @property
    def inside_count(self) -> Array:
        """(B,) number of true pixels."""
        return np.diff(self.inside_starts)

    @property
    def undefined(self) -> Array:
        """(B,) bool: no true pixel counts, so no metric is defined."""
        return self.inside_count == 0

    @cached_property
    def ascending(self) -> Array:
        """(T,) the values, sorted within each map."""
        return _sorted_rows(self.values, self.starts)

    @cached_property
    def inside_ascending(self) -> Array:
        """(K,) the values of the true pixels, sorted within each map."""
        return _sorted_rows(self.inside, self.inside_starts)


def _sorted_rows(values: Array, starts: Array) -> Array:
    values = values.copy()
    for first, end in pairwise(starts):
        values[first:end].sort()
    return values


def reduce_rows(ufunc: np.ufunc, values: Array, starts: Array) -> Array:
    """Reduce (..., T) values to (..., B), map by map; 0 for a map without any."""
    out = np.zeros((*values.shape[:-1], len(starts) - 1), values.dtype)
    filled = np.diff(starts) > 0
    if filled.any():
        out[..., filled] = ufunc.reduceat(values, starts[:-1][filled], axis=-1)
    return out


def blocks(maps: Any, masks: Any, within: Any = None) -> Iterator[Pixels]:
    """Check maps, masks and region, and give them in blocks of rows.

    Raises:
        MapleError: if the shapes disagree, the maps hold infinities, or masks are not boolean.
    """
    values, truth = as_array(maps), as_mask(masks, "masks")
    region = None if within is None else as_mask(within, "within")
    _check_shapes(values, truth, region)
    rows = max(1, _BLOCK // max(1, values[0].size if len(values) else 1))
    for start in range(0, len(values), rows):
        part = slice(start, start + rows)
        yield _prepare(values[part], truth[part], None if region is None else region[part])


def per_map(score: Callable[[Pixels], Array], maps: Kind, masks: Any, within: Any = None) -> Kind:
    """Apply ``score`` to all blocks; the answer is of the kind (numpy, torch) that ``maps`` is."""
    parts = [score(pixels) for pixels in blocks(maps, masks, within)]
    return like(np.concatenate(parts, axis=-1) if parts else np.empty(0), maps)


def as_array(values: Any) -> Array:
    """A numpy array of floats: half precision and integers become float32."""
    if hasattr(values, "detach"):  # a torch tensor, recognised without importing torch
        values = values.detach().cpu()
        values = values.float() if values.element_size() < 4 else values
        values = values.numpy()
    array = np.asarray(values)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)


def like(array: Array, sample: Kind) -> Kind:
    """Bring a result to the kind and the device of ``sample``."""
    if not hasattr(sample, "detach"):
        return array  # type: ignore[return-value]
    import torch

    return torch.from_numpy(array).to(sample.device)  # type: ignore[attr-defined, return-value]


def as_mask(masks: Any, name: str) -> Array:
    """A numpy array of bools; anything else is an error that names it."""
    array = masks.detach().cpu().numpy() if hasattr(masks, "detach") else np.asarray(masks)
    if array.dtype != np.bool_:
        raise MapleError(
            f"{name} of type {array.dtype}", "a mask must be boolean", f"give {name} > 0.5 or {name} != 0"
        )
    return array


def _check_shapes(maps: Array, masks: Array, within: Array | None) -> None:
    if maps.ndim != 3:
        raise MapleError(
            f"maps of shape {maps.shape}", "expected (B, H, W)", "add the batch axis: maps[None]"
        )
    for name, other in (("masks", masks), ("within", within)):
        if other is not None and other.shape != maps.shape:
            raise MapleError(
                f"{name} of shape {other.shape}",
                f"the maps have shape {maps.shape}",
                "bring the maps to the image's size with smooth_and_resize",
            )


def _prepare(maps: Array, masks: Array, within: Array | None) -> Pixels:
    values, truth = maps.ravel(), masks.ravel()
    starts = np.arange(len(maps) + 1) * maps[0].size
    # A sum is finite exactly when all of its terms are: quicker than a test of every pixel.
    complete = bool(np.isfinite(values.sum()))
    if not complete and np.isinf(values).any():
        raise MapleError("maps", "hold infinite values", "mark what does not count with NaN")
    if within is not None or not complete:
        counted = ~np.isnan(values) if within is None else within.ravel() & ~np.isnan(values)
        kept = np.flatnonzero(counted)
        values, truth, starts = values[kept], truth[kept], np.searchsorted(kept, starts)
    inside = np.flatnonzero(truth)
    return Pixels(values, starts, values[inside], np.searchsorted(inside, starts))
