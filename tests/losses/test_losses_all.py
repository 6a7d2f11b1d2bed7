"""What holds for every loss: derivatives, order of the studies, better when aligned, finite when empty."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from maple_lib import losses

B, N, R, S, L, F, D = 4, 5, 3, 2, 4, 3, 6


def unit(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.nn.functional.normalize(
        torch.randn(*shape, generator=generator, dtype=torch.float64), dim=-1
    )


def lengths(generator: torch.Generator, longest: int) -> Tensor:
    """Masks of captions with 1 to ``longest`` entries, of which one is the longest and one has one."""
    count = torch.randint(1, longest + 1, (B,), generator=generator)
    count[0], count[1] = longest, 1
    return torch.arange(longest) < count[:, None]


def near(generator: torch.Generator, other: Tensor) -> Tensor:
    return other + 0.1 * torch.randn(other.shape, generator=generator, dtype=other.dtype)


def whole(g: torch.Generator) -> dict[str, Tensor]:
    image = unit(g, B, D)
    return {"image": image, "text": near(g, image)}


def labelled(g: torch.Generator) -> dict[str, Tensor]:
    return whole(g) | {"labels": torch.randint(-1, 2, (B, F), generator=g)}


def twice_labelled(g: torch.Generator) -> dict[str, Tensor]:
    # One label per study, so that the targets prefer the study itself.
    labels = torch.eye(B, dtype=torch.long) * 4
    return whole(g) | {"image_labels": labels, "text_labels": labels}


def word_patch(g: torch.Generator) -> dict[str, Tensor]:
    patches, mask = 2 * unit(g, B, N, D), lengths(g, L)
    return {"patches": patches, "words": near(g, patches[:, :L]), "word_mask": mask}


def regions(g: torch.Generator) -> dict[str, Tensor]:
    image = unit(g, B, R, D)
    valid = torch.ones(B, R, dtype=torch.bool)
    valid[0, 1] = valid[1] = valid[2, :2] = False
    return {"regions": image, "sentences": near(g, image), "valid": valid}


def located(g: torch.Generator) -> dict[str, Tensor]:
    # The first and the last study are alike, in what is stated and in what is seen.
    given = regions(g)
    given["regions"][3] = given["regions"][0]
    given["sentences"][3] = near(g, given["sentences"][0])
    findings = torch.eye(B)[[0, 1, 2, 0]].bool()
    return given | {"findings": findings[:, None].expand(B, R, B)}


def bags(g: torch.Generator) -> dict[str, Tensor]:
    patches, mask = unit(g, B, N, D), lengths(g, S)
    return {"patches": patches, "sentences": near(g, patches[:, :S]), "sentence_mask": mask}


def triplets(g: torch.Generator) -> dict[str, Tensor]:
    findings, states = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    anchors = unit(g, B, D)
    return {
        "anchors": anchors,
        "anchor_findings": findings,
        "anchor_states": states,
        "sentences": near(g, anchors),
        "sentence_findings": findings,
        "sentence_states": states,
    }


def tags(g: torch.Generator) -> dict[str, Tensor]:
    labels = torch.randint(-1, 2, (B, F), generator=g)
    return {"logits": near(g, 2.0 * labels.double()), "labels": labels}


def hardest(**given: Tensor) -> Tensor:
    return losses.hard_triplet(**given, sampling="hardest", margin=2.0)


@dataclass(frozen=True)
class Case:
    """A loss, how to make aligned inputs for it, the two tensors that learn, and what makes it empty."""

    loss: Callable[..., Tensor]
    make: Callable[[torch.Generator], dict[str, Tensor]]
    learns: tuple[str, ...]
    empties: tuple[str, Tensor] | None = None


NOTHING = torch.tensor(False)
CASES = {
    "global": Case(losses.global_contrastive, whole, ("image", "text")),
    "sigmoid": Case(losses.sigmoid_contrastive, whole, ("image", "text")),
    "soft_label": Case(losses.soft_label_contrastive, labelled, ("image", "text")),
    "soft_label_medclip": Case(losses.soft_label_cross_entropy, twice_labelled, ("image", "text")),
    "word_patch": Case(
        losses.word_patch_contrastive, word_patch, ("patches", "words"), ("word_mask", NOTHING)
    ),
    "region_sentence": Case(
        losses.region_sentence_contrastive, regions, ("regions", "sentences"), ("valid", NOTHING)
    ),
    "location": Case(
        losses.location_conditioned_contrastive, regions, ("regions", "sentences"), ("valid", NOTHING)
    ),
    "location_soft": Case(
        losses.location_conditioned_contrastive, located, ("regions", "sentences"), ("valid", NOTHING)
    ),
    "lse_nl": Case(losses.lse_nl_contrastive, bags, ("patches", "sentences"), ("sentence_mask", NOTHING)),
    "triplet": Case(hardest, triplets, ("anchors", "sentences"), ("anchor_findings", torch.tensor(9))),
    "tags": Case(losses.tag_bce, tags, ("logits",), ("labels", torch.tensor(float("nan")))),
}
every_loss = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def made(case: Case, seed: int = 0) -> dict[str, Tensor]:
    return case.make(torch.Generator().manual_seed(seed))


def learning(case: Case, given: dict[str, Tensor]) -> list[Tensor]:
    return [given[name].requires_grad_() for name in case.learns]


@every_loss
def test_derivatives_are_right(case):
    given = made(case)

    def of(*tensors: Tensor) -> Tensor:
        return case.loss(**given | dict(zip(case.learns, tensors, strict=True)))

    assert torch.autograd.gradcheck(of, learning(case, given))


@every_loss
def test_derivatives_are_right_in_temperature(case):
    given = made(case)
    names = {losses.sigmoid_contrastive: "logit_scale", losses.word_patch_contrastive: "logit_scale"}
    if case.loss in (hardest, losses.tag_bce):
        pytest.skip("this loss has no temperature that could be learnt")
    value = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda t: case.loss(**given, **{names.get(case.loss, "temperature"): t}), (value,)
    )


@every_loss
@pytest.mark.parametrize("seed", range(3))
def test_order_of_the_studies_does_not_matter(case, seed):
    given = made(case, seed)
    order = torch.tensor([2, 0, 3, 1])
    moved = {name: x[order] for name, x in given.items()}
    torch.testing.assert_close(case.loss(**moved), case.loss(**given))


@every_loss
def test_aligned_beats_shuffled(case):
    for seed in range(5):
        given = made(case, seed)
        last = case.learns[-1]
        # Regions are contrasted within an image as well, where only another order of regions is wrong.
        shuffled = given[last].roll(1, 0).flip(1) if last == "sentences" else given[last].roll(1, 0)
        assert case.loss(**given) < case.loss(**given | {last: shuffled})


@every_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_lower_precision_agrees(case, dtype):
    given = made(case)
    exact = case.loss(**given)
    low = given | {name: given[name].to(dtype) for name in case.learns}
    loss = case.loss(**low)
    assert loss.dtype == torch.float32
    tolerance = 1e-4 if dtype == torch.float32 else 0.1
    torch.testing.assert_close(loss.double(), exact, atol=tolerance, rtol=tolerance)


@every_loss
def test_autocast_agrees(case):
    given = made(case)
    given |= {name: given[name].float() for name in case.learns}
    tensors = learning(case, given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = case.loss(**given)
        torch.testing.assert_close(loss.double(), case.loss(**made(case)), atol=0.1, rtol=0.1)
        loss.backward()
    assert all(x.grad.isfinite().all() for x in tensors)


@every_loss
def test_nothing_valid_is_zero_with_a_graph(case):
    if case.empties is None:
        given = {name: x[:0] for name, x in made(case).items()}
    else:
        name, value = case.empties
        given = made(case)
        given[name] = value.expand(given[name].shape)
    if case.loss is hardest:
        # No sentence matches; what is left is the term that keeps the anchors apart, and no state differs.
        given["anchor_states"] = torch.zeros(B)
    tensors = learning(case, given)
    with torch.autograd.set_detect_anomaly(True):  # no NaN on the way either, where it would be cut off later
        loss = case.loss(**given)
        assert loss == 0
        loss.backward()
    assert all((x.grad == 0).all() for x in tensors)


@every_loss
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e4])
def test_extreme_embeddings_stay_finite(case, scale):
    given = made(case)
    given |= {name: given[name].float() * scale for name in case.learns}
    tensors = learning(case, given)
    loss = case.loss(**given)
    loss.backward()
    assert loss.isfinite()
    assert all(x.grad.isfinite().all() for x in tensors)


@every_loss
def test_a_wrong_width_is_told_in_words(case):
    given = made(case)
    last = case.learns[-1]
    wrong = given | {last: torch.cat([given[last], given[last][..., :1]], -1)}
    with pytest.raises(ValueError, match=r"\(.*\).*\(.*\) .*— ") as error:
        case.loss(**wrong)
    assert str(tuple(wrong[last].shape)) in str(error.value)


@every_loss
def test_a_missing_axis_is_told_in_words(case):
    given = made(case)
    first = case.learns[0]
    with pytest.raises(ValueError, match=" — "):
        case.loss(**given | {first: given[first][0]})


def test_every_public_loss_is_listed_and_importable():
    for name in losses.__all__:
        assert name in dir(losses)
        assert getattr(losses, name).__doc__
    with pytest.raises(AttributeError, match="global_contrastive"):
        _ = losses.no_such_loss
