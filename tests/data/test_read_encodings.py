"""One picture in every compression that is decoded: the same pixels whatever the encoding, or one error."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from dicom_files import make, save
from pydicom.encaps import encapsulate

from maple_lib.data.dicom.codestream import stream_shape
from maple_lib.data.dicom.decode import stored_values
from maple_lib.data.dicom.header import open_dicom
from maple_lib.data.read import read_image
from maple_lib.errors import MapleError

imagecodecs = pytest.importorskip("imagecodecs")
SMOOTH = np.add.outer(np.arange(64) * 40, np.arange(48) * 30)
JPEG2000, HTJ2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"
LOSSLESS, EXTENDED = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.51"
LS, NEAR_LS = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
ENCODERS = {
    JPEG2000: lambda a, bits: imagecodecs.jpeg2k_encode(a, level=0, codecformat="j2k", bitspersample=bits),
    HTJ2K: lambda a, bits: imagecodecs.htj2k_encode(a),
    LOSSLESS: lambda a, bits: imagecodecs.jpeg8_encode(a, lossless=True, bitspersample=bits),
    LS: lambda a, bits: imagecodecs.jpegls_encode(a),
    NEAR_LS: lambda a, bits: imagecodecs.jpegls_encode(a, level=2),
    EXTENDED: lambda a, bits: imagecodecs.jpeg8_encode(a, level=100, bitspersample=bits),
}
ERROR = {NEAR_LS: 2, EXTENDED: 3}  # the lossy ones, in stored steps


def compressed(folder, syntax: str, values: np.ndarray, bits: int, frame: bytes | None = None, **elements):
    dataset = make(values, bits, **elements)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([frame or ENCODERS[syntax](values, bits)])
    dataset["PixelData"].VR = "OB"
    return save(dataset, folder, f"{syntax}.dcm")


def pixels_as_stored(path) -> np.ndarray:
    return stored_values(open_dicom(path), path)


@pytest.mark.parametrize("syntax", ENCODERS)
def test_twelve_bits_come_out_as_they_went_in(tmp_path, syntax):
    values = np.clip(SMOOTH, 0, 4095).astype(np.uint16)
    stored = pixels_as_stored(compressed(tmp_path, syntax, values, 12))
    assert stored.dtype == np.uint16
    assert np.abs(stored.astype(int) - values).max() <= ERROR.get(syntax, 0)


@pytest.mark.parametrize("syntax", [s for s in ENCODERS if s not in ERROR])
def test_sixteen_and_eight_bits_too(tmp_path, syntax):
    wide = (SMOOTH * 15).astype(np.uint16)
    np.testing.assert_array_equal(pixels_as_stored(compressed(tmp_path, syntax, wide, 16)), wide)
    narrow = (SMOOTH // 20).astype(np.uint8)
    np.testing.assert_array_equal(pixels_as_stored(compressed(tmp_path, syntax, narrow, 8)), narrow)


@pytest.mark.parametrize("syntax", [LOSSLESS, LS])
def test_signed_values_in_an_unsigned_stream(tmp_path, syntax):
    signed = (SMOOTH - 2048).clip(-2048, 2047).astype(np.int16)
    twelve = (signed & 0xFFF).astype(np.uint16)
    path = compressed(tmp_path, syntax, twelve, 12, PixelRepresentation=1)
    np.testing.assert_array_equal(pixels_as_stored(path), signed)


@pytest.mark.parametrize("syntax", ENCODERS)
def test_a_stream_of_another_size_is_refused_before_it_is_decoded(tmp_path, syntax):
    values = np.clip(SMOOTH, 0, 4095).astype(np.uint16)
    frame = ENCODERS[syntax](values, 12)
    assert stream_shape(frame, syntax) == (64, 48, 1)
    path = compressed(tmp_path, syntax, values, 12, frame, Rows=63)
    with pytest.raises(MapleError, match=r"header says \(63, 48\) pixels, data hold \(64, 48\)"):
        read_image(path)


def test_a_stream_that_claims_a_giant_is_refused(tmp_path):
    values = np.clip(SMOOTH, 0, 4095).astype(np.uint16)
    frame = bytearray(ENCODERS[JPEG2000](values, 12))
    frame[8:16] = struct.pack(">2I", 2**31, 2**31)
    with pytest.raises(MapleError, match=r"data hold \(2147483648, 2147483648\)"):
        read_image(compressed(tmp_path, JPEG2000, values, 12, bytes(frame)))


@pytest.mark.parametrize("syntax", ENCODERS)
def test_no_stream_at_all_is_one_error(tmp_path, syntax):
    values = np.clip(SMOOTH, 0, 4095).astype(np.uint16)
    for frame in (b"\xff\xd8\xff\xff\xff\xff", b"nothing of the kind", bytes(400), b"\xff" * 400):
        with pytest.raises(MapleError, match=rf"cannot be decoded \(transfer syntax .*{syntax}"):
            read_image(compressed(tmp_path, syntax, values, 12, frame))
