"""The body map as SVG: a few kilobytes that a browser redraws at every word, with names on hover."""

from __future__ import annotations

import base64
import html
import io
from functools import cache

import numpy as np

from maple_lib.data.study import BoolMask, Pixels
from maple_lib.reports import ParsedReport
from maple_lib.viz.body_map import LOOKS, Lit, body_words, drawn_in_order, healthy_body, lit_regions

_FAINT = 'fill="none" stroke="#ffffff" stroke-opacity="0.13" stroke-width="0.5"'


def body_map_svg(parsed: ParsedReport) -> str:
    """A phantom radiograph as one ``<svg>`` on which the regions of a report light up.

    A pointer over a region shows its name and what is said of it. All text is escaped.
    """
    lit = lit_regions(parsed)
    picture, paths = _body()
    height, width = healthy_body().image.pixels.shape
    faint = "".join(f'<path d="{path}" {_FAINT}/>' for name, path in paths.items() if name not in lit)
    bright = "".join(_shape(name, paths[name], each) for name, each in drawn_in_order(lit, healthy_body()))
    return (
        f'<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{html.escape(body_words(parsed), quote=True)}" '
        'style="width:100%;max-width:30em;border-radius:6px;background:#000">'
        f'<image href="{picture}" width="{width}" height="{height}"/>'
        f"{faint}{bright}{_sides(width, height)}</svg>"
    )


def _shape(name: str, path: str, lit: Lit) -> str:
    look = LOOKS[lit.existence]
    return (
        f'<path d="{path}" fill="{look.fill}" fill-opacity="{look.alpha}" fill-rule="evenodd" '
        f'stroke="{look.edge}" stroke-width="1.1" stroke-dasharray="{look.dashes}">'
        f"<title>{html.escape(f'{name}: {lit.words()}')}</title></path>"
    )


def _sides(width: int, height: int) -> str:
    style = 'fill="#98a4b3" font-size="9" font-family="sans-serif" text-anchor="middle"'
    places = ((0.025, "R"), (0.975, "L"))
    return "".join(f'<text x="{x * width:.0f}" y="{height // 2}" {style}>{side}</text>' for x, side in places)


@cache
def _body() -> tuple[str, dict[str, str]]:
    """The phantom's picture as a data address, and each region's border as the ``d`` of an SVG path."""
    body = healthy_body()
    return _picture(body.image.pixels), {name: _border(body.region(name)) for name in body.regions}


def _picture(pixels: Pixels) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    # JPEG: an eighth of the PNG's size, and it travels at every change of the text.
    Image.fromarray(np.round(pixels * 255).astype(np.uint8)).save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _border(mask: BoolMask) -> str:
    """The border of a (H, W) mask, its steps straightened."""
    from skimage.measure import approximate_polygon, find_contours

    lines = find_contours(np.pad(mask, 1).astype(np.float32), 0.5)
    rings = [
        approximate_polygon(line, 0.7) - 0.5 for line in lines
    ]  # -1 for the padding, +0.5 to pixel centres
    return "".join("M" + " ".join(f"{x:.1f},{y:.1f}" for y, x in ring) + "Z" for ring in rings)
