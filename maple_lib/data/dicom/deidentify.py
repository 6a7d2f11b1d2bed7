"""Write a copy of a DICOM image that holds the image and nothing about anybody.

The copy is not the file with some elements taken out: it is a new file, into which each allowed element is
written as a number or as one of a few known words. What is not named here cannot come along, wherever it
hides: private elements, nested sequences, overlays, the preamble, the comments of a compressed stream, or the
bits above the stored ones.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom import geometry
from maple_lib.data.dicom.decode import stored_values
from maple_lib.data.dicom.header import open_dicom, quiet
from maple_lib.data.dicom.identity import add_identity
from maple_lib.data.dicom.tables import raw_table
from maple_lib.data.read import sniff
from maple_lib.errors import MapleError

NUMBERS = (
    "RescaleSlope",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
    "PixelSpacing",
    "ImagerPixelSpacing",
)
WHOLE_NUMBERS = ("PixelPaddingValue", "PixelPaddingRangeLimit")
WORDS = {
    "Modality": {"CR", "DX", "CT", "MR", "NM", "US", "PX", "RF", "XA", "IO", "MG", "OT"},
    "VOILUTFunction": {"LINEAR", "LINEAR_EXACT", "SIGMOID"},
    "PhotometricInterpretation": {"MONOCHROME1", "MONOCHROME2"},
}
_TABLES = ("ModalityLUTSequence", "VOILUTSequence")
_SIGNS = ("BurnedInAnnotation", "RecognizableVisualFeatures")
_SHORTEST_SECRET = 16


def deidentify(path: str | Path, out: str | Path, secret: str | None = None) -> Path:
    """Copy a grey DICOM image without anything that could identify its patient, staff or hospital.

    Pixels are decoded and stored uncompressed, since a compressed stream can carry comments. Kept are the
    numbers and tables that turn pixels into brightness, spacing, orientation, view and modality. Dates, age,
    sex and all texts are left out.

    Args:
        path: the DICOM file.
        out: the file to write, or a folder, in which the file is named by its new identifier.
        secret: a text of at least 16 characters that nobody else knows. With it, the same study, series and
            patient get the same new identifiers in every file; without, each file gets identifiers of its own
            that nothing links.

    Returns:
        The file that was written; ``read_image`` gives the same pixels, spacing and view for it.

    Raises:
        MapleError: if the file cannot be read, says that text is burnt into its pixels or that a face can be
            recognised, or if ``out`` is the file itself. The pixels are not searched for text: a file that
            wrongly says nothing passes.

    Source: DICOM PS3.15 annex E, made stricter: its lists say what to take out, this one what to leave in.
    """
    path, out = Path(path), Path(out)
    if secret is not None and len(secret) < _SHORTEST_SECRET:
        raise MapleError("secret", f"{len(secret)} characters", f"give at least {_SHORTEST_SECRET}")
    _check_kind(path)
    source = open_dicom(path)
    stored = stored_values(source, path)
    with quiet():
        _refuse_burnt_in(source, path)
        copy = _allowed(source, stored, path)
        add_identity(copy, path, secret)
    target = out / f"{copy.SOPInstanceUID}.dcm" if out.is_dir() else out
    if target.exists() and target.samefile(path):
        raise MapleError(target, "is the file itself", "give another file or a folder")
    _write(copy, target)
    return target


def _check_kind(path: Path) -> None:
    """A file whose bytes are no DICOM has no header to clean, whatever it is called."""
    try:
        kind = sniff(path)
    except MapleError as error:
        problem = f"not a DICOM file: {error.problem}" if path.is_file() else error.problem
        raise MapleError(path, problem, "give a DICOM image") from None
    if kind != "dicom":
        raise MapleError(path, "not a DICOM file: a PNG or JPEG picture", "give a DICOM image")


def _refuse_burnt_in(source: Any, path: Path) -> None:
    for name in _SIGNS:
        if str(source.get(name) or "").strip().upper() == "YES":
            raise MapleError(
                path, f"{name} is YES: the pixels themselves identify someone", "black the place out first"
            )


def _allowed(source: Any, stored: NDArray[Any], path: Path) -> Any:
    """The image elements, each made anew from a number or a known word."""
    from pydicom.dataset import Dataset

    copy = Dataset()
    for name, words in WORDS.items():
        word = str(source.get(name) or "").strip().upper()
        if word in words:
            setattr(copy, name, word)
    for name in NUMBERS:
        numbers = _numbers(source.get(name))
        if numbers:
            setattr(copy, name, numbers if len(numbers) > 1 else numbers[0])
    for name in _TABLES:
        if source.get(name):
            setattr(copy, name, [_table(source[name][0], path)])
    _add_place(copy, source)
    _add_pixels(copy, source, stored)
    return copy


def _numbers(value: Any) -> list[Any]:
    from pydicom.valuerep import DSfloat

    values = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    try:
        numbers = [float(v) for v in values]
    except (TypeError, ValueError):
        return []
    return [DSfloat(n, auto_format=True) for n in numbers] if np.isfinite(numbers).all() else []


def _table(item: Any, path: Path) -> Any:
    from pydicom.dataset import Dataset

    descriptor, entries = raw_table(item, path)
    table = Dataset()
    table.add_new("LUTDescriptor", "SS" if min(descriptor) < 0 else "US", descriptor)
    table.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    table.ModalityLUTType = "US"
    return table


def _add_place(copy: Any, source: Any) -> None:
    seen = geometry.view(source)
    if seen:
        copy.ViewPosition = "LL" if seen == "LATERAL" else seen
    letters = [str(v).strip().upper() for v in source.get("PatientOrientation") or ()]
    if len(letters) == 2 and all(set(word) <= set("LRAPHF") and len(word) < 4 for word in letters):
        copy.PatientOrientation = letters


def _add_pixels(copy: Any, source: Any, stored: NDArray[Any]) -> None:
    bits = 8 * stored.dtype.itemsize
    copy.Rows, copy.Columns = stored.shape
    copy.SamplesPerPixel, copy.BitsAllocated = 1, bits
    copy.BitsStored = min(max(1, int(source.get("BitsStored") or bits)), bits)
    copy.HighBit = copy.BitsStored - 1
    copy.PixelRepresentation = int(stored.dtype.kind == "i")
    for name in WHOLE_NUMBERS:
        value = source.get(name)
        if isinstance(value, int):
            copy.add_new(name, "SS" if value < 0 else "US", value)
    raw = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    copy.add_new("PixelData", "OB" if bits == 8 else "OW", raw + b"\0" * (len(raw) % 2))


def _write(copy: Any, target: Path) -> None:
    """A whole file or none."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    copy.file_meta.MediaStorageSOPClassUID = copy.SOPClassUID
    copy.file_meta.MediaStorageSOPInstanceUID = copy.SOPInstanceUID
    if not target.parent.is_dir():
        raise MapleError(target.parent, "no such folder", "make it first")
    with NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part, quiet():
        copy.save_as(part, enforce_file_format=True)
    os.replace(part.name, target)
