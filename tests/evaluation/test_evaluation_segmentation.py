import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from maple_lib.data.study import Image, Lesion, Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate
from maple_lib.evaluation.segmentation.decoders import build_decoder
from maple_lib.evaluation.segmentation.dice import dice_on_images, dice_scores, to_images
from maple_lib.evaluation.segmentation.loss import focal_dice_loss, focal_loss, soft_dice
from maple_lib.evaluation.segmentation.protocols import SegmentationProtocol
from maple_lib.evaluation.segmentation.targets import target_mask, training_truth


def rules(**changes):
    facts = {"name": "toy", "version": 1, "task": "segmentation", "description": "", "source": ""}
    rule = {"learning_rate": 0.02, "weight_decay": 0.0, "batch": 6, "epochs": 12, "patience": 12}
    kind = {"targets": ("mass", "left lung"), "decoder": "unet", "width": 8, "bootstrap": 40}
    return SegmentationProtocol(**{**facts, **rule, **kind, **changes})


class Cells(nn.Module):
    """Patches of 4 pixels: mean, largest and smallest; it counts how often it is run."""

    runs = 0

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, images):
        Cells.runs += 1
        cells = images.unfold(2, 4, 4).unfold(3, 4, 4).flatten(4).flatten(1, 3)
        return torch.stack([cells.mean(-1), cells.amax(-1), cells.amin(-1)], -1) * self.scale


class Toy(nn.Module):
    image_size, grid, name = 32, (8, 8), "toy"

    def __init__(self):
        super().__init__()
        self.image_encoder = Cells()


def study(number, size=(32, 32), patient=None):
    """Every second image shows a bright square; the left lung is the right half of the image."""
    rng = np.random.default_rng([6, number])
    mask = np.zeros(size, bool)
    if number % 2:
        y, x = rng.integers(0, 3, 2) * 8
        mask[y : y + 8, x : x + 8] = True
    lung = np.zeros(size, bool)
    lung[:, size[1] // 2 :] = True
    pixels = (0.2 + 0.3 * lung + 0.5 * mask).clip(0, 1).astype(np.float32)
    lesions = (Lesion("mass", "left lung", mask, 1.0),) if mask.any() else ()
    return Study(
        f"study-{number}",
        patient or f"patient-{number}",
        lambda: Image(pixels),
        regions={"left lung": lung},
        lesions=lesions,
    )


STUDIES = [study(i) for i in range(48)]


class TestLoss:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 2, 5, 4, generator=generator, dtype=torch.double)
    truth = (torch.rand(3, 2, 5, 4, generator=generator) < 0.3).double()
    known = torch.tensor([[1, 1], [1, 0], [0, 1]]).double()

    def test_equal_to_the_formulas_written_out(self):
        focal, pixels = 0.0, 0
        log_dice = []
        for k in range(2):
            overlap = total = 0.0
            for b in range(3):
                if not self.known[b, k]:
                    continue
                for z, t in zip(self.logits[b, k].flatten(), self.truth[b, k].flatten(), strict=True):
                    p = 1 / (1 + np.exp(-float(z)))
                    right = p if t else 1 - p
                    focal += -((1 - right) ** 2) * np.log(right)
                    pixels += 1
                    overlap += p * float(t)
                    total += p + float(t)
            log_dice.append(np.log((2 * overlap + 1) / (total + 1)))
        found = focal_dice_loss(self.logits, self.truth, self.known, 10, 2)
        assert float(found) == pytest.approx(10 * focal / pixels - np.mean(log_dice))

    def test_gradients_are_right(self):
        logits = self.logits.clone().requires_grad_(True)
        assert torch.autograd.gradcheck(lambda x: focal_dice_loss(x, self.truth, self.known), logits)

    def test_focal_without_gamma_is_cross_entropy_and_large_logits_stay_finite(self):
        plain = nn.functional.binary_cross_entropy_with_logits(self.logits, self.truth, reduction="none")
        torch.testing.assert_close(focal_loss(self.logits, self.truth, 0.0), plain)
        large = (self.logits * 500).requires_grad_(True)
        loss = focal_dice_loss(large, self.truth, self.known)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(large.grad).all()

    def test_unknown_masks_do_not_influence(self):
        other = torch.where(self.known[..., None, None] > 0, self.truth, 1 - self.truth)
        one = focal_dice_loss(self.logits, self.truth, self.known)
        assert torch.equal(one, focal_dice_loss(self.logits, other, self.known))

    def test_perfect_is_nought_and_a_batch_without_the_target_is_defined(self):
        sure = (self.truth * 2 - 1) * 60
        assert float(focal_dice_loss(sure, self.truth, torch.ones(3, 2).double())) == pytest.approx(
            0, abs=1e-9
        )
        nothing = torch.zeros(2, 1, 4, 4)
        assert float(soft_dice(nothing, nothing, torch.ones(2, 1))) == 1


