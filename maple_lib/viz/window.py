"""What happens to the values of a DICOM file until it is an image: one picture a step."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom.decode import stored_values
from maple_lib.data.dicom.grey import modality, to_grey
from maple_lib.data.dicom.header import open_dicom, quiet
from maple_lib.data.dicom.padding import padding_range, valid_range
from maple_lib.data.dicom.window import first_window, voi
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure, hairlines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 512  # pixels of a picture's longer side: more is not seen


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step of the reading: its name, what it did, (H, W) values, their unit."""

    name: str
    note: str
    values: NDArray[np.float32]
    unit: str


def dicom_steps(path: str | PathLike[str]) -> list[Step]:
    """The four states of a radiograph's values: stored, modality, windowed, and the right way round.

    Raises:
        MapleError: as ``read_image`` does, for a file that cannot be read.
    """
    file = Path(path)
    dataset = open_dicom(file)
    stored = stored_values(dataset, file)
    with quiet():
        return _steps(dataset, stored, file)


def window_figure(path: str | PathLike[str]) -> Figure:
    """The steps from the stored values of a DICOM file to the image that a model sees."""
    steps = dicom_steps(path)
    with figure(3.1 * len(steps), 4.4, hspace=0.04) as fig:
        axes = fig.subplots(2, len(steps), height_ratios=(3.4, 1))
        for i, (step, (picture, below)) in enumerate(zip(steps, axes.T, strict=True)):
            _picture(picture, step)
            picture.set_title(f"{i + 1}. {step.name}", fontsize=10)
            _histogram(below, step)
    said = " ".join(f"{i}. {step.name}: {step.note}." for i, step in enumerate(steps, 1))
    return describe(fig, f"A DICOM image step by step, with the histogram of its values. {said}")


def _steps(dataset: Any, stored: NDArray[Any], file: Path) -> list[Step]:
    padding = padding_range(dataset, stored.dtype)

    def spread() -> tuple[float, float]:
        ends = to_modality(np.array(valid_range(stored, padding), float))
        return float(ends.min()), float(ends.max())

    thin = stored[:: _stride(stored), :: _stride(stored)]
    to_modality = modality(dataset, file)
    measured = to_modality(thin.astype(np.float64))
    shown = np.clip(voi(dataset, spread, file)(measured), 0, 1)
    final = to_grey(stored, dataset, file)[:: _stride(stored), :: _stride(stored)]
    turned = str(dataset.PhotometricInterpretation).strip() == "MONOCHROME1"
    return [
        Step("as stored", f"{dataset.get('BitsStored')} bits", thin.astype(np.float32), "stored value"),
        Step("modality", _rescaled(dataset), measured.astype(np.float32), "modality value"),
        Step("window", _windowed(dataset), shown.astype(np.float32), "brightness"),
        Step("polarity", "inverted" if turned else "kept: bone is bright", final, "brightness"),
    ]


def _rescaled(dataset: Any) -> str:
    if dataset.get("ModalityLUTSequence"):
        return "by a look-up table"
    slope, intercept = (dataset.get(name) for name in ("RescaleSlope", "RescaleIntercept"))
    return f"times {float(slope or 1):g}, plus {float(intercept or 0):g}"


def _windowed(dataset: Any) -> str:
    if dataset.get("VOILUTSequence"):
        return "by a look-up table"
    window = first_window(dataset)
    return "whole range" if window is None else f"centre {window[0]:g}, width {window[1]:g}"


def _stride(stored: NDArray[Any]) -> int:
    return max(1, max(stored.shape) // _SIDE)


def _picture(ax: Axes, step: Step) -> None:
    low, high = (
        (0.0, 1.0) if step.unit == "brightness" else (float(step.values.min()), float(step.values.max()))
    )
    ax.imshow(step.values, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
    ax.set_axis_off()


def _histogram(ax: Axes, step: Step) -> None:
    ax.hist(step.values.ravel(), bins=64, color=DARK.accent, alpha=0.85)
    hairlines(ax, DARK)
    ax.set_yticks([])
    ax.set_xlabel(f"{step.unit}   ({step.note})", fontsize=8)
