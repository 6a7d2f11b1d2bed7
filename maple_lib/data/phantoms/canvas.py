"""The film on which structure after structure is laid: the sum of what attenuates the beam."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.geometry import Array, Frame, Window

FULL: Window = (slice(None), slice(None))


class Canvas:
    """An attenuation image built up layer by layer.

    Attributes:
        frame: the patient's frame.
        attenuation: (size, size) float32; about 0 for air, 0.4 for lung, 1.4 for the mediastinum.
        layers: name -> (size, size) share of each structure in ``attenuation``, or None if they are not kept.
    """

    def __init__(self, frame: Frame, keep_layers: bool = False) -> None:
        self.frame = frame
        self.attenuation: Array = np.zeros((frame.size, frame.size), np.float32)
        self.layers: dict[str, Array] | None = {} if keep_layers else None

    def add(self, name: str, values: Array, window: Window = FULL) -> None:
        """Add (or, for air, take away) attenuation inside a window."""
        self.attenuation[window] += values
        if self.layers is not None:
            layer = self.layers.setdefault(name, np.zeros_like(self.attenuation))
            layer[window] += values
