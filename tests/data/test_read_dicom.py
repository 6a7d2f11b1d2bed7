"""A DICOM that holds one grey image comes out bone bright in [0, 1]; all else is one clear error."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_files import RAMP, lut, make, save
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from maple_lib.data.read import read_image
from maple_lib.errors import MapleError


def pixels_of(folder, *args, **elements) -> np.ndarray:
    return read_image(save(make(*args, **elements), folder)).pixels


def test_without_a_window_the_range_that_is_held_becomes_0_to_1(tmp_path):
    pixels = pixels_of(tmp_path)
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, RAMP / RAMP.max(), atol=1e-6)


def test_monochrome1_is_the_same_picture_the_other_way_round(tmp_path):
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    bright = pixels_of(tmp_path, **window)
    dark = pixels_of(tmp_path, PhotometricInterpretation="MONOCHROME1", **window)
    np.testing.assert_allclose(dark, 1 - bright, atol=1e-6)
    back = pixels_of(tmp_path, (4095 - RAMP), PhotometricInterpretation="MONOCHROME1", **window)
    np.testing.assert_allclose(back, bright, atol=1e-6)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_byte_order_and_encoding_do_not_matter(tmp_path, syntax):
    np.testing.assert_array_equal(pixels_of(tmp_path, syntax=syntax), pixels_of(tmp_path))


def test_signed_values_with_rescale_equal_unsigned_ones(tmp_path):
    signed = (RAMP.astype(np.int32) - 2048).astype(np.int16)
    window = {"WindowCenter": 1000, "WindowWidth": 900}
    shifted = pixels_of(tmp_path, signed, RescaleSlope=1, RescaleIntercept=2048, **window)
    np.testing.assert_allclose(shifted, pixels_of(tmp_path, **window), atol=1e-6)


def test_linear_window_follows_the_standard(tmp_path):
    centre, width = 2000, 1000
    expected = (RAMP.astype(float) - (centre - 0.5)) / (width - 1) + 0.5
    pixels = pixels_of(tmp_path, WindowCenter=centre, WindowWidth=width)
    np.testing.assert_allclose(pixels, expected.clip(0, 1), atol=1e-6)


def test_exact_and_sigmoid_windows(tmp_path):
    window = {"WindowCenter": 2000, "WindowWidth": 1000}
    exact = pixels_of(tmp_path, VOILUTFunction="LINEAR_EXACT", **window)
    np.testing.assert_allclose(exact, ((RAMP - 2000.0) / 1000 + 0.5).clip(0, 1), atol=1e-6)
    curved = pixels_of(tmp_path, VOILUTFunction="SIGMOID", **window)
    np.testing.assert_allclose(curved, 1 / (1 + np.exp(-4 * (RAMP - 2000.0) / 1000)), atol=1e-6)


def test_the_first_of_several_windows_is_used(tmp_path):
    several = pixels_of(tmp_path, WindowCenter=[1000, 3000], WindowWidth=[500, 9])
    np.testing.assert_array_equal(several, pixels_of(tmp_path, WindowCenter=1000, WindowWidth=500))


@pytest.mark.parametrize("width", [0, -5])
def test_a_window_that_cannot_be_used_is_ignored(tmp_path, width):
    np.testing.assert_array_equal(
        pixels_of(tmp_path, WindowCenter=10, WindowWidth=width), pixels_of(tmp_path)
    )


def test_voi_lut_goes_before_the_window(tmp_path):
    entries = (np.linspace(0, 1, 4096) ** 2 * 65535).round()
    pixels = pixels_of(tmp_path, VOILUTSequence=lut(entries), WindowCenter=5, WindowWidth=2)
    np.testing.assert_allclose(pixels, entries[RAMP] / 65535, atol=1e-6)


def test_a_voi_lut_that_overstates_its_bits_is_not_black(tmp_path):
    pixels = pixels_of(tmp_path, VOILUTSequence=lut(np.arange(4096), bits=16))
    assert pixels.max() > 0.95


def test_values_beyond_a_lut_take_its_ends(tmp_path):
    pixels = pixels_of(tmp_path, VOILUTSequence=lut([0, 30000, 65535], first=1000))
    assert set(np.unique(pixels)) <= {np.float32(0), np.float32(30000 / 65535), np.float32(1)}
    assert pixels[0, 0] == 0
    assert pixels[-1, -1] == 1


def test_modality_lut_comes_before_the_window(tmp_path):
    entries = np.arange(4096)[::-1]
    window = {"WindowCenter": 1000, "WindowWidth": 500}
    through = pixels_of(tmp_path, ModalityLUTSequence=lut(entries, bits=12), **window)
    np.testing.assert_allclose(through, pixels_of(tmp_path, 4095 - RAMP, **window), atol=1e-6)


def test_padding_is_black_and_does_not_stretch_the_range(tmp_path):
    padded = RAMP.copy()
    padded[0] = 4095
    pixels = pixels_of(tmp_path, padded, PixelPaddingValue=4095, PhotometricInterpretation="MONOCHROME1")
    assert (pixels[0] == 0).all()
    assert pixels[1, 0] == 1  # the smallest real value: MONOCHROME1's brightest
    assert pixels[-1, -1] == 0


def test_8_bit_and_constant_images(tmp_path):
    eight = np.arange(64, dtype=np.uint8).reshape(8, 8)
    np.testing.assert_allclose(pixels_of(tmp_path, eight, 8), eight / 63, atol=1e-6)
    assert not pixels_of(tmp_path, np.full((4, 4), 7, np.uint16)).any()


def test_view_spacing_and_nothing_that_identifies(tmp_path):
    dataset = make(ViewPosition="AP", ImagerPixelSpacing=[0.2, 0.1])
    image = read_image(save(dataset, tmp_path))
    assert (image.view, image.spacing, image.source) == ("AP", (0.2, 0.1), "image.dcm")
    assert "Secret" not in repr(image)
    assert "MRN123" not in repr(image)


def view_code(*words: str) -> Sequence:
    items = [Dataset() for _ in words]
    for item, word in zip(items, words, strict=True):
        item.CodeMeaning = word
    return Sequence(items)


@pytest.mark.parametrize(
    ("position", "code", "view"),
    [
        ("PA", "lateral", "PA"),
        ("AP", None, "AP"),
        ("LL", None, "LATERAL"),
        ("RL", None, "LATERAL"),
        ("LATERAL", None, "LATERAL"),
        ("LAT", None, "LATERAL"),
        ("LEFT LATERAL", None, "LATERAL"),
        (None, "postero-anterior", "PA"),
        (None, "Antero-Posterior", "AP"),
        ("", "left lateral", "LATERAL"),
        ("", "Lateral projection", "LATERAL"),
        ("LLD", "antero-posterior left lateral decubitus", "AP"),
        ("LLD", "left lateral decubitus", None),
        ("", "bilateral", None),
        ("XYZ", "", None),
        (None, None, None),
    ],
)
def test_views_and_the_flag_of_lateral_ones(tmp_path, position, code, view):
    elements = {"ViewPosition": position} if position is not None else {}
    if code is not None:
        elements["ViewCodeSequence"] = view_code(code)
    image = read_image(save(make(**elements), tmp_path))
    assert image.view == view
    assert image.flags == (("lateral view",) if view == "LATERAL" else ())


@pytest.mark.parametrize(("said", "flagged"), [("YES", True), ("NO", False), ("", False)])
def test_burnt_in_annotation_is_flagged(tmp_path, said, flagged):
    image = read_image(save(make(BurnedInAnnotation=said, ViewPosition="PA"), tmp_path))
    assert image.flags == (("burnt-in annotation",) if flagged else ())
    assert ("burnt-in" in repr(image)) == flagged


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (["L", "F"], lambda p: p),
        (["R", "F"], lambda p: p[:, ::-1]),
        (["L", "H"], lambda p: p[::-1]),
        (["F", "L"], lambda p: p.T),
        (["P", "F"], lambda p: p),
    ],
)
def test_frontal_images_are_turned_upright(tmp_path, orientation, turn):
    plain = pixels_of(tmp_path)
    np.testing.assert_array_equal(pixels_of(tmp_path, PatientOrientation=orientation), turn(plain))


def test_a_file_without_preamble_is_read(tmp_path):
    path = save(make(), tmp_path)
    bare = tmp_path / "bare"
    bare.write_bytes(path.read_bytes()[132:])
    np.testing.assert_array_equal(read_image(bare).pixels, read_image(path).pixels)


@pytest.mark.parametrize(
    ("elements", "says"),
    [
        ({"NumberOfFrames": 2}, "2 frames"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "not a grey image"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "PALETTE COLOR"),
        ({"Rows": 0}, "0 x 8 pixels"),
        ({"Rows": 60000, "Columns": 60000}, "more than any radiograph"),
        ({"Rows": 9}, "cannot be decoded"),
        ({"BitsAllocated": 12}, "12 bits allocated"),
        ({"RescaleSlope": 0, "RescaleIntercept": 1}, "rescale slope 0"),
    ],
)
def test_what_cannot_be_one_grey_image_is_one_error(tmp_path, elements, says):
    path = save(make(**elements), tmp_path)
    with pytest.raises(MapleError, match=says) as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert "Secret" not in str(caught.value)


def test_missing_pixels(tmp_path):
    dataset = make()
    del dataset.PixelData
    with pytest.raises(MapleError, match="no pixel data"):
        read_image(save(dataset, tmp_path))


def test_unknown_transfer_syntax_names_itself_and_a_remedy(tmp_path):
    dataset = make()
    path = save(dataset, tmp_path)
    old, new = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(MapleError, match=r"1\.2\.840\.10008\.1\.2\.9.*not supported.*convert"):
        read_image(path)


def test_truncated_at_every_length_is_an_image_or_one_error(tmp_path, recwarn, caplog, capfd):
    whole = save(make(), tmp_path).read_bytes()
    cut = tmp_path / "cut.dcm"
    for length in range(0, len(whole) - 1, 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(MapleError, match=r"cut\.dcm"):
            read_image(cut)
    assert not recwarn.list
    assert caplog.text == ""
    assert capfd.readouterr().err == ""
