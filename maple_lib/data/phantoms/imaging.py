"""From attenuation to a radiograph: exposure, scatter, noise, film curve, side marker, collimation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.phantoms.filters import blur, smooth_noise, wide_blur
from maple_lib.data.phantoms.geometry import Array, Frame
from maple_lib.data.phantoms.raster import flat_band, ribbon

BoolMask = NDArray[np.bool_]
NOISE = {"easy": 0.6, "realistic": 1.0, "hard": 1.35}


@dataclass(frozen=True, slots=True)
class Exposure:
    """How the radiograph is taken and shown; drawn once per image from the pixel stream."""

    low: float  # grey value of the darkest lung
    high: float  # grey value of the mediastinum
    shoulder: float  # 0 for a linear film, 1 for one that saturates softly
    scatter: float
    noise: float
    sharpen: float
    blur_mm: float
    marker: str
    marker_at: tuple[float, float]
    marker_tilt: float
    collimation: tuple[float, float, float, float]  # black borders: left, right, top, bottom, in half images


def sample_exposure(rng: np.random.Generator, view: str, difficulty: str) -> Exposure:
    """Draw an exposure; a portable AP one is greyer, noisier and has more scatter."""
    portable = view == "AP"
    borders = rng.uniform(0.0, 0.045, 4) * (rng.random(4) < 0.3)
    left_marker = rng.random() < 0.75
    across = rng.uniform(0.80, 0.90) * (1 if left_marker else -1)
    return Exposure(
        low=float(rng.uniform(0.14, 0.30) + 0.06 * portable),
        high=float(rng.uniform(0.80, 0.95) - 0.04 * portable),
        shoulder=float(rng.uniform(0.15, 0.75)),
        scatter=float(rng.uniform(0.04, 0.10) + 0.08 * portable),
        noise=float(rng.uniform(0.004, 0.010) + 0.003 * portable) * NOISE[difficulty],
        sharpen=float(rng.uniform(0.25, 0.75)),
        blur_mm=float(rng.uniform(0.9, 1.3)),
        marker="L" if left_marker else "R",
        marker_at=(across, float(rng.uniform(-0.90, -0.78))),
        marker_tilt=float(rng.normal(0.0, 0.10)),
        collimation=(float(borders[0]), float(borders[1]), float(borders[2]), float(borders[3])),
    )


@dataclass(frozen=True, slots=True)
class GreyScale:
    """The attenuation shown as ``low`` and as ``high``: the automatic exposure control's choice."""

    lung: float
    mediastinum: float


def measure_grey_scale(attenuation: Array, lungs: BoolMask, centre: BoolMask) -> GreyScale:
    """Read the exposure off the healthy chest: the dark lung and the bright mediastinum.

    Lesions are drawn after this measurement, so that they change the image only where they lie.
    """
    return GreyScale(_quantile(attenuation, lungs, 0.08), _quantile(attenuation, centre, 0.75))


def _quantile(values: Array, where: BoolMask, share: float) -> float:
    step = max(1, values.shape[0] // 96)
    inside = values[::step, ::step][where[::step, ::step]]
    return float(np.quantile(inside, share)) if inside.size else float(values.mean())


def develop(
    frame: Frame, attenuation: Array, exposure: Exposure, scale: GreyScale, rng: np.random.Generator
) -> Array:
    """Turn attenuation into pixels.

    Returns:
        (size, size) float32 in [0, 1], bone bright.
    """
    seen = blur(attenuation, max(0.35, exposure.blur_mm / frame.spacing_mm))
    seen = seen + exposure.scatter * (wide_blur(attenuation, 8) - seen)
    slope = (exposure.high - exposure.low) / max(scale.mediastinum - scale.lung, 0.2)
    grey: Array = np.clip(exposure.low + (seen - scale.lung) * slope, 0.0, None)
    grey = _film_curve(grey, exposure.shoulder)
    grain = rng.standard_normal(grey.shape, dtype=np.float32)
    grey += grain * (exposure.noise * (0.6 + 0.8 * grey))
    grey += exposure.sharpen * (grey - blur(grey, 2.6 / frame.spacing_mm))
    grey = _stamp_marker(frame, grey, exposure)
    return np.clip(_collimate(grey, exposure), 0.0, 1.0).astype(np.float32)


def _film_curve(grey: Array, shoulder: float) -> Array:
    """Bend the bright end so that dense parts keep detail instead of clipping."""
    t = np.minimum(grey * (1.0 / 1.25), 1.0)
    return (1.0 - shoulder) * np.minimum(grey, 1.0) + shoulder * t * (2.0 - t)


GLYPHS = {
    "L": [[(-0.5, -1.0), (-0.5, 1.0), (0.6, 1.0)]],
    "R": [
        [(-0.5, 1.0), (-0.5, -1.0), (0.3, -1.0), (0.6, -0.5), (0.3, 0.0), (-0.5, 0.0)],
        [(-0.1, 0.0), (0.6, 1.0)],
    ],
}


def _stamp_marker(frame: Frame, grey: Array, exposure: Exposure) -> Array:
    """A lead letter on the patient's side; it is outside the patient, so it keeps upright on the image."""
    height = 0.036
    cos, sin = np.cos(exposure.marker_tilt), np.sin(exposure.marker_tilt)
    for stroke in GLYPHS[exposure.marker]:
        p = np.array(stroke, np.float32) * height
        x = exposure.marker_at[0] + p[:, 0] * cos - p[:, 1] * sin
        y = exposure.marker_at[1] + p[:, 0] * sin + p[:, 1] * cos
        pose = frame.pose
        u, v = x - pose.shift_x, y - pose.shift_y
        px = (u * np.cos(pose.tilt) + v * np.sin(pose.tilt)) / pose.scale_x
        py = (v * np.cos(pose.tilt) - u * np.sin(pose.tilt)) / pose.scale_y
        ink = np.clip(ribbon(frame, px[None], py[None], 0.009, flat_band), 0.0, 1.0)
        grey = grey * (1.0 - ink) + 0.97 * ink
    return grey


def _collimate(grey: Array, exposure: Exposure) -> Array:
    """Blacken the borders that the collimator's blades shade."""
    size = grey.shape[0]
    left, right, top, bottom = (round(b * size) for b in exposure.collimation)
    grey[:top] = 0.0
    grey[size - bottom :] = 0.0
    grey[:, :left] = 0.0
    grey[:, size - right :] = 0.0
    return grey


def texture(rng: np.random.Generator, size: int) -> Array:
    """Lung texture: the shadows of everything too small to draw, about unit variance."""
    return smooth_noise(rng, size, 60)
