"""The reader against real files: 96 DICOMs of every kind, and the polarity of 211 radiographs."""

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
OPTIONAL = {
    "4.51",
    "4.57",
    "4.70",
    "4.80",
    "4.81",
}  # transfer syntaxes that need a package of one's own choice
LOSSY_JPEG = "JPEG Baseline"  # decoders round its transform differently
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="real data not found beside the repository")


def manifest() -> list[dict[str, str]]:
    with (REAL / "dicom" / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def is_one_grey_image(row: dict[str, str]) -> bool:
    one = row["NumberOfFrames"] in ("", "1")
    return row["decode"] == "ok" and one and row["PhotometricInterpretation"].startswith("MONO")


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
def test_every_real_dicom_is_an_image_or_one_error(recwarn, caplog, capfd):
    for row in manifest():
        path = REAL / "dicom" / "files" / row["file"]
        says = outcome(path)
        if not is_one_grey_image(row):
            assert says.startswith(f"{path}: "), row["file"]
        elif says != "read":
            assert "transfer syntax" in says
            assert any(f"1.2.840.10008.1.2.{syntax})" in says for syntax in OPTIONAL), says
            assert "pip install" in says or "pylibjpeg-libjpeg" in says
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
        if outcome(path) != "read" or row["transfer_syntax"].startswith(LOSSY_JPEG):
            continue
        digest = hashlib.sha1(little_endian(stored_values(open_dicom(path), path)).tobytes()).hexdigest()
        assert digest.startswith(row["pixel_sha1"]), row["file"]
        checked += 1
    assert checked >= 20


@needs_real
def test_equal_pixels_for_equal_stored_values():
    """The five encodings of one MR image give one picture."""
    names = ["MR_small", "MR_small_RLE", "MR_small_expb", "MR_small_implicit", "MR_small_padded"]
    images = [read_image(REAL / "dicom" / "files" / f"{name}.dcm").pixels for name in names]
    for other in images[1:]:
        np.testing.assert_array_equal(images[0], other)


def lungs_are_darker(pixels: np.ndarray) -> bool:
    """The darker quarter of both lungs' middle lies below the middle of the mediastinum."""
    height, width = pixels.shape

    def part(top: float, bottom: float, left: float, right: float) -> np.ndarray:
        return pixels[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]

    lungs = [np.percentile(part(0.3, 0.6, *side), 25) for side in ((0.2, 0.36), (0.64, 0.8))]
    return bool(np.median(part(0.3, 0.7, 0.44, 0.56)) > np.mean(lungs))


def radiographs() -> list[Path]:
    files = sorted((REAL / "nih_chestxray14" / "images").glob("*.png"))
    files += sorted((REAL / "hannover_cxr" / "png").glob("*.png"))
    return [*files, *(REAL / "dicom" / "files").glob("1.2.276*.dcm")]


@needs_real
@pytest.mark.slow
def test_bone_is_bright_in_every_real_radiograph():
    files = radiographs()
    assert len(files) == 211
    wrong = [path.name for path in files if not lungs_are_darker(read_image(path).pixels)]
    assert wrong == []


@needs_real
def test_the_polarity_test_notices_an_inverted_radiograph():
    inverted = 1 - read_image(radiographs()[0]).pixels
    assert not lungs_are_darker(inverted)
