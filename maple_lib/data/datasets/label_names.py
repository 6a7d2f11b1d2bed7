"""A dataset's own labels in this project's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maple_lib.data.rows import PhraseRow

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Label:
    """What a label of a dataset means.

    Attributes:
        finding: canonical name of ``vocabulary.FINDINGS``, or the dataset's own where there is none.
        text: the phrase to ask for it; the finding's name by default.
        region: the region where it lies by its meaning (cardiomegaly: cardiac silhouette), or None.
    """

    finding: str
    text: str = ""
    region: str | None = None

    def phrase(
        self,
        image_id: str,
        boxes: Iterable[Box] = (),
        polygons: Iterable[tuple[float, ...]] = (),
        rle: str = "",
    ) -> PhraseRow:
        """The label as words about one image, with their place."""
        text = self.text or self.finding
        return PhraseRow(image_id, text, self.finding, self.region, tuple(boxes), tuple(polygons), rle)


def merge_labels(values: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Finding -> value; where several labels mean one finding, present wins over uncertain over absent."""
    order = (0, -1, 1)
    merged: dict[str, int] = {}
    for finding, value in values:
        known = merged.get(finding, value)
        merged[finding] = max(known, value, key=order.index)
    return merged


# Labels that mean the same in every dataset.
CARDIOMEGALY = Label("cardiomegaly", region="cardiac silhouette")
CARDIOMEDIASTINUM = Label("enlarged cardiomediastinum", region="mediastinum")


def known_label(labels: Mapping[str, Label], name: str) -> Label:
    """The meaning of a label; one that the reader has never heard of keeps its own name in small letters."""
    return labels.get(name) or Label(name.strip().lower())