class TestDice:
    def test_the_empty_truth_rule(self):
        empty, one = np.zeros((4, 4), bool), np.eye(4, dtype=bool)
        found = dice_scores(np.stack([empty, one, empty, one]), np.stack([empty, empty, one, one]))
        assert found.tolist() == [1, 0, 0, 1]

    def test_equal_to_counting(self):
        rng = np.random.default_rng(0)
        a, b = rng.random((2, 20, 6, 5)) < 0.4
        wanted = [2 * (x & y).sum() / (x.sum() + y.sum()) for x, y in zip(a, b, strict=True)]
        np.testing.assert_allclose(dice_scores(a, b), wanted)

    @pytest.mark.parametrize("size", [(48, 32), (32, 48), (40, 40), (33, 20)])
    def test_padding_is_cut_away(self, size):
        mask = np.zeros(size, bool)
        mask[: size[0] // 2, size[1] // 2 :] = True
        owner = dataclasses.replace(study(0), regions={"left lung": mask}, lesions=())
        truth, known = training_truth([owner], ["left lung"], 64)
        assert known.all()
        back = to_images(truth.float(), size)[0, 0].numpy() >= 0.5
        assert (back == mask).mean() > 0.94
        scores = dice_on_images(truth.float(), [[mask]], 0.5, 4)
        assert scores[0, 0] > 0.93

    def test_images_of_several_sizes_keep_their_places_and_unknown_ones_are_nan(self):
        full, none = np.ones((32, 32), bool), np.zeros((16, 24), bool)
        inside = torch.stack([torch.ones(2, 8, 8), torch.zeros(2, 8, 8), torch.ones(2, 8, 8)])
        found = dice_on_images(inside, [[full, None], [none, none], [None, None]], 0.5, 1)
        np.testing.assert_array_equal(found, [[1, np.nan], [1, 1], [np.nan, np.nan]])


class TestTargets:
    def test_lesions_then_phrases_then_empty_unless_a_label_knows_better(self):
        shown = study(1)
        assert np.array_equal(target_mask(shown, "mass"), shown.lesions[0].mask)
        box = Phrase("edema", "edema", ((2, 3, 4, 5),))
        drawn = dataclasses.replace(
            study(0), phrases=(box, box), labels={"nodule": 1, "scar": -1, "hernia": 0}
        )
        assert target_mask(drawn, "edema").sum() == 20
        assert not target_mask(drawn, "hernia").any()
        assert not target_mask(drawn, "mass").any()
        assert target_mask(drawn, "nodule") is None
        assert target_mask(drawn, "scar") is None
        assert target_mask(drawn, "right lung") is None

    def test_unknown_ones_are_marked(self):
        truth, known = training_truth([study(1), study(2)], ["mass", "right lung"], 16)
        assert known.tolist() == [[True, False], [True, False]]
        assert truth[0, 0].float().mean() == pytest.approx(STUDIES[1].lesions[0].mask.mean())


@pytest.mark.parametrize("decoder", ["unet", "setr"])
@pytest.mark.parametrize(("grid", "size"), [((8, 8), 64), ((7, 7), 112), ((2, 2), 32), ((16, 16), 32)])
def test_decoders_give_logits_of_the_input_size_and_all_their_weights_learn(decoder, grid, size):
    network = build_decoder(rules(decoder=decoder), 5, grid, size)
    logits = network(torch.randn(2, 5, *grid))
    assert logits.shape == (2, 2, size, size)
    logits.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def run(protocol=None, studies=STUDIES, method=None, **options):
    return evaluate(method or Toy(), studies, protocol or rules(), **options)


@pytest.mark.parametrize("decoder", ["unet", "setr"])
def test_a_bright_square_is_drawn_and_the_floors_are_what_they_must_be(decoder):
    result = run(rules(decoder=decoder))
    table = result.summary().set_index(["source", "target", "metric"])
    assert table.loc[("method", "mass", "dice_present"), "mean"] > 0.8
    assert table.loc[("method", "left lung", "dice"), "mean"] > 0.9
    nothing = result.table[(result.table["source"] == "nothing") & (result.table["target"] == "mass")]
    assert (nothing["value"] == ~nothing["present"]).all()
    assert table.loc[("mean mask", "left lung", "dice"), "mean"] == 1
    assert table.loc[("method", "left lung", "dice"), "floor"] == 1
    macro = table.xs("macro", level="target").loc[("method", "dice"), "mean"]
    assert macro == pytest.approx(
        table["mean"]["method"].xs("dice", level="metric")[["mass", "left lung"]].mean()
    )
    assert ((table["low"] <= table["mean"]) & (table["mean"] <= table["high"])).all()
    assert "toy v1" in str(result)


def test_split_by_patient_encoded_once_and_the_method_left_alone():
    pairs = [study(i, patient=f"p{i // 2}") for i in range(40)]
    method = Toy().train()
    before = method.image_encoder.scale.clone()
    Cells.runs = 0
    result = run(rules(epochs=1), pairs, method, with_floors=False, batch_size=16)
    assert Cells.runs == 3
    assert method.training
    assert torch.equal(before, method.image_encoder.scale)
    assert method.image_encoder.scale.grad is None
    tested = result.table.drop_duplicates("study_id")["study_id"].tolist()
    numbers = {int(name.removeprefix("study-")) for name in tested}
    assert len(numbers) == 6
    assert {n ^ 1 for n in numbers} == numbers


def test_the_same_seed_gives_the_same_result_whatever_the_batch():
    torch.manual_seed(2)
    luck = torch.get_rng_state()
    protocol = rules(epochs=3)
    one = run(protocol, seed=1)
    assert torch.equal(torch.get_rng_state(), luck)
    assert one.table.equals(run(protocol, seed=1).table)
    np.testing.assert_allclose(
        one.table["value"], run(protocol, seed=1, batch_size=5).table["value"], atol=1e-6
    )
    other = run(protocol, seed=2).table
    assert not one.table["value"].equals(other["value"])


def test_unknown_truth_is_counted_and_scores_nothing():
    unknown = [
        dataclasses.replace(s, labels={"mass": 1}, lesions=()) if i % 2 == 0 else s
        for i, s in enumerate(STUDIES)
    ]
    result = run(rules(epochs=1), unknown, with_floors=False)
    missing = result.table["value"].isna()
    assert missing.any()
    assert (result.table["target"][missing] == "mass").all()
    summary = result.summary().set_index(["target", "metric"])
    assert summary.loc[("mass", "dice"), "undefined"] == missing.sum()
    assert summary.loc[("mass", "dice"), "n"] == (~missing & (result.table["target"] == "mass")).sum()
    assert summary["floor"].isna().all()


def test_bad_input_has_its_own_words():
    with pytest.raises(MapleError, match="split into 1 / 1 / 0"):
        run(studies=STUDIES[:2])
    with pytest.raises(MapleError, match="none has a mask of edema"):
        run(rules(targets=("mass", "edema")))
    for field, value in (("targets", ("unicorn",)), ("decoder", "fpn"), ("splits", (70, 30, 0))):
        with pytest.raises(MapleError, match=f"toy.*{field}="):
            rules(**{field: value})
