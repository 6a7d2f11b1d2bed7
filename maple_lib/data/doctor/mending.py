"""Mend one study: what is left out, moved, clipped or corrected, and a line for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from maple_lib.data.doctor.clipping import Box, Shape, clip_box, clip_polygon, cut_runs
from maple_lib.data.doctor.plan import Plan
from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log; ``what`` never holds a word of a report."""

    study_id: str
    image_id: str
    check: str
    what: str


class Mender:
    """Mends the studies of a table, in their order.

    Args:
        plan: what to leave out and to move.
        shapes: (H, W) of every image of the corpus, or None.
    """

    def __init__(self, plan: Plan, shapes: Sequence[Shape]) -> None:
        self._plan, self._shapes = plan, shapes
        self.changes: list[Change] = []
        self._row: StudyRow
        self._next = 0  # row of the next study's first image

    def mend(self, study: int, row: StudyRow) -> StudyRow | None:
        """The study as it will be written, or None where it is left out."""
        first, self._next = self._next, self._next + len(row.images)
        self._row = row
        if study in self._plan.studies:
            self._leave_out(self._plan.studies[study])
            return None
        numbered = self._kept_images(first, row.images)
        if not numbered:
            self._leave_out("missing-image", "no image is left")
            return None
        if study in self._plan.frontal:
            numbered = self._frontal_first(numbered, self._plan.frontal[study])
        shapes = {image.image_id: self._shapes[number] for number, image in numbered}
        return replace(
            row,
            images=tuple(image for _, image in numbered),
            split=self._moved(study),
            regions=tuple(r for each in row.regions if (r := self._region(each, shapes))),
            phrases=tuple(p for each in row.phrases if (p := self._phrase(each, shapes))),
        )

    def _note(self, check: str, what: str, image: str = "") -> None:
        self.changes.append(Change(self._row.study_id, image, check, what))

    def _leave_out(self, check: str, why: str = "") -> None:
        self._note(check, "study left out" + (f": {why}" if why else ""))

    def _kept_images(self, first: int, images: Sequence[ImageRow]) -> list[tuple[int, ImageRow]]:
        kept = []
        for number, image in enumerate(images, first):
            if number in self._plan.images:
                self._note(self._plan.images[number], "image left out", image.image_id)
                continue
            if number in self._plan.sizes:
                rows, columns = self._plan.sizes[number]
                told = f"size {image.rows} x {image.columns} corrected to {rows} x {columns}"
                self._note("size-mismatch", told, image.image_id)
                image = replace(image, rows=rows, columns=columns)
            kept.append((number, image))
        return kept

    def _frontal_first(
        self, numbered: list[tuple[int, ImageRow]], frontal: int
    ) -> list[tuple[int, ImageRow]]:
        """The images in a new order, unless the frontal one was left out."""
        for number, image in numbered:
            if number == frontal:
                self._note("wrong-view", "frontal view put first", image.image_id)
        return sorted(numbered, key=lambda each: each[0] != frontal)

    def _moved(self, study: int) -> str | None:
        split = self._plan.splits.get(study, self._row.split)
        if split != self._row.split:
            self._note("patient-across-splits", f"moved from {self._row.split} to {split}")
        return split

    def _region(self, region: RegionRow, shapes: dict[str, Shape]) -> RegionRow | None:
        if region.image_id not in shapes:
            return None
        shape, box, rle = shapes[region.image_id], region.box, region.rle
        if box is not None:
            box = self._box(box, shape, region.image_id, region.name)
        rle = self._runs(rle, shape, region.image_id)
        return replace(region, box=box, rle=rle) if box is not None or rle else None

    def _phrase(self, phrase: PhraseRow, shapes: dict[str, Shape]) -> PhraseRow | None:
        """The phrase with what still marks something; one that has lost every place is left out."""
        if phrase.image_id not in shapes:
            return None
        shape, image = shapes[phrase.image_id], phrase.image_id
        corners = (self._box((x, y, x + w, y + h), shape, image, "phrase") for x, y, w, h in phrase.boxes)
        boxes = tuple((x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in filter(None, corners))
        polygons = tuple(p for each in phrase.polygons if (p := self._polygon(each, shape, image)))
        rle = self._runs(phrase.rle, shape, image)
        placed = bool(phrase.boxes or phrase.polygons or phrase.rle)
        if placed and not (boxes or polygons or rle):
            self._note("box", "phrase without a place left out", image)
            return None
        return replace(phrase, boxes=boxes, polygons=polygons, rle=rle)

    def _box(self, box: Box, shape: Shape, image: str, name: str) -> Box | None:
        clipped = clip_box(box, shape)
        self._compare(box, clipped, f"{name}: box", image)
        return clipped

    def _polygon(self, polygon: tuple[float, ...], shape: Shape, image: str) -> tuple[float, ...] | None:
        clipped = clip_polygon(polygon, shape)
        self._compare(polygon, clipped, "phrase: polygon", image)
        return clipped

    def _runs(self, rle: str, shape: Shape, image: str) -> str:
        cut = cut_runs(rle, shape) if rle else ""
        self._compare(" ".join(rle.split()), cut, "mask", image)
        return cut

    def _compare(self, before: object, after: object, name: str, image: str) -> None:
        """Log what became of a box or a mask, if anything did."""
        if before != after:
            self._note(
                "box",
                f"{name} clipped to the image" if after else f"{name} that marks nothing left out",
                image,
            )
