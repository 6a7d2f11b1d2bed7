"""A method whose encoder sees each image once, however many measures ask about it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from maple_lib.encoders.features import ImageFeatures

Key = tuple[bytes, bytes]


class EncodedOnce:
    """Answers for a method; what its ``encode_images`` gave for an image is kept, by the image's content.

    Everything else is the method's own. An image that was turned or darkened is another image. Kept are
    float32 features: 65 MB for 500 images of 16 x 16 patches and 128 numbers each.

    Args:
        method: anything that speaks the interface of a method. Its weights must not change meanwhile.
    """

    def __init__(self, method: Any) -> None:
        from maple_lib.methods.base import Method

        self._method = method
        self._kept: dict[Key, ImageFeatures] = {}
        # There regions are pooled from patches that do not know of them; MAPLE, for one, is different.
        self._regions_apart = getattr(type(method), "encode_images", None) is Method.encode_images

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method, name)

    def encode_images(self, images: Tensor, regions: Tensor | None = None) -> ImageFeatures:
        """Features of (B, 1, S, S) images and, if given, of their (B, R, h, w) regions.

        A batch that holds a new image is encoded whole: the last bits of a feature depend on the size of its
        batch, so evaluators that always give as many images must not be given fewer here.
        """
        pictures = _digests(images)
        areas = [b""] * len(pictures) if regions is None else _digests(regions)
        keys = list(zip(pictures, areas, strict=True))
        if not all(key in self._kept for key in keys):
            self._keep(keys, self._method.encode_images(images, regions))
        return _join([self._kept[key] for key in keys])

    def _keep(self, keys: Sequence[Key], features: ImageFeatures) -> None:
        from maple_lib.methods.inference import select

        for row, key in enumerate(keys):
            if key in self._kept:
                continue
            one = self._kept[key] = select(features, [row])
            if self._regions_apart:
                alone = dataclasses.replace(one, regions=None, region_valid=None)
                self._kept.setdefault((key[0], b""), alone)


def _digests(values: Tensor) -> list[bytes]:
    """A name of 16 bytes for every row's content."""
    rows = values.detach().cpu().contiguous().numpy()
    return [hashlib.blake2b(row, digest_size=16).digest() for row in rows]


def _join(rows: Sequence[ImageFeatures]) -> ImageFeatures:
    import torch

    joined: dict[str, Any] = {
        field.name: torch.cat([getattr(row, field.name) for row in rows])
        for field in dataclasses.fields(rows[0])
        if isinstance(getattr(rows[0], field.name), torch.Tensor)
    }
    return dataclasses.replace(rows[0], **joined)
