"""Values that nobody here computed: outputs of the released code of GLoRIA, ASG and MedCLIP."""

from pathlib import Path

import numpy as np
import pytest
import torch

from maple_lib import losses

FILE = Path(__file__).parents[1] / "data" / "reference_values.npz"
TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-4}
pytestmark = pytest.mark.parametrize("dtype", TOLERANCE, ids=str)


def case(name: str, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    with np.load(FILE) as file:
        arrays = {key.removeprefix(f"{name}__"): file[key] for key in file if key.startswith(f"{name}__")}
    tensors = {key: torch.from_numpy(value) for key, value in arrays.items()}
    return {key: x.to(dtype) if x.is_floating_point() else x for key, x in tensors.items()}


def agree(ours: torch.Tensor, theirs: torch.Tensor, dtype: torch.dtype) -> None:
    assert ours.dtype == dtype
    torch.testing.assert_close(ours, theirs, atol=TOLERANCE[dtype], rtol=TOLERANCE[dtype])


@pytest.mark.parametrize("direction", ["image_to_text", "text_to_image"])
def test_gloria_global(dtype, direction):
    given = case("gloria_global", dtype)
    loss = losses.global_contrastive(given["images"], given["texts"], 0.1, direction=direction)
    agree(loss, given[direction], dtype)


def gloria_words(given):
    patches = given["image_patches"].flatten(2).mT
    words = given["words"].mT
    mask = torch.arange(words.shape[1]) < given["word_counts"][:, None]
    return patches, words, mask


@pytest.mark.parametrize("direction", ["image_to_text", "text_to_image"])
@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_gloria_local(dtype, direction, chunk):
    given = case("gloria_local", dtype)
    loss = losses.word_patch_contrastive(*gloria_words(given), direction=direction, chunk=chunk)
    agree(loss, given[direction], dtype)


def test_gloria_attention(dtype):
    given = case("gloria_local", dtype)
    attention = losses.word_patch_attention(*gloria_words(given))
    for i, count in enumerate(given["word_counts"]):
        agree(attention[i, :count], given[f"attention_{i}"].flatten(1), dtype)
        assert (attention[i, count:] == 0).all()


def test_asg_image_report(dtype):
    given = case("asg_global", dtype)
    agree(
        losses.global_contrastive(given["images"], given["texts"], 0.07, direction="sum"),
        given["loss"],
        dtype,
    )


def test_asg_region_sentence(dtype):
    given = case("asg_region", dtype)
    loss = losses.region_sentence_contrastive(
        given["region_embeddings"], given["sentence_embeddings"], given["valid"]
    )
    agree(loss, given["loss"], dtype)


def test_asg_tags(dtype):
    given = case("asg_tags", dtype)
    agree(losses.tag_bce(given["logits"], given["labels"]), given["loss"], dtype)


def test_asg_soft_labels(dtype):
    scores, labels = case("asg_global", dtype), case("asg_tags", dtype)["labels"].to(dtype)
    given = case("asg_soft", dtype)
    agree(losses.label_similarity_targets(labels), given["targets"], dtype)
    agree(losses.soft_label_contrastive(scores["images"], scores["texts"], labels), given["loss"], dtype)


def test_medclip_soft_labels(dtype):
    given = case("medclip_soft", dtype)
    logits = given["logits"]
    # The case gives logits, not embeddings: compared with the unit vectors, they are their own embeddings.
    loss = losses.soft_label_cross_entropy(
        logits,
        torch.eye(len(logits), dtype=dtype),
        given["image_labels"],
        given["text_labels"],
        temperature=1.0,
        normalise=False,
    )
    agree(loss, given["loss"], dtype)
