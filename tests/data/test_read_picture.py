"""PNG, JPEG and arrays: grey, bone bright, in [0, 1], or one clear error."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from maple_lib.data.read import read_image
from maple_lib.errors import MapleError

GREY = np.linspace(0, 255, 48 * 40).round().astype(np.uint8).reshape(48, 40)


def test_8_bit_png_is_exact_whatever_it_is_called(tmp_path):
    path = tmp_path / "image.dcm"
    Pillow.fromarray(GREY).save(path, format="PNG")
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, GREY.astype(np.float32) / np.float32(255))
    assert (image.source, image.view, image.spacing) == ("image.dcm", None, None)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA"])
def test_grey_in_colour_clothes_is_the_same_grey(tmp_path, mode):
    path = tmp_path / "image.png"
    Pillow.fromarray(GREY).convert(mode).save(path)
    np.testing.assert_allclose(read_image(path).pixels, GREY / 255, atol=1 / 254)


@pytest.mark.parametrize("top", [65535, 4095])
def test_16_bit_png_is_scaled_by_the_bits_it_uses(tmp_path, top):
    path = tmp_path / "image.png"
    Pillow.fromarray((GREY / 255 * top).astype(np.uint16)).save(path)
    np.testing.assert_allclose(read_image(path).pixels, GREY / 255, atol=1e-3)


def test_jpeg_is_close(tmp_path):
    path = tmp_path / "image.jpg"
    Pillow.fromarray(GREY).save(path, quality=95)
    assert np.abs(read_image(path).pixels - GREY / 255).mean() < 0.01


def test_transparent_is_black(tmp_path):
    path = tmp_path / "image.png"
    Pillow.new("RGBA", (5, 5), (255, 255, 255, 0)).save(path)
    assert not read_image(path).pixels.any()


def test_a_blue_tinted_film_is_read_and_a_heat_map_is_not(tmp_path):
    tinted = np.stack([GREY * 0.85, GREY * 0.92, GREY * 1.0], -1).astype(np.uint8)
    Pillow.fromarray(tinted).save(tmp_path / "film.png")
    assert read_image(tmp_path / "film.png").pixels.max() > 0.8
    heat = np.stack([GREY, np.zeros_like(GREY), 255 - GREY], -1)
    Pillow.fromarray(heat).save(tmp_path / "heat.png")
    with pytest.raises(MapleError, match=r"heat\.png: a coloured picture"):
        read_image(tmp_path / "heat.png")


def test_truncated_picture_is_one_error(tmp_path):
    path = tmp_path / "image.png"
    Pillow.fromarray(GREY).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MapleError, match=r"image\.png: a damaged or unfinished picture"):
        read_image(path)


def test_what_is_not_an_image(tmp_path):
    text, empty, other = tmp_path / "note.dcm", tmp_path / "empty.png", tmp_path / "other.png"
    text.write_text("FINDINGS: The lungs are clear.")
    empty.touch()
    other.write_bytes(bytes(range(256)) * 3)
    for path, says in [
        (text, "a text file"),
        (empty, "an empty file"),
        (other, "not an image of a known kind"),
        (tmp_path, "a folder"),
        (tmp_path / "missing.dcm", "no such file"),
    ]:
        with pytest.raises(MapleError, match=says) as caught:
            read_image(path)
        assert str(path) in str(caught.value)


def test_arrays():
    np.testing.assert_array_equal(read_image(GREY).pixels, GREY.astype(np.float32) / np.float32(255))
    unit = np.random.default_rng(0).random((4, 5))
    np.testing.assert_array_equal(read_image(unit).pixels, unit.astype(np.float32))


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((3, 4, 5)), r"\(3, 4, 5\).*expected one grey image"),
        (np.zeros(4), r"\(4,\)"),
        (np.zeros((0, 4)), "no pixels"),
        (np.array([[0.0, np.nan]]), "NaN"),
        (np.array([[0.0, 200.0]]), "from 0 to 200"),
        (np.array([[-1000, 3000]]), "from -1000 to 3000"),
        (np.array([["a"]]), "not numbers"),
        (None, "NoneType"),
    ],
)
def test_arrays_that_cannot_be_images(array, says):
    with pytest.raises(MapleError, match=says):
        read_image(array)
