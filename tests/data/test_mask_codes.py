"""Masks as text: there and back, and the forms of others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from maple_lib.data.mask_codes import decode_mask, encode_mask, from_coco, from_kaggle, from_siim
from maple_lib.data.phrase_mask import box_mask, phrase_mask, polygon_mask
from maple_lib.data.study import Phrase
from maple_lib.errors import MapleError

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12))
numbers = st.floats(-5, 25, allow_nan=False).map(lambda x: round(x, 2))


def siim_text(mask: np.ndarray) -> str:
    """SIIM's form, pixel by pixel: down the columns, gaps between runs."""
    out, gap, run = [], 0, 0
    for inside in [*mask.T.ravel(), False]:
        if inside:
            run += 1
        elif run:
            out += [gap, run]
            gap, run = 1, 0
        else:
            gap += 1
    return " ".join(map(str, out)) or "-1"


def kaggle_text(mask: np.ndarray) -> str:
    """CheXmask's form, pixel by pixel: along the rows, from 1."""
    flat, out = [False, *mask.ravel(), False], []
    for i in range(1, len(flat) - 1):
        if flat[i] and not flat[i - 1]:
            end = next(j for j in range(i, len(flat)) if not flat[j])
            out += [i, end - i]
    return " ".join(map(str, out))


def coco_counts(mask: np.ndarray) -> list[int]:
    counts, inside = [0], False
    for value in mask.T.ravel():
        if value != inside:
            counts.append(0)
            inside = value
        counts[-1] += 1
    return counts


def coco_text(counts: list[int]) -> str:
    """The compressed form as pycocotools documents it: five bits a letter, differences from the fourth on."""
    text = ""
    for i, count in enumerate(counts):
        x, more = count - (counts[i - 2] if i > 2 else 0), True
        while more:
            letter, x = x & 31, x >> 5
            more = x != (-1 if letter & 16 else 0)
            text += chr((letter | 32 if more else letter) + 48)
    return text


@given(masks)
def test_there_and_back(mask):
    text = encode_mask(mask)
    back = decode_mask(text, mask.shape)
    assert back.dtype == bool
    assert np.array_equal(back, mask)
    assert (text == "") == (not mask.any())


@given(masks)
def test_runs_are_joined_and_in_order(mask):
    values = [int(x) for x in encode_mask(mask).split()]
    starts, lengths = np.array(values[::2], int), np.array(values[1::2], int)
    assert lengths.sum() == mask.sum()
    assert (starts[1:] > starts[:-1] + lengths[:-1]).all()


@given(masks)
def test_siim(mask):
    assert from_siim(siim_text(mask), mask.shape) == encode_mask(mask)


@given(masks)
def test_kaggle(mask):
    assert from_kaggle(kaggle_text(mask), mask.shape) == encode_mask(mask)


@given(masks)
def test_coco_plain_and_compressed(mask):
    counts = coco_counts(mask)
    size = list(mask.shape)
    assert from_coco({"size": size, "counts": counts}) == (encode_mask(mask), mask.shape)
    assert from_coco({"size": size, "counts": coco_text(counts)}) == (encode_mask(mask), mask.shape)


@given(st.lists(st.integers(0, 2_000_000), min_size=2, max_size=12))
def test_coco_numbers_of_any_size(counts):
    counts = [counts[0], *(c + 1 for c in counts[1:])]
    total = sum(counts)
    text, shape = from_coco({"size": [total, 1], "counts": coco_text(counts)})
    ends = np.cumsum(counts)
    expected = [v for a, b in zip(ends[::2], counts[1::2], strict=False) for v in (a, b)]
    assert shape == (total, 1)
    assert text == " ".join(map(str, expected))


def test_coco_reads_what_pycocotools_wrote():
    assert from_coco({"size": [2320, 2828], "counts": "PVWX6"}) == ("", (2320, 2828))
    assert from_coco({"size": [2022, 2021], "counts": "nefl3"}) == ("", (2022, 2021))


def test_siim_none():
    assert from_siim("-1", (4, 4)) == ""
    assert from_siim(" -1", (4, 4)) == ""


