"""``maple ground``: any radiograph and any phrase to a heat map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from maple_lib.data.pixels import images_tensor
from maple_lib.data.read import read_image
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.grounding import smooth_and_resize
from maple_lib.methods import load_method


def ground_phrase(model: Path, image_path: Path, phrase: str, out: Path) -> dict[str, Any]:
    """Draw the similarity map of a phrase over an image and write it as a PNG.

    Returns:
        phrase, out, size (H, W) of the image, peak (row, column) of the map in image pixels.
    """
    if not phrase.strip():
        raise MapleError("phrase ''", "is empty", 'say what to look for, e.g. "left pleural effusion"')
    image = read_image(image_path)
    method = load_method(str(model))
    study = Study(image.source, image.source, lambda: image)
    with torch.inference_mode():
        features = method.encode_images(images_tensor([study], method.image_size))
        small = method.similarity_map(features, method.encode_texts([phrase]))
    height, width = image.pixels.shape
    side = max(height, width)
    square = smooth_and_resize(small, size=(side, side), interpolation="bilinear")[0]
    top, left = (side - height) // 2, (side - width) // 2
    heat = square[top : top + height, left : left + width]
    peak = divmod(int(heat.argmax()), width)
    _draw(image.pixels, heat.numpy(), phrase, out)
    return {"phrase": phrase, "out": str(out), "size": [height, width], "peak": list(peak)}


def _draw(pixels: Any, heat: Any, phrase: str, out: Path) -> None:
    from maple_lib.viz import heat_figure, save

    out.parent.mkdir(parents=True, exist_ok=True)
    save(heat_figure(pixels, heat, phrase), out, alt=f"Heat map of the phrase: {phrase}")
