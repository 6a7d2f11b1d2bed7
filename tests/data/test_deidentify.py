"""A de-identified copy shows the same picture and holds nothing else of the original."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import NAME, RAMP, TEXTS, lut, make, save, stuffed
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEG2000Lossless

from maple_lib.data.dicom.deidentify import deidentify
from maple_lib.data.dicom.write import COMPRESSIONS, DicomStyle, write_dicom
from maple_lib.data.read import read_image
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
SECRET = "a sentence that nobody knows"


def write_stuffed(folder: Path) -> Path:
    return save(stuffed(), folder, f"{NAME}.dcm")


@pytest.mark.filterwarnings("ignore")
def test_no_text_and_no_identifier_comes_along(tmp_path):
    path = write_stuffed(tmp_path)
    assert path.read_bytes().count(NAME.encode()) > 500
    (tmp_path / "out").mkdir()
    out = deidentify(path, tmp_path / "out", SECRET)
    whole = out.read_bytes()
    for leak in (NAME, "19330303", "20200202", "087Y", "1.2.3.", "MRN123", SECRET):
        assert leak.encode() not in whole
    assert NAME not in out.name
    assert whole[:128] == bytes(128)
    np.testing.assert_array_equal(read_image(out).pixels, read_image(path).pixels)


@pytest.mark.filterwarnings("ignore")
def test_every_element_is_one_of_the_allowed(tmp_path):
    out = deidentify(write_stuffed(tmp_path), tmp_path / "b.dcm")
    dataset = pydicom.dcmread(out)
    assert not any(
        element.tag.is_private or element.tag.group in range(0x5000, 0x7FE0) for element in dataset
    )
    texts = {e.keyword: str(e.value) for e in dataset if e.VR in TEXTS and str(e.value)}
    assert set(texts) == {
        "Modality",
        "PhotometricInterpretation",
        "PatientIdentityRemoved",
        "DeidentificationMethod",
    }


def test_what_makes_the_picture_stays(tmp_path):
    elements = {
        "PhotometricInterpretation": "MONOCHROME1",
        "VOILUTSequence": lut((np.linspace(0, 1, 4096) ** 2 * 65535).round()),
        "ImagerPixelSpacing": [0.143, 0.143],
        "ViewPosition": "AP",
        "PatientOrientation": ["R", "F"],
        "PixelPaddingValue": 64,
    }
    path = save(make(**elements), tmp_path)
    before, after = read_image(path), read_image(deidentify(path, tmp_path / "b.dcm"))
    np.testing.assert_array_equal(before.pixels, after.pixels)
    assert (before.view, before.spacing) == (after.view, after.spacing) == ("AP", (0.143, 0.143))


@pytest.mark.parametrize("window", [{}, {"WindowCenter": [100.5, 9], "WindowWidth": [333.25, 9]}])
def test_rescaled_signed_values_stay(tmp_path, window):
    signed = (RAMP.astype(np.int32) - 2048).astype(np.int16)
    path = save(make(signed, RescaleSlope="0.333333333333", RescaleIntercept=-7, **window), tmp_path)
    copy = deidentify(path, tmp_path / "b.dcm")
    np.testing.assert_array_equal(read_image(path).pixels, read_image(copy).pixels)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_comments_in_a_compressed_stream_are_left_behind(tmp_path, compression):
    study = Study("one", NAME, lambda: Image(np.random.default_rng(0).random((40, 40), np.float32)))
    path = write_dicom(study, tmp_path / "a.dcm", DicomStyle(12, True, compression))
    if compression == "jpeg2000":
        dataset = pydicom.dcmread(path)
        comment = b"\xff\x64" + (len(NAME) + 4).to_bytes(2, "big") + b"\0\1" + NAME.encode()
        frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
        at = 4 + int.from_bytes(frame[4:6], "big")
        dataset.PixelData = encapsulate([frame[:at] + comment + frame[at:]])
        assert dataset.file_meta.TransferSyntaxUID == JPEG2000Lossless
        dataset.save_as(path)
    assert NAME.encode() in path.read_bytes()
    copy = deidentify(path, tmp_path / "b.dcm")
    assert NAME.encode() not in copy.read_bytes()
    np.testing.assert_array_equal(read_image(path).pixels, read_image(copy).pixels)


def test_drawings_above_the_stored_bits_are_left_behind(tmp_path):
    plain = save(make(), tmp_path)
    drawn = save(make(RAMP | np.uint16(0x8000)), tmp_path, "drawn.dcm")
    copy = pydicom.dcmread(deidentify(drawn, tmp_path / "b.dcm")).pixel_array
    assert copy.max() < 4096
    np.testing.assert_array_equal(copy, pydicom.dcmread(plain).pixel_array)


def identifiers(path: Path) -> list[str]:
    dataset = pydicom.dcmread(path)
    names = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID")
    return [str(dataset[name].value) for name in names]


def test_a_secret_links_and_its_absence_does_not(tmp_path):
    shared = {"StudyInstanceUID": "1.2.9", "SeriesInstanceUID": "1.2.10"}
    one = save(make(**shared), tmp_path, "one.dcm")
    two = save(make(SOPInstanceUID="1.2.4", **shared), tmp_path, "two.dcm")
    first, second = (identifiers(deidentify(p, tmp_path / "out.dcm", SECRET)) for p in (one, two))
    assert first[0] != second[0]
    assert first[1:] == second[1:]
    assert len(first[3]) == 16
    other = identifiers(deidentify(one, tmp_path / "out.dcm", secrets.token_hex()))
    assert not set(first) & set(other)
    alone, again = (identifiers(deidentify(one, tmp_path / "out.dcm")) for _ in range(2))
    assert alone[3] == again[3] == ""
    assert not set(alone[:3]) & set(again[:3])


@pytest.mark.parametrize("sign", ["BurnedInAnnotation", "RecognizableVisualFeatures"])
def test_what_is_burnt_in_is_refused(tmp_path, sign):
    path = save(make(**{sign: "YES"}), tmp_path)
    with pytest.raises(MapleError, match=rf"image\.dcm: {sign} is YES"):
        deidentify(path, tmp_path / "b.dcm")
    assert not (tmp_path / "b.dcm").exists()


def test_bad_calls(tmp_path):
    path = save(make(), tmp_path)
    with pytest.raises(MapleError, match="is the file itself"):
        deidentify(path, path)
    with pytest.raises(MapleError, match="no such folder"):
        deidentify(path, tmp_path / "none" / "b.dcm")
    with pytest.raises(MapleError, match="secret: 5 characters"):
        deidentify(path, tmp_path / "b.dcm", "short")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["image.dcm"]


@pytest.mark.skipif(not REAL.is_dir(), reason="real data not found beside the repository")
def test_every_real_image_looks_the_same_afterwards(tmp_path):
    copied = 0
    for path in sorted((REAL / "dicom" / "files").iterdir()):
        try:
            before = read_image(path)
        except MapleError:
            continue
        after = read_image(deidentify(path, tmp_path / "b.dcm"))
        np.testing.assert_array_equal(before.pixels, after.pixels, err_msg=path.name)
        assert (before.view, before.spacing) == (after.view, after.spacing)
        copied += 1
    assert copied == 30
