"""Written DICOMs are valid, the same every time, and read back as they were."""

from __future__ import annotations

from itertools import product

import numpy as np
import pydicom
import pytest

from maple_lib.data.dicom.write import COMPRESSIONS, DX_FOR_PRESENTATION, DicomStyle, uid, write_dicom
from maple_lib.data.read import read_image
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError

PIXELS = np.random.default_rng(0).random((33, 47)).astype(np.float32)
STYLES = [DicomStyle(*style) for style in product((8, 12, 16), (False, True), COMPRESSIONS)]


def study(name: str = "one") -> Study:
    return Study(name, f"patient-{name}", lambda: Image(PIXELS, (0.7, 0.8), "AP"))


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_what_is_written_is_read_within_half_a_step(tmp_path, style):
    image = read_image(write_dicom(study(), tmp_path / "a.dcm", style))
    np.testing.assert_allclose(image.pixels, PIXELS, atol=0.51 / (2**style.bits - 1))
    assert (image.view, image.spacing) == ("AP", (0.7, 0.8))


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(("slope", "intercept"), [(2, -1024), (0.25, 7.5), (1 / 3, 0.1)])
def test_a_rescale_changes_no_brightness(tmp_path, slope, intercept, inverted):
    style = DicomStyle(12, inverted, slope=slope, intercept=intercept)
    path = write_dicom(study(), tmp_path / "a.dcm", style)
    np.testing.assert_allclose(read_image(path).pixels, PIXELS, atol=0.52 / 4095)
    dataset = pydicom.dcmread(path)
    assert float(dataset.RescaleSlope) == pytest.approx(slope)
    assert float(dataset.RescaleIntercept) == pytest.approx(intercept)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_window_shows_its_part_of_the_rescaled_values(tmp_path, inverted):
    style = DicomStyle(12, inverted, slope=2, intercept=-100, window=(3000.5, 2001))
    stored = np.rint(PIXELS * 4095)
    values = 2 * (4095 - stored if inverted else stored) - 100
    wanted = np.clip((values - 3000) / 2000 + 0.5, 0, 1)
    read = read_image(write_dicom(study(), tmp_path / "a.dcm", style)).pixels
    np.testing.assert_allclose(read, 1 - wanted if inverted else wanted, atol=1e-5)
    assert 0.2 < (read % 1 == 0).mean() < 0.9, "both ends of the brightness are cut"


@pytest.mark.parametrize(
    "fields",
    [{"slope": 0}, {"slope": -1}, {"intercept": np.nan}, {"window": (1, 1)}, {"window": (np.inf, 9)}],
)
def test_no_rescale_or_window(fields):
    with pytest.raises(MapleError, match=next(iter(fields))):
        DicomStyle(**fields)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_writing_twice_gives_the_same_bytes(tmp_path, compression):
    style = DicomStyle(12, True, compression)
    first = write_dicom(study(), tmp_path / "a.dcm", style).read_bytes()
    assert write_dicom(study(), tmp_path / "b.dcm", style).read_bytes() == first
    assert write_dicom(study("two"), tmp_path / "c.dcm", style).read_bytes() != first


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_it_is_a_digital_x_ray(tmp_path, compression):
    path = write_dicom(study(), tmp_path / "a.dcm", DicomStyle(14, True, compression))
    dataset = pydicom.dcmread(path)
    assert dataset.SOPClassUID == dataset.file_meta.MediaStorageSOPClassUID == DX_FOR_PRESENTATION
    assert dataset.file_meta.TransferSyntaxUID == COMPRESSIONS[compression]
    assert (dataset.Modality, dataset.PresentationIntentType) == ("DX", "FOR PRESENTATION")
    assert (dataset.PhotometricInterpretation, dataset.PresentationLUTShape) == ("MONOCHROME1", "INVERSE")
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 14, 13)
    assert dataset.ViewCodeSequence[0].CodeMeaning == "antero-posterior"
    assert str(dataset.PatientName) == "Phantom^patient-one"
    assert all(len(uid(name)) <= 64 for name in ("a", "b"))


def test_styles_that_do_not_exist():
    with pytest.raises(MapleError, match="bits 20"):
        DicomStyle(bits=20)
    with pytest.raises(MapleError, match="compression 'zip'"):
        DicomStyle(compression="zip")


def test_too_small_for_jpeg_2000(tmp_path):
    tiny = Study("tiny", "tiny", lambda: Image(PIXELS[:9]))
    with pytest.raises(MapleError, match="9 x 47: too small"):
        write_dicom(tiny, tmp_path / "a.dcm", DicomStyle(compression="jpeg2000"))