@pytest.mark.parametrize(
    ("rle", "words"),
    [
        ("0 3 5", "pairs"),
        ("0 3 2 1", "overlaps"),
        ("0 17", "pixel 17 of 16"),
        ("15 2", "pixel 17 of 16"),
        ("-1 2", "whole numbers"),
        ("1 -2", "whole numbers"),
        ("1 99999999999999999999", "whole numbers"),
        ("a b", "whole numbers"),
        ("1.5 2", "whole numbers"),
        ("1" * 40 + " 2", "whole numbers"),
    ],
)
def test_damaged_text_is_one_clear_error(rle, words):
    with pytest.raises(MapleError, match=words):
        decode_mask(rle, (4, 4))


@pytest.mark.parametrize("read", [decode_mask, from_kaggle, from_siim])
def test_every_reader_refuses_runs_outside_the_image(read):
    with pytest.raises(MapleError, match="of 16"):
        read("2 400", (4, 4))


@pytest.mark.parametrize(
    "segmentation",
    [
        {},
        {"size": [4, 4]},
        {"size": [4], "counts": [16]},
        {"size": [4, 4], "counts": [15]},
        {"size": [4, 4], "counts": [4, -4, 16]},
        {"size": [4, 4], "counts": ""},
        {"size": [4, 4], "counts": "\x01"},
        {"size": [4, 4], "counts": "P"},
        {"size": [4, 4], "counts": "`" * 30 + "0"},
        {"size": [4, 4], "counts": None},
    ],
)
def test_damaged_coco_is_one_clear_error(segmentation):
    with pytest.raises(MapleError):
        from_coco(segmentation)


@given(st.integers(-3, 12), st.integers(-3, 12), st.integers(1, 15), st.integers(1, 15))
def test_polygon_of_a_box_is_the_box(x, y, w, h):
    corners = (x, y, x + w, y, x + w, y + h, x, y + h)
    expected = box_mask((x, y, w, h), (10, 12)) if x + w > 0 and y + h > 0 else np.zeros((10, 12), bool)
    assert np.array_equal(polygon_mask(corners, (10, 12)), expected)


@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=8))
def test_polygon_is_even_odd_at_pixel_centres(corners):
    mask = polygon_mask([v for xy in corners for v in xy], (20, 21))
    for row, column in np.ndindex(20, 21):
        x, y, inside = column + 0.5, row + 0.5, False
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            if (ay > y) != (by > y):
                crossing = ax + (y - ay) * (bx - ax) / (by - ay)
                if abs(crossing - x) < 1e-6:
                    break
                inside ^= crossing < x
        else:
            assert mask[row, column] == inside


@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=8), st.integers(0, 7))
def test_polygon_may_begin_anywhere_and_run_either_way(corners, turn):
    turn %= len(corners)
    other = (corners[turn:] + corners[:turn])[::-1]
    first = polygon_mask([v for xy in corners for v in xy], (20, 21))
    second = polygon_mask([v for xy in other for v in xy], (20, 21))
    assert (first != second).sum() <= 2  # rounding, where an edge meets a pixel's centre


@pytest.mark.parametrize("polygon", [(), (1, 2, 3, 4), (0, 0, 4, 0, 4), (0, 0, 4, 0, float("nan"), 4)])
def test_no_polygon(polygon):
    with pytest.raises(MapleError, match="polygon"):
        polygon_mask(polygon, (8, 8))


def test_phrase_is_the_union_of_all_its_places():
    triangle = (8.0, 8.0, 12.0, 8.0, 8.0, 12.0)
    phrase = Phrase("nodule", "nodule", ((1.0, 2.0, 3.0, 2.0),), None, (triangle,), "0 2")
    mask = phrase_mask(phrase, (16, 16))
    assert mask[2:4, 1:4].all()
    assert mask[0, :2].all()
    assert mask[8, 8]
    assert not mask[11, 11]
    assert mask.sum() == 6 + 2 + polygon_mask(triangle, (16, 16)).sum()


def test_phrase_without_a_place_is_empty():
    assert not phrase_mask(Phrase("clear", "opacity", ()), (4, 5)).any()
