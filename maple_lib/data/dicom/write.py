"""Write a phantom as a digital X-ray that any DICOM viewer opens.

Only phantoms are written: their ids stand where a patient's name would, and every date is made up. The unique
identifiers follow from the study's id, so that writing a study twice gives the same bytes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError

COMPRESSIONS = {
    "none": "1.2.840.10008.1.2.1",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg2000": "1.2.840.10008.1.2.4.90",
}
DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
_SMALLEST_JPEG2000 = 32  # the encoder halves the image five times
_DATE, _TIME = "20000101", "120000"
_MAKER = "MApLe Lab phantom, not a patient"


@dataclass(frozen=True, slots=True)
class DicomStyle:
    """How the pixels are stored.

    Attributes:
        bits: 8 to 16 bits stored a pixel.
        inverted: MONOCHROME1 (bone is a small number) instead of MONOCHROME2.
        compression: ``"none"``, ``"rle"`` or ``"jpeg2000"`` (lossless).
        slope, intercept: of the rescale from stored values to the values that a window speaks of.
        window: (centre, width) in rescaled values; None for the one that shows all that the bits can hold.
    """

    bits: int = 12
    inverted: bool = False
    compression: str = "none"
    slope: float = 1
    intercept: float = 0
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 8 <= self.bits <= 16:
            raise MapleError(f"bits {self.bits}", "outside 8 to 16", "give 12 for a usual detector")
        if self.compression not in COMPRESSIONS:
            known = ", ".join(COMPRESSIONS)
            raise MapleError(f"compression {self.compression!r}", "not known", f"give one of {known}")
        if not (self.slope > 0 and isfinite(self.slope) and isfinite(self.intercept)):
            given = f"slope {self.slope}, intercept {self.intercept}"
            raise MapleError(given, "not a slope above 0 and a finite intercept", "give 1 and 0 for none")
        if self.window is not None and not (isfinite(self.window[0]) and 1 < self.window[1] < inf):
            raise MapleError(f"window {self.window}", "not a centre and a width above 1", "give None for all")

    @property
    def shown(self) -> tuple[float, float]:
        """Centre and width of the window, as PS3.3 C.11.2.1.2 counts: 0 to 1 over ``width - 1`` values."""
        if self.window is not None:
            return self.window
        span = self.slope * (2**self.bits - 1)
        return self.intercept + (span + 1) / 2, span + 1


def write_dicom(study: Study, path: str | Path, style: DicomStyle | None = None) -> Path:
    """Write a study's image as a Digital X-Ray Image, for presentation.

    Args:
        study: a phantom; its image's pixels (H, W) in [0, 1] are rounded to ``style.bits``.
        path: the file to write.
        style: how the pixels are stored; 12 bits, MONOCHROME2, uncompressed by default.

    Returns:
        The path. ``read_image`` of it returns the pixels within half a step of ``style.bits``; with a window
        in ``style``, what that window shows of them.

    Raises:
        MapleError: if the image is too small for JPEG 2000.

    Source: DICOM PS3.3 A.26 (Digital X-Ray Image IOD).
    """
    style = style or DicomStyle()
    if style.compression == "jpeg2000" and min(study.image.pixels.shape) < _SMALLEST_JPEG2000:
        size = " x ".join(map(str, study.image.pixels.shape))
        raise MapleError(f"image of {size}", "too small for JPEG 2000", "choose 'rle' or 'none'")
    dataset = _identity(study)
    _place(dataset, study)
    _pixels(dataset, study.image.pixels, style)
    dataset.file_meta = _file_meta(dataset)
    if style.compression != "none":
        dataset.compress(COMPRESSIONS[style.compression], generate_instance_uid=False)
    dataset.save_as(path, enforce_file_format=True)
    return Path(path)


def uid(*parts: str) -> str:
    """A DICOM identifier that follows from its parts (PS3.5 B.2, from a name-based UUID)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, 'maple-lab:' + '/'.join(parts)).int}"


