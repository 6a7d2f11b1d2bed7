"""Pleural space: effusion with its meniscus, pneumothorax with its visceral line."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.geometry import Array, smooth_step
from maple_lib.data.phantoms.lesion_base import BoolMask, Drawing


def draw_pleural_effusion(drawing: Drawing) -> BoolMask:
    """Fluid that fills the costophrenic angle and climbs along the chest wall."""
    scene, lung = drawing.scene, drawing.lung
    amount = (0.075 + 0.36 * drawing.severity) * (0.75 + 0.25 * drawing.contrast)
    level = lung.base - amount + 0.02 * float(drawing.rng.uniform(-1, 1))
    outwards = np.clip(lung.u / scene.anatomy.lung_width, 0.0, 1.0)
    meniscus = level + 0.15 * (1.0 - 0.45 * drawing.severity) * (1.0 - np.square(outwards))
    meniscus -= 0.11 * np.exp(np.clip(lung.wall, 0.0, 1.0) * -18.0)
    fluid = smooth_step(scene.frame.y - meniscus, 0.035) * lung.cover
    fill = 0.60 + 0.22 * drawing.severity
    dim = 1.0 - 0.8 * scene.mediastinum.heart
    drawing.fill(fluid * dim * min(fill * drawing.contrast**0.5, 0.92))
    return (fluid * dim) > 0.5


def draw_pneumothorax(drawing: Drawing) -> BoolMask:
    """Air outside the lung: no vessels, a little darker, and the thin bright line of the visceral pleura."""
    scene, lung = drawing.scene, drawing.lung
    inner = _collapsed_edge(drawing)
    soft = max(0.006, scene.frame.pixel * 0.7)
    outside = lung.cover * (1.0 - smooth_step(inner, soft)) * scene.open_lung
    line = np.exp(-np.square(inner / max(0.007, 0.8 * scene.frame.pixel))) * lung.cover * scene.open_lung
    collapsed = smooth_step(inner, 0.05) * lung.cover * scene.open_lung
    strength = drawing.contrast * (0.75 + 0.35 * drawing.severity)
    drawing.add(
        outside * (-scene.markings - 0.13 * strength)
        + 0.11 * strength * line
        + 0.05 * drawing.severity * drawing.contrast * collapsed
    )
    return outside > 0.5


def _collapsed_edge(drawing: Drawing) -> Array:
    """Distance inwards from the visceral pleura, which falls from the apex and fits the wall again below."""
    scene, lung = drawing.scene, drawing.lung
    gap = 0.055 + 0.155 * drawing.severity * (0.7 + 0.3 * drawing.extent)
    down = np.clip((scene.frame.y - scene.anatomy.apex) / (0.45 + 0.75 * drawing.severity), 0.0, 1.0)
    side = lung.wall - gap * (1.0 - down * down)
    top = scene.frame.y - (scene.anatomy.apex + 1.25 * gap) - 0.5 * np.square(lung.u - 0.28)
    ripple = 0.006 * np.sin(9.0 * scene.frame.y + float(drawing.rng.uniform(0, 6)))
    return _soft_minimum(side, top * 0.9, 22.0) + ripple


def _soft_minimum(a: Array, b: Array, sharpness: float) -> Array:
    """A minimum whose corner is rounded."""
    return np.minimum(a, b) - np.log1p(np.exp(-sharpness * np.abs(a - b))) / sharpness
