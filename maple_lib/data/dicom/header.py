"""Open a DICOM file and keep only what an image needs, so that no identifier is ever loaded."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maple_lib.data.dicom.syntax import named, transfer_syntax
from maple_lib.errors import MapleError

# The reader parses these elements and no others: names, dates and numbers of people stay in the file.
KEPT = (
    "Modality",
    "ViewPosition",
    "ViewCodeSequence",
    "PatientOrientation",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "VOILUTSequence",
    "VOILUTFunction",
    "WindowCenter",
    "WindowWidth",
    "BurnedInAnnotation",
    "RecognizableVisualFeatures",
)
# Named in errors; other words in their place may be anybody's.
_COLOURS = {
    "RGB",
    "PALETTE COLOR",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
    "XYB",
    "HSV",
    "ARGB",
    "CMYK",
}
_LOGS = ("pydicom", "pylibjpeg", "openjpeg")
MAX_PIXELS = 120_000_000  # about 11,000 x 11,000; the largest detectors make 25 million


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' warnings and log lines in: they can quote values of the file, names included."""
    logs = [logging.getLogger(name) for name in _LOGS]
    before = [log.propagate for log in logs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for log in logs:
            log.propagate = False
        try:
            yield
        finally:
            for log, propagate in zip(logs, before, strict=True):
                log.propagate = propagate


def open_dicom(path: Path) -> Any:
    """Parse the image elements of a DICOM file.

    Returns:
        A pydicom Dataset that holds the elements of ``KEPT`` and nothing else.

    Raises:
        MapleError: if the file is damaged, holds no pixels, or holds something other than one grey image.
    """
    import pydicom

    with quiet():
        try:
            dataset = pydicom.dcmread(path, force=True, specific_tags=list(KEPT))
            check_header(dataset, path)
        except MapleError as error:
            problem = f"{error.problem}; transfer syntax {named(transfer_syntax(dataset))}"
            raise MapleError(path, problem, error.remedy) from None
        except Exception as error:  # pydicom raises many kinds on damaged files
            raise MapleError(
                path, f"a damaged DICOM header ({type(error).__name__})", "copy or export the file again"
            ) from None
    return dataset


def check_header(dataset: Any, path: Path) -> None:
    """Refuse what cannot be one grey radiograph, with the reason, before any pixel is decoded."""
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise MapleError(
            path, "floating-point pixels (a parametric map)", "give a radiograph of 8 to 16 bits"
        )
    if "PixelData" not in dataset:
        raise MapleError(
            path,
            "no pixel data: cut short, or a report, a directory or a measurement",
            "give an image object, or copy the file again",
        )
    _check_size(dataset, path)
    _check_kind(dataset, path)


def _check_size(dataset: Any, path: Path) -> None:
    rows, columns = (int(dataset.get(name) or 0) for name in ("Rows", "Columns"))
    if rows < 1 or columns < 1:
        raise MapleError(path, f"an image of {rows} x {columns} pixels", "check Rows and Columns in the file")
    if rows * columns > MAX_PIXELS:
        raise MapleError(
            path, f"{rows} x {columns} pixels, more than any radiograph", "check Rows and Columns in the file"
        )
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames > 1:
        raise MapleError(
            path,
            f"{frames} frames (a film or a volume)",
            "export the one frame that you want as a single image",
        )


def _check_kind(dataset: Any, path: Path) -> None:
    samples = int(dataset.get("SamplesPerPixel") or 1)
    photometric = str(dataset.get("PhotometricInterpretation", "")).strip()
    if samples > 1 or photometric not in {"MONOCHROME1", "MONOCHROME2"}:
        unknown = "not a known one" if photometric else "not stated"
        colour = photometric if photometric in {"MONOCHROME1", "MONOCHROME2", *_COLOURS} else unknown
        raise MapleError(
            path,
            f"not a grey image (photometric interpretation {colour}, {samples} samples a pixel)",
            "give a MONOCHROME1 or MONOCHROME2 image; colour is not converted, it may hold drawings",
        )
    bits = int(dataset.get("BitsAllocated") or 0)
    if bits not in {1, 8, 16, 32}:
        raise MapleError(path, f"{bits} bits allocated a pixel", "give an image of 8 to 16 bits")
