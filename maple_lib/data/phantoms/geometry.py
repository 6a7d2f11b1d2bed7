"""The phantom's coordinates: a patient's frame on the detector, windows of it, and smooth shapes.

Patient coordinates are dimensionless: x grows to the image's right (the patient's left), y grows
downwards, and one unit is half the field of view, about 190 mm for a patient of average size. Lengths in
millimetres are lengths on the detector, so that a nodule of 20 mm measures 20 mm on the image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # float32 throughout; NumPy's stubs lose track of it
Window = tuple[slice, slice]

FIELD_MM = 380.0
SIDES: dict[str, int] = {"right": -1, "left": 1}  # the sign of x: the patient's right is the image's left


def smooth_step(distance: Array, width: float) -> Array:
    """Rise from 0 at ``-width`` to 1 at ``+width``; cheaper than a sigmoid and exactly flat outside."""
    t = distance * (0.5 / width)
    t += 0.5
    np.clip(t, 0.0, 1.0, out=t)
    rise = t * -2.0
    rise += 3.0
    rise *= t
    rise *= t
    return rise


def chord(squared_radius: Array) -> Array:
    """Path of a beam through a unit ball, relative to its diameter, at a squared distance from its centre."""
    return np.sqrt(np.clip(1.0 - squared_radius, 0.0, None))


def ellipse(x: Array, y: Array, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    """Squared normalised distance from an ellipse's centre: 1 on its rim."""
    return np.square((x - centre[0]) * (1.0 / radii[0])) + np.square((y - centre[1]) * (1.0 / radii[1]))


@lru_cache(maxsize=8)
def detector_grid(size: int) -> tuple[Array, Array]:
    """Pixel centres of a square detector, each (size, size), in [-1, 1]; read-only and shared."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (2.0 / size) - 1.0
    columns, rows = np.meshgrid(axis, axis)
    columns.setflags(write=False)
    rows.setflags(write=False)
    return columns, rows


@dataclass(frozen=True, slots=True)
class Pose:
    """How the patient stands before the detector: tilt in radians, size, and shift in half fields of view."""

    tilt: float
    scale_x: float
    scale_y: float
    shift_x: float
    shift_y: float


class Frame:
    """The patient's coordinates at every pixel, and the way back to pixels.

    Attributes:
        size: pixels along one edge of the square image.
        x, y: (size, size) patient coordinates of the pixel centres.
        pixel: length of a pixel in patient units.
        spacing_mm: length of a pixel in mm.
    """

    def __init__(self, size: int, pose: Pose) -> None:
        self.size, self.pose = size, pose
        self._cos, self._sin = math.cos(pose.tilt), math.sin(pose.tilt)
        columns, rows = detector_grid(size)
        across, down = columns - pose.shift_x, rows - pose.shift_y
        self.x: Array = (across * self._cos + down * self._sin) * (1.0 / pose.scale_x)
        self.y: Array = (down * self._cos - across * self._sin) * (1.0 / pose.scale_y)
        self.pixel = 2.0 / size / pose.scale_x
        self.spacing_mm = FIELD_MM / size

    def to_pixels(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Patient coordinates -> (column, row) in pixels; pixel i covers [i, i + 1)."""
        a, b = x * self.pose.scale_x, y * self.pose.scale_y
        half = self.size / 2
        column = (a * self._cos - b * self._sin + (self.pose.shift_x + 1.0)) * half
        row = (a * self._sin + b * self._cos + (self.pose.shift_y + 1.0)) * half
        return column, row

    def window(self, x0: float, x1: float, y0: float, y1: float) -> Window:
        """The smallest block of pixels that holds a box in patient coordinates (at least one pixel)."""
        corners_x = np.array([x0, x1, x0, x1], np.float32)
        corners_y = np.array([y0, y0, y1, y1], np.float32)
        columns, rows = self.to_pixels(corners_x, corners_y)
        return (_span(rows, self.size), _span(columns, self.size))

    def side_window(self, sign: float, inner: float, outer: float, y0: float, y1: float) -> Window:
        """The window between two distances from the midline; ``sign`` -1 is the patient's right side."""
        x0, x1 = sorted((sign * inner, sign * outer))
        return self.window(x0, x1, y0, y1)

    def around(self, x: float, y: float, radius: float) -> Window:
        """The window of a disc's bounding box."""
        return self.window(x - radius, x + radius, y - radius, y + radius)

    def at(self, window: Window) -> tuple[Array, Array]:
        """Patient coordinates (x, y) inside a window."""
        return self.x[window], self.y[window]

    def spread(self, values: Array, window: Window, outside: float = 0.0) -> Array:
        """A windowed field on the whole image, (size, size), with a constant outside."""
        image = np.full((self.size, self.size), outside, np.float32)
        image[window] = values
        return image

    def units(self, millimetres: float) -> float:
        """A length on the detector in mm -> patient units (the mean of both axes)."""
        mean_scale = (self.pose.scale_x + self.pose.scale_y) / 2
        return millimetres / (FIELD_MM / 2) / mean_scale

    def distance_mm(self, x: Array, y: Array, centre: tuple[float, float]) -> tuple[Array, Array]:
        """Offsets (dx, dy) from a point, in mm on the detector."""
        half = FIELD_MM / 2
        return (x - centre[0]) * (half * self.pose.scale_x), (y - centre[1]) * (half * self.pose.scale_y)


def _span(values: Array, size: int) -> slice:
    start = min(max(math.floor(float(values.min())), 0), size - 1)
    stop = max(min(math.ceil(float(values.max())) + 1, size), start + 1)
    return slice(start, stop)


class Profile:
    """A smooth curve through control points, tabulated for quick look-up.

    Args:
        points: (position, value) pairs, positions ascending within [-1.3, 1.3]; constant outside.
        softness: standard deviation of the smoothing, in position units.
    """

    LOW, HIGH, FINE, COARSE = -1.3, 1.3, 4096, 261

    def __init__(self, points: Sequence[tuple[float, float]], softness: float = 0.03) -> None:
        positions, values = zip(*points, strict=True)
        coarse = np.linspace(self.LOW, self.HIGH, self.COARSE)
        curve = np.interp(coarse, positions, values)
        step = (self.HIGH - self.LOW) / (self.COARSE - 1)
        reach = max(1, int(3 * softness / step))
        kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) * step / max(softness, 1e-6)))
        padded = np.pad(curve, reach, mode="edge")
        curve = np.convolve(padded, kernel / kernel.sum(), mode="valid")
        fine = np.linspace(self.LOW, self.HIGH, self.FINE)
        self.table: Array = np.interp(fine, coarse, curve).astype(np.float32)
        self.table.setflags(write=False)  # profiles are cached and shared

    def __call__(self, positions: Array) -> Array:
        """Values at positions of any shape."""
        scale = (self.FINE - 1) / (self.HIGH - self.LOW)
        index = ((positions - self.LOW) * scale).astype(np.int32)
        return np.take(self.table, index, mode="clip")

    def value(self, position: float) -> float:
        """The value at one position."""
        return float(self(np.array([position], np.float32))[0])