def _identity(study: Study) -> Any:
    from pydicom.dataset import Dataset

    dataset = Dataset()
    dataset.SOPClassUID = DX_FOR_PRESENTATION
    dataset.SOPInstanceUID = uid(study.study_id, "image")
    dataset.StudyInstanceUID = uid(study.study_id, "study")
    dataset.SeriesInstanceUID = uid(study.study_id, "series")
    dataset.PatientName, dataset.PatientID = f"Phantom^{study.patient_id}", study.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = "", ""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Computed phantom: there is no patient"
    dataset.StudyID, dataset.AccessionNumber, dataset.ReferringPhysicianName = study.study_id[:16], "", ""
    dataset.StudyDate = dataset.ContentDate = dataset.AcquisitionDate = _DATE
    dataset.StudyTime = dataset.ContentTime = dataset.AcquisitionTime = _TIME
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.Modality, dataset.PresentationIntentType = "DX", "FOR PRESENTATION"
    dataset.Manufacturer = _MAKER
    return dataset


def _place(dataset: Any, study: Study) -> None:
    """Geometry and anatomy, as the DX modules ask for them."""
    from pydicom.sequence import Sequence

    dataset.BodyPartExamined = "CHEST"
    dataset.AnatomicRegionSequence = Sequence([_code("51185008", "SCT", "Chest")])
    dataset.ViewPosition = study.image.view or "PA"
    dataset.ViewCodeSequence = Sequence([_view_code(dataset.ViewPosition)])
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    dataset.PatientOrientation = ["L", "F"]
    dataset.PatientOrientationCodeSequence = Sequence([_code("10904000", "SCT", "Erect")])
    dataset.ImageLaterality = "U"
    dataset.AcquisitionContextSequence = Sequence()
    dataset.DetectorType = "DIRECT"
    dataset.DistanceSourceToDetector, dataset.KVP = 1800, 120
    if study.image.spacing is not None:
        dataset.ImagerPixelSpacing = [f"{mm:.6g}" for mm in study.image.spacing]


def _view_code(view: str) -> Any:
    codes = {"PA": ("272479007", "postero-anterior"), "AP": ("399348003", "antero-posterior")}
    value, meaning = codes.get(view, ("399067008", "lateral"))
    return _code(value, "SCT", meaning)


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _pixels(dataset: Any, pixels: NDArray[np.float32], style: DicomStyle) -> None:
    """Store brightness over all that the bits can hold."""
    top = 2**style.bits - 1
    stored = np.rint(np.clip(pixels, 0, 1) * top)
    stored = top - stored if style.inverted else stored
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME1" if style.inverted else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if style.inverted else "IDENTITY"
    dataset.BitsAllocated = 8 if style.bits == 8 else 16
    dataset.BitsStored, dataset.HighBit = style.bits, style.bits - 1
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", 1
    dataset.RescaleIntercept, dataset.RescaleSlope = _decimal(style.intercept), _decimal(style.slope)
    dataset.RescaleType = "US"
    dataset.WindowCenter, dataset.WindowWidth = map(_decimal, style.shown)
    dataset.BurnedInAnnotation, dataset.LossyImageCompression = "NO", "00"
    dataset.ImageType = ["DERIVED", "PRIMARY", ""]
    dataset.DerivationDescription = "Computed by physics-like attenuation of a phantom"
    raw = stored.astype(np.uint8 if style.bits == 8 else "<u2").tobytes()
    dataset["PixelData"] = _pixel_element(raw + b"\0" * (len(raw) % 2), style.bits)


def _decimal(value: float) -> Any:
    """A number as DICOM's decimal strings take it: sixteen characters at most."""
    from pydicom.valuerep import DSfloat

    return value if len(str(value)) <= 16 else DSfloat(value, auto_format=True)


def _pixel_element(raw: bytes, bits: int) -> Any:
    from pydicom.dataelem import DataElement

    return DataElement("PixelData", "OB" if bits == 8 else "OW", raw)


def _file_meta(dataset: Any) -> Any:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(COMPRESSIONS["none"])
    meta.ImplementationClassUID = UID(uid("implementation"))
    meta.ImplementationVersionName = "MAPLE_LAB_1"
    return meta
