"""Studies as another machine, another technician or another reader would have given them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from zlib import crc32

import numpy as np

from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.robustness.geometry import Move, MovedMasks
from maple_lib.evaluation.robustness.greys import GREYS

# Kind -> the numbers that make sense after its underscore; None for kinds that take none.
_RANGES: dict[str, tuple[float, float] | None] = {
    "gamma": (0.05, 20.0),
    "window": (-1.0, 1.0),
    "noise": (0.0, 1.0),
    "blur": (0.0, 20.0),
    "rotation": (-180.0, 180.0),
    "monochrome1": None,
    "flip": None,
}
KINDS = tuple(kind if limits is None else f"{kind}_<number>" for kind, limits in _RANGES.items())


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A change of images, read from its name.

    Attributes:
        name: as in ``"rotation_-5"``.
        kind: ``"rotation"``.
        amount: -5.0; 0 for kinds without a number.
    """

    name: str
    kind: str
    amount: float = 0.0

    @property
    def move(self) -> Move | None:
        """How pixels and masks move, or None where only greys change."""
        if self.kind in GREYS:
            return None
        return Move(self.amount, flip=self.kind == "flip")


def perturbation(name: str) -> Perturbation:
    """Read a name.

    Raises:
        MapleError: for an unknown kind, or a number that is missing, superfluous or out of range.
    """
    kind, _, number = name.partition("_")
    if kind not in _RANGES:
        raise MapleError(f"perturbation {name!r}", "unknown", f"use one of: {', '.join(KINDS)}")
    limits = _RANGES[kind]
    if limits is None:
        if number:
            raise MapleError(f"perturbation {name!r}", "takes no number", f"use {kind!r}")
        return Perturbation(name, kind)
    try:
        amount = float(number)
    except ValueError:
        amount = np.nan
    if not limits[0] <= amount <= limits[1]:
        low, high = limits
        raise MapleError(
            f"perturbation {name!r}", "no number in range", f"use {kind}_<number>, from {low:g} to {high:g}"
        )
    return Perturbation(name, kind, amount)


def perturb(study: Study, name: str, seed: int = 0) -> Study:
    """The same study with its image changed, and its masks with it where pixels move.

    The words stay: after ``"flip"`` the report still says left where the image now shows the lesion on the
    patient's right. Regions and lesions are named as the changed image displays them.

    Args:
        study: it is not changed.
        name: ``"gamma_0.6"`` (below 1 brightens), ``"window_0.1"`` (shift of all greys), ``"noise_0.05"``
            (sigma, share of the grey range), ``"blur_1"`` (sigma, per cent of the shorter side),
            ``"rotation_-5"`` (degrees, anticlockwise), ``"monochrome1"`` (inverted), ``"flip"``.
        seed: of the noise; the same seed and study identifier give the same noise.

    Returns:
        A study whose pixels are changed when its image is first used.

    Raises:
        MapleError: for an unknown name.
    """
    change = perturbation(name)
    changed = replace(study, load_image=partial(_image, study, change, seed), images=(), other_view=None)
    move = change.move
    if move is not None:
        changed.regions = MovedMasks(study.regions, move)
        changed.lesions = tuple(move.lesion(lesion) for lesion in study.lesions)
        changed.phrases = tuple(move.phrase(p, study.image.pixels.shape) for p in study.phrases)
        for facts in ("region_sources", "region_confidence"):
            named = {move.region(name): fact for name, fact in getattr(study, facts).items()}
            setattr(changed, facts, named)
    return changed


def _image(study: Study, change: Perturbation, seed: int) -> Image:
    pixels = study.image.pixels
    if change.move is not None:
        pixels = change.move.pixels(pixels)
    else:
        rng = np.random.default_rng([seed, crc32(study.study_id.encode())])
        pixels = GREYS[change.kind](pixels, change.amount, rng)
    pixels = np.clip(pixels, 0, 1).astype(np.float32, copy=False)
    return replace(study.image, pixels=pixels, flags=(*study.image.flags, change.name))
