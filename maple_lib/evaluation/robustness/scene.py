"""One pass over the studies: each text and each image is encoded once, and all probes ask their questions."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.encoding import BLOCK, encode_readable, maps_of, similarities
from maple_lib.evaluation.frame import Maps, heat_maps
from maple_lib.evaluation.problems import Problems
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.queries import GroundingQuery
from maple_lib.methods.inference import encode_texts, inference, select

if TYPE_CHECKING:
    import pandas as pd

    from maple_lib.encoders.features import ImageFeatures, TextFeatures

# Pixels of the heat maps held at a time.
_PIXELS = 1 << 22


@dataclass(frozen=True, eq=False)
class Texts:
    """All texts of an evaluation, encoded once: the row of each, and the features of all."""

    rows: dict[str, int]
    features: TextFeatures

    @classmethod
    def encode(cls, method: Any, texts: Sequence[str]) -> Texts:
        """Encode the distinct texts; inside ``inference``."""
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        return cls(rows, encode_texts(method, list(rows)))

    def __getitem__(self, texts: Sequence[str]) -> TextFeatures:
        return select(self.features, [self.rows[text] for text in texts])


@dataclass(frozen=True, eq=False)
class Scene:
    """A batch of studies before a method.

    Attributes:
        method: anything that speaks the interface of a method.
        rows: number of a study among all -> its row in the batch.
        studies: B copies, whose pixels are forgotten with the batch.
        images: their features.
        texts: of all that will be asked.
        problems: takes what is odd about truths and maps.
    """

    method: Any
    rows: Mapping[int, int]
    studies: Sequence[Study]
    images: ImageFeatures
    texts: Texts
    problems: Problems

    def holds(self, query: GroundingQuery) -> bool:
        """Whether the query's study is in this batch."""
        return query.study_index in self.rows

    def row(self, query: GroundingQuery) -> int:
        """The row of the query's study."""
        return self.rows[query.study_index]

    def look(self, studies: Sequence[Study]) -> ImageFeatures:
        """Features of other studies, for instance perturbed ones."""
        return _see(self.method, studies)

    def maps(self, images: ImageFeatures, rows: Sequence[int], texts: Sequence[str]) -> Maps:
        """(Q, h, w) float32 similarity of image ``rows[q]`` with ``texts[q]``; NaN where it is not finite."""
        maps = maps_of(self.method, images, rows, self.texts[texts]).numpy()
        return np.where(np.isfinite(maps), maps, np.float32(np.nan))

    def similarity(self, texts: Sequence[str]) -> Maps:
        """(B, T) scores of the batch's images with texts."""
        found: Maps = similarities(self.method, self.images, self.texts[texts]).numpy()
        return found


class Probe(Protocol):
    """One question to a method: the texts it needs, and rows of the tidy table from a batch of studies."""

    @property
    def texts(self) -> Sequence[str]:
        """Everything it will say, repetitions included."""

    def ask(self, scene: Scene) -> list[pd.DataFrame]:
        """Tidy rows of one batch, possibly none."""


def walk(
    method: Any, studies: Sequence[Study], probes: Sequence[Probe], problems: Problems
) -> Iterator[pd.DataFrame]:
    """Tidy rows of all probes, block by block; images that cannot be read are left out and noted."""
    with inference(method):
        texts = Texts.encode(method, [text for probe in probes for text in probe.texts])
        for first in range(0, len(studies), BLOCK):
            block = _readable(studies, range(first, min(first + BLOCK, len(studies))), problems)
            if not block:
                continue
            held, rows = list(block.values()), {number: row for row, number in enumerate(block)}
            scene = Scene(method, rows, held, _see(method, held), texts, problems)
            for probe in probes:
                yield from probe.ask(scene)


def _readable(studies: Sequence[Study], numbers: range, problems: Problems) -> dict[int, Study]:
    """Copies of the studies whose image can be read, by number: the copies' pixels go with them."""
    block = {}
    for number in numbers:
        study = copy.copy(studies[number])
        try:
            _ = study.image
        except MapleError as error:
            problems.unreadable(study, error)
        else:
            block[number] = study
    return block


def heats(
    maps: Maps, owners: Sequence[Study], settings: GroundingProtocol
) -> Iterator[tuple[list[int], Maps]]:
    """Heat maps on the images, those of one size together: their rows, and (n, H, W).

    Args:
        maps: (Q, h, w) similarity maps.
        owners: the Q studies to which they belong.
        settings: smoothing and interpolation.
    """
    sizes: dict[tuple[int, int], list[int]] = {}
    for row, study in enumerate(owners):
        height, width = study.image.pixels.shape
        sizes.setdefault((height, width), []).append(row)
    for size, rows in sizes.items():
        step = max(1, _PIXELS // int(np.prod(size)))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            yield part, heat_maps(maps[part], size, settings)


def _see(method: Any, studies: Sequence[Study]) -> ImageFeatures:
    """Features of not more than ``BLOCK`` studies."""
    (encoded,) = encode_readable(method, studies, BLOCK)
    return encoded.features
