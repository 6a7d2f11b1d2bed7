"""One colour for each region, the same in every figure.

Families of structures share a hue: lungs are blue, from violet at the apex to teal at the base; the heart is
red, vessels are pink, airways lime, bones sand. The left of a pair is the lighter one.
"""

from __future__ import annotations

import math
from functools import cache

from maple_lib import vocabulary

# place -> lightness, chroma, hue (degrees) in OKLCH, where equal steps look equal.
_PLACES = {
    "lung": (0.72, 0.12, 245),
    "apical zone": (0.72, 0.15, 295),
    "upper lung zone": (0.72, 0.14, 270),
    "mid lung zone": (0.76, 0.11, 222),
    "lower lung zone": (0.76, 0.11, 190),
    "costophrenic angle": (0.78, 0.14, 160),
    "hemidiaphragm": (0.74, 0.15, 140),
    "hilar structures": (0.82, 0.15, 92),
    "trachea": (0.86, 0.15, 110),
    "carina": (0.82, 0.18, 128),
    "clavicle": (0.86, 0.06, 85),
    "spine": (0.78, 0.07, 40),
    "abdomen": (0.66, 0.08, 60),
    "mediastinum": (0.74, 0.15, 55),
    "upper mediastinum": (0.80, 0.14, 70),
    "cardiac silhouette": (0.68, 0.19, 25),
    "right atrium": (0.72, 0.16, 10),
    "aortic arch": (0.70, 0.19, 352),
    "cavoatrial junction": (0.76, 0.13, 335),
    "svc": (0.68, 0.17, 318),
}
_NO_PLACE = "#c9d1d9"
_OTHER_SIDE = {"right": (-0.03, -5), "left": (0.06, 5)}


def region_color(name: str | None) -> str:
    """The colour of a region as ``"#rrggbb"``; a quiet grey where no region is named.

    Raises:
        MapleError: if there is no such region.

    Example:
        >>> region_color(None)
        '#c9d1d9'
    """
    if name is None:
        return _NO_PLACE
    known = vocabulary.region(name)
    return _shade(known.place, known.side)


@cache
def _shade(place: str, side: str | None) -> str:
    lightness, chroma, hue = _PLACES[place]
    lighter, turned = _OTHER_SIDE.get(side or "", (0.0, 0))
    return oklch(lightness + lighter, chroma, hue + turned)


def oklch(lightness: float, chroma: float, hue: float) -> str:
    """An OKLCH colour (lightness in [0, 1], hue in degrees) as ``"#rrggbb"``, clipped to the screen's range.

    Source: Bjorn Ottosson, "A perceptual color space for image processing", 2020.
    """
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return "#" + "".join(f"{_byte(channel):02x}" for channel in (red, green, blue))


def _byte(linear: float) -> int:
    """Linear light to an sRGB byte."""
    clipped = min(1.0, max(0.0, linear))
    curved = 12.92 * clipped if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
    return round(255 * curved)
