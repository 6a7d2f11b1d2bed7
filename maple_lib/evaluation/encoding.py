"""Studies and texts through a method in blocks of one size, so that the batch size cannot touch a score.

The kernels of a network depend on the size of a batch, and with them the last bits of every number: 5e-7 of a
cosine, enough to turn a tie. Here the network always sees ``BLOCK`` images; a last block that is not full is
filled with copies, whose rows are thrown away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.problems import Problems
from maple_lib.methods.inference import encode_studies, select

if TYPE_CHECKING:
    from torch import Tensor

    from maple_lib.encoders.features import ImageFeatures, TextFeatures

BLOCK = 16
_TEXTS = 128  # texts that are compared with a block of images at a time


@dataclass(frozen=True, eq=False)
class Encoded:
    """Some studies that could be read.

    Attributes:
        index: their places among all studies, K of them.
        shapes: (H, W) of their images.
        features: of the K images.
    """

    index: list[int]
    shapes: list[tuple[int, int]]
    features: ImageFeatures


def encode_readable(
    method: Any,
    studies: Sequence[Study],
    batch_size: int = 32,
    regions: bool = False,
    problems: Problems | None = None,
) -> Iterator[Encoded]:
    """Encode studies whose images can be read; to be used inside ``inference``.

    Args:
        method: anything that speaks the interface of a method.
        studies: their pixels are read here, and let go again where nobody had read them before.
        batch_size: studies read at a time, rounded up to a multiple of ``BLOCK``; no number depends on it.
        regions: whether to pool the regions too, from the studies' own masks.
        problems: takes the images that cannot be read; without it they are errors.

    Raises:
        MapleError: if an image cannot be read and there is no ``problems``, or if none can.
    """
    step = BLOCK * max(1, -(-batch_size // BLOCK))
    failures: list[MapleError] = []
    for start in range(0, len(studies), step):
        read = list(_readable(studies, range(start, min(start + step, len(studies))), problems, failures))
        for first in range(0, len(read), BLOCK):
            index, part = (list(each) for each in zip(*read[first : first + BLOCK], strict=True))
            shapes = [(study.image.pixels.shape[0], study.image.pixels.shape[1]) for study in part]
            yield Encoded(index, shapes, _encode(method, part, regions))
    if failures and len(failures) == len(studies):
        raise failures[0]


def _readable(
    studies: Sequence[Study], places: range, problems: Problems | None, failures: list[MapleError]
) -> Iterator[tuple[int, Study]]:
    """Place and study, its image read; the others go to ``problems`` and to ``failures``."""
    for place in places:
        study = _copy(studies[place])
        try:
            _ = study.image
        except MapleError as error:
            if problems is None:
                raise
            problems.unreadable(study, error)
            failures.append(error)
        else:
            yield place, study


def similarities(method: Any, images: ImageFeatures, texts: TextFeatures) -> Tensor:
    """(B, T) how well every text fits every image, by the method's own ``similarity``.

    A method without one is asked for the cosine of its pooled embeddings.
    """
    import torch

    score: Callable[[Any, Any], Tensor] = getattr(method, "similarity", None) or _cosine
    count, rows = len(texts.pooled), len(images.pooled)
    full = select(images, _filled(range(rows)))
    blocks = [range(i, min(i + _TEXTS, count)) for i in range(0, count, _TEXTS)]
    return torch.cat([score(full, select(texts, block))[:rows].float().cpu() for block in blocks], dim=1)


def maps_of(method: Any, images: ImageFeatures, rows: Sequence[int], texts: TextFeatures) -> Tensor:
    """(Q, h, w) maps of Q pairs of an image, by its row, and a text; in blocks of one size."""
    import torch

    parts = []
    for start in range(0, len(rows), BLOCK):
        pairs = list(range(start, min(start + BLOCK, len(rows))))
        full = _filled(pairs)
        maps = method.similarity_map(select(images, [rows[i] for i in full]), select(texts, full))
        parts.append(maps[: len(pairs)].float().cpu())
    return torch.cat(parts)


def unread(study: Study, shape: tuple[int, int]) -> Study:
    """The same study with an image of zeros that takes no memory, for those who need its size alone."""
    if "image" in vars(study):
        return study
    image = Image(np.broadcast_to(np.float32(0), shape))
    return dataclasses.replace(study, load_image=lambda: image)


def _encode(method: Any, studies: Sequence[Study], regions: bool) -> ImageFeatures:
    full = [studies[i] for i in _filled(range(len(studies)))]
    ((_, features),) = encode_studies(method, full, BLOCK, regions)
    return select(features, range(len(studies)))


def _filled(rows: Sequence[int]) -> list[int]:
    """The same rows, the last one repeated to a whole block."""
    return [*rows, *[rows[-1]] * (BLOCK - len(rows))]


def _copy(study: Study) -> Study:
    """A study whose pixels go when it goes, unless they were in memory already."""
    return study if "image" in vars(study) else dataclasses.replace(study)


def _cosine(images: ImageFeatures, texts: TextFeatures) -> Tensor:
    from torch.nn.functional import normalize

    return normalize(images.pooled.float(), dim=-1) @ normalize(texts.pooled.float(), dim=-1).T
