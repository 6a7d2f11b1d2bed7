"""The fingerprint: copies meet, other chests do not, however many there are."""

import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from maple_lib.data.doctor.hashing import NEAR, PRINT_SIZE, copies, fingerprint, groups, near_pairs
from maple_lib.data.phantoms import phantom_studies
from maple_lib.data.resample import resize


@pytest.fixture(scope="module")
def chests():
    return [study.image.pixels for study in phantom_studies(60, seed=7, size=128, report=False)]


def jpeg(pixels):
    buffer = io.BytesIO()
    PillowImage.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(buffer, "JPEG", quality=60)
    return np.asarray(PillowImage.open(buffer), np.float32) / 255


def noisy(pixels):
    noise = np.random.default_rng(0).normal(0, 0.02, pixels.shape)
    return np.clip(0.9 * pixels + 0.03 + noise, 0, 1).astype(np.float32)


def found(images):
    prints = [fingerprint(pixels) for pixels in images]
    return copies(np.array([p.bits for p in prints], np.uint64), np.stack([p.print for p in prints])).tolist()


def test_other_chests_are_no_copies(chests):
    assert found(chests) == []


@pytest.mark.parametrize("altered", [jpeg, noisy, lambda p: resize(p, 80)], ids=["jpeg", "noisy", "smaller"])
def test_an_altered_copy_is_one(chests, altered):
    assert found([*chests, *(altered(pixels) for pixels in chests[:20])]) == [[i, i + 60] for i in range(20)]


@pytest.mark.parametrize("other", [lambda p: p[:, ::-1], lambda p: 1 - p], ids=["mirrored", "inverted"])
def test_mirrored_and_inverted_images_are_other_images(chests, other):
    assert found([chests[0], np.ascontiguousarray(other(chests[0]))]) == []


def test_every_pair_within_the_distance_is_a_candidate():
    """Against the plain comparison of all pairs; planted neighbours differ in every possible place."""
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2**63, 600, np.uint64)
    for i in range(300):
        flipped = sum(1 << int(bit) for bit in rng.choice(64, i % 6, replace=False))
        hashes[300 + i] = hashes[i] ^ np.uint64(flipped)
    bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).astype(int)
    apart = (bits[:, None] != bits[None]).sum(-1)
    expected = {(int(i), int(j)) for i, j in np.argwhere(apart <= NEAR) if i < j}
    assert {tuple(pair) for block in near_pairs(hashes) for pair in block.tolist()} == expected
    assert len(expected) >= 200


def test_near_hashes_of_unlike_prints_are_refused():
    rng = np.random.default_rng(2)
    prints = rng.integers(-127, 127, (3, PRINT_SIZE)).astype(np.int8)
    prints[2] = prints[0]
    assert copies(np.array([5, 5, 4], np.uint64), prints).tolist() == [[0, 2]]


def test_chests_of_one_hash_are_told_apart_by_their_prints(chests):
    prints = np.stack([fingerprint(pixels).print for pixels in chests])
    assert copies(np.zeros(len(chests), np.uint64), prints).tolist() == []


def test_groups_join_chains_in_order():
    assert groups(np.array([[4, 9], [1, 4], [2, 3]])) == [[1, 4, 9], [2, 3]]
    assert groups(np.empty((0, 2), np.int64)) == []


@pytest.mark.slow
def test_two_hundred_thousand_hashes_fit_in_memory():
    """As crowded as chests are: every bit leans, as measured on real radiographs."""
    rng = np.random.default_rng(3)
    leaning = rng.random((200_000, 64)) < rng.uniform(0.1, 0.9, 64)
    hashes = np.frombuffer(np.packbits(leaning, axis=1).tobytes(), ">u8").astype(np.uint64)
    hashes[-1] = hashes[0]
    assert any([0, 199_999] in block.tolist() for block in near_pairs(hashes))
