"""PNG and JPEG files of radiographs, and photographs of films."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

# Mean (max - min) of the colour channels: tinted film reaches about 0.15, a heat map 0.4 and more.
MAX_COLOUR = 0.25


def read_picture(path: Path) -> NDArray[np.float32]:
    """Read a PNG or JPEG as shades of grey, taken as bone bright, since such files cannot say otherwise.

    Colour is turned into luminance (a photographed film is slightly blue), transparency is laid on black, and
    the camera's orientation mark is obeyed. 16-bit files that use fewer bits (12-bit detectors) are scaled by
    the bits that they use.

    Returns:
        (H, W) float32 in [0, 1].

    Raises:
        MapleError: if the file is damaged, or is plainly a coloured picture.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("PNG", "JPEG")) as opened:
                opened.load()
                return _grey(ImageOps.exif_transpose(opened), path)
    except MapleError:
        raise
    except Image.DecompressionBombError:
        raise MapleError(path, "more pixels than any radiograph", "give a smaller picture") from None
    except Exception as error:  # Pillow raises many kinds on damaged files
        raise MapleError(
            path, f"a damaged or unfinished picture ({type(error).__name__})", "copy or export the file again"
        ) from None


def _grey(picture: Picture, path: Path) -> NDArray[np.float32]:
    if picture.mode.startswith(("I", "F")):
        return scale_integers(np.asarray(picture))
    if picture.mode not in ("L", "1"):
        picture = _without_colour(picture, path)
    return np.asarray(picture.convert("L"), np.float32) / np.float32(255)


def _without_colour(picture: Picture, path: Path) -> Picture:
    from PIL import Image

    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", rgba.size, (0, 0, 0, 255)), rgba)
    rgb = picture.convert("RGB")
    colour = _colourfulness(rgb)
    if colour > MAX_COLOUR:
        raise MapleError(
            path,
            f"a coloured picture (mean saturation {colour:.2f})",
            "give the grey radiograph without overlay",
        )
    return rgb


def _colourfulness(rgb: Picture) -> float:
    small = np.asarray(rgb.resize((64, 64)), np.float32) / 255
    return float((small.max(-1) - small.min(-1)).mean())


def scale_integers(values: NDArray[np.integer]) -> NDArray[np.float32]:
    """Scale (H, W) unsigned values to [0, 1] by the bits that they use, at least 8."""
    top = 2 ** max(8, int(values.max()).bit_length()) - 1
    return np.clip(values, 0, None).astype(np.float32) / np.float32(top)
