"""How well a mask will fit the truth, told from the scores alone, and calibrated on phantoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maple_lib.errors import MapleError


def expected_dice(inside: Tensor) -> Tensor:
    """The overlap that probabilities promise if each of them is right.

    Args:
        inside: (..., h, w) probabilities.

    Returns:
        (...) in [0, 1]: twice the expected overlap of {p > 0.5} with the truth, over the sum of both areas.
    """
    mask = (inside > 0.5).to(inside.dtype)
    overlap = (inside * mask).sum((-2, -1))
    return 2 * overlap / (inside.sum((-2, -1)) + mask.sum((-2, -1))).clamp_min(1e-6)


@dataclass(frozen=True, slots=True)
class Calibration:
    """For each region, what overlap was really found at each promised one.

    Attributes:
        promised: (K,) ascending.
        found: region name -> (K,) ascending, mean Dice with the truth.
    """

    promised: tuple[float, ...]
    found: Mapping[str, tuple[float, ...]]

    def __call__(self, names: Sequence[str], promised: Tensor) -> NDArray[np.float64]:
        """(R,) confidence for (R,) promised overlaps."""
        values = promised.double().numpy()
        return np.array(
            [np.interp(v, self.promised, self.found[n]) for n, v in zip(names, values, strict=True)]
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"promised": list(self.promised), "found": {k: list(v) for k, v in self.found.items()}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Undo ``to_dict``."""
        return cls(tuple(values["promised"]), {k: tuple(v) for k, v in values["found"].items()})


def calibrate(names: Sequence[str], promised: NDArray[np.float64], found: NDArray[np.float64]) -> Calibration:
    """Fit, per region, a rising curve from promised to found overlap.

    Args:
        names: R region names.
        promised: (n, R) overlaps that the scores promised.
        found: (n, R) Dice with the truth; NaN where neither truth nor estimate shows the region.

    Raises:
        MapleError: if a region was never seen.
    """
    from sklearn.isotonic import IsotonicRegression

    knots = np.array([0.0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0])
    curves: dict[str, tuple[float, ...]] = {}
    for r, name in enumerate(names):
        seen = np.isfinite(found[:, r])
        if not seen.any():
            raise MapleError(f"region {name!r}", "is in no phantom", "calibrate with more phantoms")
        curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        curve.fit(promised[seen, r], found[seen, r])
        curves[name] = tuple(round(float(v), 3) for v in curve.predict(knots))
    return Calibration(tuple(float(k) for k in knots), curves)


def dice(one: Tensor, other: Tensor) -> Tensor:
    """(...) Dice of (..., h, w) bool masks; NaN where both are empty."""
    overlap, total = (one & other).sum((-2, -1)), one.sum((-2, -1)) + other.sum((-2, -1))
    return torch.where(total > 0, 2 * overlap / total.clamp_min(1), torch.nan)
