"""Below the diaphragm: liver, stomach and the gas in it."""

from __future__ import annotations

import numpy as np

from maple_lib.data.phantoms.anatomy import Anatomy
from maple_lib.data.phantoms.canvas import Canvas
from maple_lib.data.phantoms.geometry import ellipse, smooth_step
from maple_lib.data.phantoms.lungs import LungField


def draw_abdomen(canvas: Canvas, anatomy: Anatomy, left: LungField, right: LungField) -> None:
    """Liver on the right, gastric bubble and a little bowel gas on the left."""
    window = canvas.frame.window(-0.8, 0.25, anatomy.right.dome - 0.05, 1.3)
    x, y = canvas.frame.at(window)
    liver = smooth_step(-right.dome[window], 0.02) * smooth_step(0.12 - x - 0.3 * (y - 0.5), 0.12)
    canvas.add("liver", 0.07 * liver, window)
    if anatomy.gas > 0:
        _draw_gastric_bubble(canvas, anatomy, left)


def _draw_gastric_bubble(canvas: Canvas, anatomy: Anatomy, left: LungField) -> None:
    """Gas under the left dome: round above, flat where it meets the fluid."""
    top = anatomy.left.dome + 0.045
    centre = (anatomy.gas_at[0] + anatomy.turn, top + anatomy.gas_at[1])
    radii = (0.07 + 0.13 * anatomy.gas, 0.05 + 0.07 * anatomy.gas)
    window = canvas.frame.window(0.0, 0.8, top - 0.1, top + 0.5)
    x, y = canvas.frame.at(window)
    squared = ellipse(x, y, centre, radii)
    bubble = smooth_step(1.0 - squared, 0.22) * smooth_step(centre[1] + 0.5 * radii[1] - y, 0.025)
    under = smooth_step(-left.dome[window] - 0.018, 0.008)
    canvas.add("gastric bubble", -anatomy.gas * bubble * under, window)
    colon_x, below, amount = anatomy.bowel
    folded = ellipse(x, y, (colon_x, top + below), (0.10, 0.055)) + 0.22 * np.sin(x * 34.0 + 5.0 * y)
    canvas.add("bowel gas", -0.5 * amount * smooth_step(1.0 - folded, 0.45) * under, window)
