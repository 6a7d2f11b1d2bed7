"""The same checkpoint gives the same table, scored twice, in batches of 1 and 64, with others or alone."""

import pandas as pd
import pytest
import torch

from maple_lib.data.phantoms import phantom_studies
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate, protocol
from maple_lib.evaluation.encoding import BLOCK, encode_readable, similarities
from maple_lib.evaluation.location import evaluate_location_retrieval
from maple_lib.evaluation.problems import Problems
from maple_lib.methods import create_method
from maple_lib.methods.inference import encode_texts, inference


@pytest.fixture(scope="module")
def real():
    torch.manual_seed(0)
    return create_method("asg", image_size=64, image_strides=(8,), image_width=32, dim=32)


@pytest.fixture(scope="module")
def phantoms():
    return phantom_studies(BLOCK + 3, seed=11, size=64, difficulty="easy")


def patches(method, studies, batch_size):
    with inference(method):
        parts = list(encode_readable(method, studies, batch_size))
    assert [i for part in parts for i in part.index] == list(range(len(studies)))
    return torch.cat([part.features.patches for part in parts])


def test_features_do_not_know_their_batch(real, phantoms):
    whole = patches(real, phantoms, 64)
    assert torch.equal(whole, patches(real, phantoms, 1))
    assert torch.equal(whole[5:8], patches(real, phantoms[5:8], 32))
    assert torch.equal(whole.flip(0), patches(real, phantoms[::-1], 32))


@pytest.mark.parametrize("name", ["phantom_grounding_easy", "retrieval"])
def test_tables_are_the_same_twice_and_in_batches_of_1_and_64(real, phantoms, name):
    first, again, one, many = (
        evaluate(real, phantoms, name, batch_size=size).table for size in (32, 32, 1, 64)
    )
    for other in (again, one, many):
        pd.testing.assert_frame_equal(first, other, check_exact=True)


def test_location_tables_are_too(toy, real, phantoms):
    settings = protocol("location_retrieval")
    studies = [toy.study(i) for i in range(24)]
    one, many = (evaluate_location_retrieval(real, studies, settings, size).table for size in (1, 64))
    pd.testing.assert_frame_equal(one, many, check_exact=True)


def test_only_whole_blocks_reach_the_network(toy):
    seen = []
    encode = toy.method.encode_images
    toy.method.encode_images = lambda images, regions=None: (
        seen.append(len(images)) or encode(images, regions)
    )
    evaluate(toy.method, [toy.study(i) for i in range(BLOCK + 1)], "retrieval", batch_size=5)
    assert seen == [BLOCK, BLOCK]


def test_a_methods_own_similarity_is_asked_else_the_cosine(toy):
    with inference(toy.method):
        (part,) = encode_readable(toy.method, toy.studies[:3])
        texts = encode_texts(toy.method, [f"text {i}" for i in range(150)])
        cosine = similarities(toy.method, part.features, texts)
        torch.testing.assert_close(cosine, part.features.pooled @ texts.pooled.T)
        toy.method.similarity = lambda images, texts: -(images.pooled @ texts.pooled.T)
        torch.testing.assert_close(similarities(toy.method, part.features, texts), -cosine)
    assert cosine.shape == (3, 150)


def test_unreadable_images_are_errors_unless_somebody_counts(toy):
    def broken():
        raise MapleError("a.dcm", "cut off", "copy it again")

    lost = toy.study(1)
    lost.load_image = broken
    studies = [toy.study(0), lost, toy.study(2)]
    with pytest.raises(MapleError, match="cut off"), inference(toy.method):
        list(encode_readable(toy.method, studies))
    problems = Problems()
    with inference(toy.method):
        (part,) = encode_readable(toy.method, studies, problems=problems)
    assert part.index == [0, 2]
    assert problems.table()["study_id"].tolist() == ["study-1"]
