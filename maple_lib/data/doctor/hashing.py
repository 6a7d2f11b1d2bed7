"""Which pictures are the same picture: a 64-bit hash finds candidates, a finer print confirms them.

The usual perceptual hash keeps the lowest frequencies, and all chests agree in those. Leaving out the first
row and column of the cosine transform, which hold the slow trends, parts two radiographs by 11 bits and more
where the usual one parts them by 6 (210 real radiographs, follow-ups of one patient among them);
recompressed, noisy or halved copies stay within 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.resample import resize
from maple_lib.data.study import Pixels

NEAR = 3  # bits: with four parts of 16 bits, one part at least is equal
_SIDE, _BITS = 32, 8
_PRINT_FROM, _PRINT_TO = 8, 24
PRINT_SIZE = _PRINT_TO**2 - _PRINT_FROM**2
_SAME = 0.96  # other radiographs correlate up to 0.75, other phantoms 0.94, copies from 0.98
_PART = 16
_BLOCK = 2048  # rows of a bucket that are compared at a time: 2048 x 2048 x 8 bytes


class Fingerprint(NamedTuple):
    """A 64-bit hash, and (PRINT_SIZE,) int8: the middle frequencies, of unit norm times 127."""

    bits: int
    print: NDArray[np.int8]


def fingerprint(pixels: Pixels) -> Fingerprint:
    """Hash an image (H, W) of any size; brightness and contrast do not matter."""
    from scipy.fft import dctn

    waves = dctn(resize(pixels, (_SIDE, _SIDE)).astype(np.float64), norm="ortho")
    signs = (waves[1 : _BITS + 1, 1 : _BITS + 1] > 0).ravel()
    middle = waves[:_PRINT_TO, :_PRINT_TO][_middle()]
    scaled = middle / max(float(np.abs(middle).max()), 1e-9) * 127
    return Fingerprint(int.from_bytes(np.packbits(signs).tobytes(), "big"), np.rint(scaled).astype(np.int8))


def _middle() -> NDArray[np.bool_]:
    kept = np.ones((_PRINT_TO, _PRINT_TO), bool)
    kept[:_PRINT_FROM, :_PRINT_FROM] = False
    return kept


def copies(hashes: NDArray[np.uint64], prints: NDArray[np.int8]) -> NDArray[np.int64]:
    """Pairs of images that are one picture.

    Args:
        hashes: (N,) 64-bit hashes.
        prints: (N, PRINT_SIZE) int8.

    Returns:
        (P, 2) row numbers, the smaller first, each pair once, in order.
    """
    found = [confirmed for pairs in near_pairs(hashes) if len(confirmed := _confirm(pairs, prints))]
    if not found:
        return np.empty((0, 2), np.int64)
    return np.unique(np.concatenate(found), axis=0)


def near_pairs(hashes: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """Pairs (P, 2) within ``NEAR`` bits, block by block; a pair may come more than once.

    Hashes that differ in at most 3 bits are equal in one of four parts, so only those that share a part are
    compared. A part takes every fourth bit: neighbouring bits are alike among chests, and would crowd.
    """
    for part in range(4):
        values = _part(hashes, part)
        order = np.argsort(values, kind="stable")
        ends = np.flatnonzero(np.diff(values[order])) + 1
        for bucket in np.split(order, ends):
            if len(bucket) > 1:
                yield from _near_in(np.sort(bucket), hashes)


def _part(hashes: NDArray[np.uint64], part: int) -> NDArray[np.uint64]:
    value = np.zeros_like(hashes)
    for i in range(_PART):
        value |= ((hashes >> np.uint64(4 * i + part)) & np.uint64(1)) << np.uint64(i)
    return value


def _near_in(rows: NDArray[np.int64], hashes: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), _BLOCK):
        left = rows[start : start + _BLOCK]
        for other in range(start, len(rows), _BLOCK):
            right = rows[other : other + _BLOCK]
            i, j = np.nonzero(_within(hashes[left, None] ^ hashes[right]))
            pairs = np.stack([left[i], right[j]], 1)
            yield pairs[pairs[:, 0] < pairs[:, 1]]


def _within(different: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Where at most ``NEAR`` bits are set: taking the lowest away that often leaves nothing."""
    for _ in range(NEAR):
        different &= different - np.uint64(1)
    return different == 0


def _confirm(pairs: NDArray[np.int64], prints: NDArray[np.int8]) -> NDArray[np.int64]:
    """The pairs whose prints correlate like copies do."""
    if not len(pairs):
        return pairs
    pairs = np.unique(pairs, axis=0)
    kept = [_alike(pairs[i : i + _BLOCK * 8], prints) for i in range(0, len(pairs), _BLOCK * 8)]
    return pairs[np.concatenate(kept)]


def _alike(pairs: NDArray[np.int64], prints: NDArray[np.int8]) -> NDArray[np.bool_]:
    one, other = (prints[pairs[:, i]].astype(np.float32) for i in (0, 1))
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    correlation: NDArray[np.float32] = np.einsum("pd,pd->p", one, other) / np.maximum(norms, 1e-9)
    return correlation >= _SAME


def groups(pairs: NDArray[np.int64]) -> list[list[int]]:
    """Pairs joined to groups: if a is b and b is c, all three are one; ordered by their first member."""
    leader: dict[int, int] = {}

    def find(row: int) -> int:
        while leader.setdefault(row, row) != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    for a, b in pairs.tolist():
        first, second = sorted((find(a), find(b)))
        leader[second] = first
    joined: dict[int, list[int]] = {}
    for row in sorted(leader):
        joined.setdefault(find(row), []).append(row)
    return list(joined.values())
