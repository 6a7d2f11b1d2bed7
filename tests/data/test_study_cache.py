"""The cache gives what the reader gives, once, to several processes, within its bound."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from maple_lib.data import cache as cache_module
from maple_lib.data.cache import ImageCache
from maple_lib.data.dicom.write import write_dicom
from maple_lib.data.read import read_image
from maple_lib.data.resample import resize
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError

ONE = 128 + 24 * 16 + 4  # bytes of a file: header, array, checksum


def picture(path: Path, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    Pillow.fromarray(rng.integers(0, 256, (60, 40), dtype=np.uint8)).save(path)
    return path


@pytest.mark.parametrize(("dtype", "step"), [("uint8", 1 / 255), ("uint16", 1 / 65535)])
def test_cached_is_read_and_resized_within_half_a_step(tmp_path, dtype, step):
    path = picture(tmp_path / "a.png")
    cache = ImageCache(tmp_path / "cache", 24, dtype)
    expected = resize(read_image(path).pixels, 24)
    for _ in range(2):
        image = cache.read(path)
        assert image.pixels.shape == (24, 16)
        np.testing.assert_allclose(image.pixels, expected, atol=0.51 * step)
    assert cache.array(path).dtype == dtype
    assert isinstance(cache.array(path), np.memmap)


def test_the_second_time_nothing_is_decoded(tmp_path, monkeypatch):
    path = picture(tmp_path / "a.png")
    first = ImageCache(tmp_path / "cache", 24).read(path)

    def refuse(_):
        raise AssertionError("decoded again")

    monkeypatch.setattr(cache_module, "read_image", refuse)
    np.testing.assert_array_equal(ImageCache(tmp_path / "cache", 24).read(path).pixels, first.pixels)


def test_a_changed_file_is_read_anew_and_equal_content_is_shared(tmp_path):
    cache = ImageCache(tmp_path / "cache", 24)
    path, copy = picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    before = cache.read(path).pixels
    np.testing.assert_array_equal(cache.read(copy).pixels, before)
    assert len(list(cache.arrays.iterdir())) == 1
    picture(path, seed=1)
    os.utime(path, ns=(1, 1))
    assert not np.array_equal(cache.read(path).pixels, before)


def test_view_and_scaled_spacing_come_along(tmp_path):
    study = Study("s", "p", lambda: Image(np.eye(64, dtype=np.float32), (0.5, 0.5), "AP"))
    path = write_dicom(study, tmp_path / "a.dcm")
    for _ in range(2):
        image = ImageCache(tmp_path / "cache", 16).read(path)
        assert (image.view, image.spacing, image.source) == ("AP", (2.0, 2.0), "a.dcm")


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY garbage", b"x" * 500])
def test_a_damaged_array_is_made_again(tmp_path, damage):
    path = picture(tmp_path / "a.png")
    cache = ImageCache(tmp_path / "cache", 24)
    good = cache.read(path).pixels
    next(cache.arrays.iterdir()).write_bytes(damage)
    np.testing.assert_array_equal(cache.read(path).pixels, good)
    np.testing.assert_array_equal(np.asarray(cache.array(path)) / np.float32(255), good)


def test_one_changed_byte_is_noticed_by_the_next_process(tmp_path):
    path = picture(tmp_path / "a.png")
    good = ImageCache(tmp_path / "cache", 24).read(path).pixels
    file = next((tmp_path / "cache" / "arrays").iterdir())
    content = bytearray(file.read_bytes())
    for place in (-1, -5, -100, 130):
        changed = content.copy()
        changed[place] ^= 1
        file.write_bytes(changed)
        np.testing.assert_array_equal(ImageCache(tmp_path / "cache", 24).read(path).pixels, good)
        assert file.read_bytes() == content


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"key": "../../a"}', b'{"key": 3, "shape": 1}'])
def test_a_damaged_entry_is_made_again(tmp_path, damage):
    path = picture(tmp_path / "a.png")
    cache = ImageCache(tmp_path / "cache", 24)
    good = cache.read(path).pixels
    entry = next(cache.entries.iterdir())
    whole = entry.read_bytes()
    entry.write_bytes(damage)
    np.testing.assert_array_equal(cache.read(path).pixels, good)
    assert entry.read_bytes() == whole


def test_what_a_stopped_process_left_is_removed_after_a_while(tmp_path):
    cache = ImageCache(tmp_path / "cache", 24)
    old, new = cache.arrays / "old.part", cache.arrays / "new.part"
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))
    ImageCache(tmp_path / "cache", 24)
    assert (old.exists(), new.exists()) == (False, True)


def test_the_bound_holds_and_the_last_used_stay(tmp_path):
    paths = [picture(tmp_path / f"{i}.png", seed=i) for i in range(12)]
    cache = ImageCache(tmp_path / "cache", 24, max_bytes=6 * ONE)
    for i, path in enumerate(paths):
        cache.read(path)
        kept = next(f for f in cache.arrays.iterdir() if f.stat().st_mtime_ns > 10**15)
        os.utime(kept, ns=(i, i))  # a clock that ticks once an image
        assert sum(f.stat().st_size for f in cache.arrays.iterdir()) <= 6 * ONE
    assert ImageCache(tmp_path / "cache", 24)._find(cache.entries / cache._link_name(paths[-1]))
    assert not cache._find(cache.entries / cache._link_name(paths[0]))


def test_errors_are_the_readers_own_and_leave_nothing(tmp_path):
    cache = ImageCache(tmp_path / "cache", 24)
    (tmp_path / "text.dcm").write_text("not an image")
    for name, says in [("text.dcm", "a text file"), ("missing.dcm", "no such file")]:
        with pytest.raises(MapleError, match=says):
            cache.read(tmp_path / name)
    assert not list(cache.entries.iterdir())
    assert not list(cache.arrays.iterdir())
    with pytest.raises(MapleError, match="size 0"):
        ImageCache(tmp_path, 0)


def read_all(folder: Path, paths: list[Path]) -> tuple[float, int]:
    """The sum of all pixels, and the most bytes that lay in the cache."""
    cache, total, most = ImageCache(folder, 24, max_bytes=5 * ONE), 0.0, 0
    for _ in range(6):
        for path in paths:
            total += float(cache.read(path).pixels.sum())
            most = max(most, sum(size for _, size, _ in cache._files()))
    return total, most


def test_four_processes_share_one_cache_that_is_too_small(tmp_path):
    paths = [picture(tmp_path / f"{i}.png", seed=i) for i in range(12)]
    orders = [paths, paths[::-1], paths[6:] + paths[:6], paths[::2] + paths[1::2]]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        results = pool.starmap(read_all, [(tmp_path / "cache", order) for order in orders])
    alone, _ = read_all(tmp_path / "alone", paths)
    assert [total for total, _ in results] == pytest.approx([alone] * 4)
    assert max(most for _, most in results) <= (5 + 4) * ONE  # each may have one beyond the bound
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_flags_come_along(tmp_path, monkeypatch):
    path = picture(tmp_path / "a.png")
    image = Image(np.eye(24, dtype=np.float32), flags=("lateral view",))
    monkeypatch.setattr(cache_module, "read_image", lambda _: image)
    for _ in range(2):
        assert ImageCache(tmp_path / "cache", 24).read(path).flags == ("lateral view",)
