"""A study seen: its image, its regions, its lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from maple_lib import vocabulary
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.viz.labels import label_regions
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import draw_image, draw_pixels, fill, name_lesions, outline
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LUNG_PLACES = (
    *("lung", "upper lung zone", "mid lung zone", "lower lung zone", "apical zone"),
    *("hilar structures", "costophrenic angle", "hemidiaphragm"),
)
_TOGETHER = 14  # more names than these need two pictures


def image_figure(study: Study) -> Figure:
    """The radiograph, with the patient's sides and a scale where the spacing is known."""
    image = study.image
    height, width = image.pixels.shape
    with figure(5.2, 5.2 * height / width + 0.36) as fig:
        heading(fig, study.study_id)
        draw_image(fig.subplots(), image)
    view = f"{image.view} " if image.view else ""
    return describe(fig, f"{view}radiograph of study {study.study_id}, {width} by {height} pixels.")


def regions_figure(study: Study, names: Sequence[str] | None = None) -> Figure:
    """The anatomical regions over the radiograph, each in its colour and named.

    Args:
        study: with region masks.
        names: regions to show; all that the study has if None.

    Raises:
        MapleError: if the study has no masks, or not one of those named.
    """
    if not study.regions:
        raise MapleError(f"study {study.study_id}", "has no region masks", "use a phantom, or add masks")
    chosen = list(study.regions) if names is None else list(names)
    groups = _groups(chosen)
    with figure(6.0 * len(groups), 3.6) as fig:
        heading(fig, f"Anatomy of {study.study_id}")
        for ax, (title, group) in zip(fig.subplots(1, len(groups), squeeze=False)[0], groups, strict=True):
            _draw_regions(ax, study, group)
            ax.set_title(title, loc="center", fontsize=9, color=DARK.muted)
    return describe(fig, f"Radiograph with {len(chosen)} outlined and named regions: {', '.join(chosen)}.")


def lesions_figure(study: Study) -> Figure:
    """The radiograph alone, and with its exact lesions outlined in the colour of their region."""
    with figure(9.0, 5.0) as fig:
        plain, marked = fig.subplots(1, 2)
        heading(fig, f"Lesions of {study.study_id}")
        draw_image(plain, study.image)
        draw_pixels(marked, study.image.pixels)
        name_lesions(marked, study, most=9)
        for lesion in study.lesions:
            outline(marked, lesion.mask, region_color(lesion.region))
    said = "; ".join(f"{s.finding} in the {s.region}" for s in study.lesions) or "no lesion"
    return describe(fig, f"Radiograph of study {study.study_id} beside the same with outlines: {said}.")


def _groups(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    if len(names) <= _TOGETHER:
        return [("", list(names))]
    lungs = [name for name in names if vocabulary.region(name).place in _LUNG_PLACES]
    others = [name for name in names if name not in lungs]
    titled = [("lungs, hila and diaphragm", lungs), ("mediastinum, heart, bones and abdomen", others)]
    return [(title, group) for title, group in titled if group]


def _draw_regions(ax: Axes, study: Study, names: Sequence[str]) -> None:
    masks = {name: study.region(name) for name in names}
    draw_pixels(ax, study.image.pixels)
    for name in sorted(masks, key=lambda n: -int(masks[n].sum())):
        fill(ax, masks[name], region_color(name), 0.16)
        outline(ax, masks[name], region_color(name), 1.1)
    label_regions(ax, masks)
