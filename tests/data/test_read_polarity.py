"""Bone is bright after reading, in real radiographs and in phantoms, and an inverted copy is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maple_lib import phantom
from maple_lib.data.polarity import bone_brightness
from maple_lib.data.read import read_image
from maple_lib.data.resample import resize
from maple_lib.errors import MapleError

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="real data not found beside the repository")


@pytest.fixture(scope="module")
def phantoms() -> list[np.ndarray]:
    return [phantom(11, index, size=96).image.pixels for index in range(12)]


def radiographs() -> list[Path]:
    files = sorted((REAL / "nih_chestxray14" / "images").glob("*.png"))
    files += sorted((REAL / "hannover_cxr" / "png").glob("*.png"))
    return [*files, *(REAL / "dicom" / "files").glob("1.2.276*.dcm")]


@needs_real
def test_bone_is_bright_in_every_real_radiograph_and_not_in_its_inverted_copy():
    files = radiographs()
    assert len(files) == 211
    small = {path.name: resize(read_image(path).pixels, 256) for path in files}
    assert [name for name, pixels in small.items() if bone_brightness(pixels) < 0.3] == []
    assert [name for name, pixels in small.items() if bone_brightness(1 - pixels) > -0.3] == []


def test_phantoms_are_sure_and_their_inverted_copies_too(phantoms):
    assert all(bone_brightness(pixels) > 0.8 for pixels in phantoms)
    assert all(bone_brightness(1 - pixels) < -0.8 for pixels in phantoms)


def test_an_inverted_image_has_the_opposite_score(phantoms):
    noise = np.random.default_rng(0).random((90, 70), np.float32)
    for pixels in (*phantoms, noise):
        assert bone_brightness(1 - pixels) == pytest.approx(-bone_brightness(pixels), abs=1e-5)


def test_size_contrast_and_a_black_border_do_not_matter(phantoms):
    for pixels in phantoms:
        score = bone_brightness(pixels)
        assert bone_brightness(resize(pixels, 64)) == pytest.approx(score, abs=0.05)
        assert bone_brightness(0.3 + 0.2 * pixels) == pytest.approx(score, abs=1e-3)
        assert bone_brightness(np.pad(1 - pixels, ((9, 30), (40, 5)))) == pytest.approx(-score, abs=0.05)


def test_nothing_is_said_of_an_image_without_structure():
    assert bone_brightness(np.full((50, 40), 0.3, np.float32)) == 0
    assert bone_brightness(np.zeros((1, 1), np.float32)) == 0
    with pytest.raises(MapleError, match=r"\(3, 4, 5\)"):
        bone_brightness(np.zeros((3, 4, 5), np.float32))
