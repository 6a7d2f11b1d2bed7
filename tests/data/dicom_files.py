"""Small DICOM images made here: one grey image with whatever elements a test needs."""

from __future__ import annotations

import numpy as np
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

NAME = "Mustermann"
TEXTS = {"LO", "SH", "PN", "LT", "ST", "UT", "UC", "UR", "AE", "CS"}
NOT_TEXT = {"Modality", "PhotometricInterpretation", "SpecificCharacterSet"}
RAMP = np.arange(0, 4096, 64, dtype=np.uint16).reshape(8, 8)


def make(pixels=RAMP, bits=12, syntax=ExplicitVRLittleEndian, **elements) -> Dataset:
    """A minimal grey image; ``elements`` override or add header elements, None removes one."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.3"
    dataset.PatientName, dataset.PatientID = "Secret^Person", "MRN123"
    dataset.Modality = "DX"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    dataset.add_new("PixelData", "OW", pixels.astype(pixels.dtype.newbyteorder(order)).tobytes())
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def save(dataset: Dataset, folder, name="image.dcm"):
    path = folder / name
    dataset.save_as(path, enforce_file_format=True)
    return path


def lut(entries, first=0, bits=16) -> Sequence:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    item.ModalityLUTType = "US"
    return Sequence([item])


def stuffed(**elements) -> Dataset:
    """An image with the name in every text element of the dictionary, nested, private and in overlays."""
    dataset = make(**elements)
    for tag, (vr, _, _, retired, keyword) in DicomDictionary.items():
        if (
            vr in TEXTS
            and not retired
            and keyword not in NOT_TEXT
            and tag >> 16 > 2
            and keyword not in elements
        ):
            dataset.add_new(tag, vr, NAME)
    dataset.PatientBirthDate, dataset.StudyDate, dataset.PatientAge = "19330303", "20200202", "087Y"
    item = Dataset()
    item.PatientName = NAME
    item.OtherPatientIDsSequence = Sequence([Dataset()])
    item.OtherPatientIDsSequence[0].PatientID = NAME
    dataset.ReferencedStudySequence = dataset.ViewCodeSequence = Sequence([item])
    block = dataset.private_block(0x0011, NAME, create=True)
    block.add_new(0x01, "UN", NAME.encode())
    dataset.add_new(0x60003000, "OW", NAME.encode())
    dataset.SOPInstanceUID = dataset.StudyInstanceUID = dataset.SeriesInstanceUID = "1.2.3.19330303"
    dataset.preamble = NAME.encode().ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = NAME
    return dataset
