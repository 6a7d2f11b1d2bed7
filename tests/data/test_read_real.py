"""The reader against 96 real DICOMs of every kind."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest

from maple_lib.data.dicom.decode import stored_values
from maple_lib.data.dicom.header import open_dicom
from maple_lib.data.read import read_image
from maple_lib.errors import MapleError

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
LOSSY_JPEG = ("JPEG Baseline", "JPEG Extended")  # decoders round its transform differently
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="real data not found beside the repository")


def manifest() -> list[dict[str, str]]:
    with (REAL / "dicom" / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def is_one_grey_image(row: dict[str, str]) -> bool:
    return row["NumberOfFrames"] in ("", "1") and row["PhotometricInterpretation"].startswith("MONO")


def outcome(path: Path) -> str:
    """``"read"`` or the error's words; anything else escapes and fails the test."""
    try:
        image = read_image(path)
    except MapleError as error:
        return str(error)
    assert image.pixels.dtype == np.float32
    assert image.pixels.min() >= 0
    assert image.pixels.max() <= 1
    return "read"


@needs_real
def test_every_grey_image_is_read_and_all_else_is_one_error(recwarn, caplog, capfd):
    for row in manifest():
        path = REAL / "dicom" / "files" / row["file"]
        says = outcome(path)
        if is_one_grey_image(row):
            assert says == "read", row["file"]
        else:
            assert says.startswith(f"{path}: "), row["file"]
            assert "transfer syntax" in says
            assert " — " in says
    assert not recwarn.list
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def little_endian(values: np.ndarray) -> np.ndarray:
    return values.astype(values.dtype.newbyteorder("<"))


@needs_real
def test_stored_values_are_the_known_ones():
    checked = 0
    for row in filter(is_one_grey_image, manifest()):
        path = REAL / "dicom" / "files" / row["file"]
        if row["transfer_syntax"].startswith(LOSSY_JPEG):
            continue
        digest = hashlib.sha1(little_endian(stored_values(open_dicom(path), path)).tobytes()).hexdigest()
        assert digest.startswith(row["pixel_sha1"]), row["file"]
        checked += 1
    assert checked == 27


@needs_real
def test_equal_pixels_for_equal_stored_values():
    """The six encodings of one MR image give one picture."""
    kinds = ("", "_RLE", "_expb", "_implicit", "_padded", "_jpeg_ls_lossless")
    names = [f"MR_small{kind}" for kind in kinds]
    images = [read_image(REAL / "dicom" / "files" / f"{name}.dcm").pixels for name in names]
    for other in images[1:]:
        np.testing.assert_array_equal(images[0], other)


@needs_real
@pytest.mark.parametrize("name", ["JPGExtended", "JPGLosslessP14SV1_1s_1f_8b", "MR_small_jpeg_ls_lossless"])
def test_without_its_decoder_a_file_names_its_syntax_and_what_to_install(name, monkeypatch):
    monkeypatch.setattr("maple_lib.data.dicom.decode.find_spec", lambda _: None)
    path = REAL / "dicom" / "files" / f"{name}.dcm"
    says = outcome(path)
    assert says.startswith(f"{path}: no decoder installed for transfer syntax JPEG")
    assert "(1.2.840.10008.1.2.4." in says
    assert "pip install imagecodecs (BSD); pylibjpeg-libjpeg decodes it too, under the GPL" in says
