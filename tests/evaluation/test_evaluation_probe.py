import dataclasses
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate
from maple_lib.evaluation.probe.backbone import Backbone, random_backbone
from maple_lib.evaluation.probe.cases import prepare_cases
from maple_lib.evaluation.probe.linear import pooled_features, train_layer
from maple_lib.evaluation.probe.protocols import FineTuneProtocol, ProbeProtocol
from maple_lib.methods import create_method

FACTS = {"name": "toy", "version": 1, "description": "", "source": ""}
RULE = {
    "learning_rate": 0.2,
    "weight_decay": 1e-6,
    "batch": 16,
    "epochs": 30,
    "patience": 10,
    "bootstrap": 30,
}
READ = {"unsaid": "absent", "uncertain": "unknown", "shares": (10, 100), "random_state": 42}
PROBE = ProbeProtocol(**FACTS, **RULE, **READ, task="linear_probe")
TUNE = FineTuneProtocol(**FACTS, **RULE, **READ, task="fine_tune", encoder_learning_rate=0.03)
TUNE = dataclasses.replace(TUNE, shares=(100,), epochs=8)


class Counting(nn.Module):
    """Patches of 8 pixels' mean and deviation, through a layer; it counts how often it is run."""

    runs = 0

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.drop = nn.Dropout(0.1)

    def forward(self, images):
        Counting.runs += 1
        cells = images.unfold(2, 8, 8).unfold(3, 8, 8).flatten(4).flatten(1, 3)
        facts = torch.stack([cells.mean(-1), cells.std(-1), cells.amax(-1)], -1)
        return self.drop(self.layer(facts))


class Toy(nn.Module):
    image_size, grid, name = 32, (4, 4), "toy"

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.image_encoder = Counting()

    def encode_images(self, images, regions=None):
        raise AssertionError("the projection is not asked")


def study(number, labels=None, patient=None, split=None):
    """Bright images show a mass, noisy ones edema; the label of an odd study's nodule is uncertain."""
    rng = np.random.default_rng([5, number])
    bright, noisy = number % 2, number // 2 % 2
    pixels = (0.2 + 0.5 * bright + (0.02 + 0.2 * noisy) * rng.random((32, 32))).astype(np.float32)
    labels = {"mass": bright, "edema": noisy, "hernia": 0} if labels is None else labels
    return Study(
        f"study-{number}", patient or f"patient-{number}", lambda: Image(pixels), labels=labels, split=split
    )


TRAIN, TEST = [study(i) for i in range(60)], [study(i) for i in range(100, 130)]


def run(protocol=PROBE, method=None, test=TEST, **options):
    return evaluate(method or Toy(), test, protocol, **{"train_studies": TRAIN, **options})


def state(method):
    return deepcopy({k: v.clone() for k, v in method.state_dict().items()}), [
        m.training for m in method.modules()
    ]


@pytest.mark.parametrize("protocol", [PROBE, TUNE], ids=["probe", "tune"])
class TestBoth:
    def test_a_separable_problem_is_solved_and_the_floors_stand_beside(self, protocol):
        table = run(protocol).table.set_index(["source", "share", "finding"])["value"]
        assert table["method", 100, "mass"] == 1
        assert table["method", 100, "edema"] > 0.95
        assert table["prevalence", 100, "macro"] == 0.5
        assert ("random weights", 100, "macro") in table.index

    def test_the_method_is_left_as_it_is(self, protocol):
        method = Toy().train()
        method.image_encoder.layer.eval()
        weights, modes = state(method)
        torch.manual_seed(8)
        luck = torch.get_rng_state()
        run(protocol, method)
        after, modes_after = state(method)
        assert all(torch.equal(weights[name], after[name]) for name in weights)
        assert modes == modes_after
        assert all(p.grad is None for p in method.parameters())
        assert torch.equal(torch.get_rng_state(), luck)

    def test_the_same_seed_gives_the_same_result_whatever_the_batch(self, protocol):
        one, again = run(protocol, seed=3), run(protocol, seed=3, batch_size=7)
        np.testing.assert_allclose(
            one.table.select_dtypes("number"), again.table.select_dtypes("number"), atol=1e-9
        )
        assert one.table.equals(run(protocol, seed=3).table)

    def test_rows_are_tidy_and_one_class_findings_are_undefined_and_counted(self, protocol):
        protocol = dataclasses.replace(protocol, findings=("mass", "edema", "hernia"))
        result = run(protocol)
        table = result.table
        assert not table.duplicated(["source", "share", "finding", "metric"]).any()
        hernia = table[table["finding"] == "hernia"]
        assert hernia["value"].isna().all()
        assert (hernia["undefined"] == 1).all()
        summary = result.summary()
        assert (summary["finding"] == "macro").all()
        assert (summary["undefined"] == 1).all()
        method = table[(table["source"] == "method") & (table["share"] == 100)].set_index("finding")["value"]
        assert method["macro"] == pytest.approx(method[["mass", "edema"]].mean())
        assert {"protocol", "method", "share", "metric", "mean", "low", "high", "n", "chance"} <= set(summary)
        assert len(result.summary(by_finding=True)) == len(table)
        assert "toy v1" in str(result)

    def test_no_floors_on_request(self, protocol):
        assert set(run(protocol, with_floors=False).table["source"]) == {"method"}

    def test_uncertain_labels_are_not_scored(self, protocol):
        doubtful = [study(500 + i, {"mass": -1, "edema": -1, "hernia": -1}) for i in range(10)]
        tested = run(protocol, test=TEST + doubtful, with_floors=False).table
        plain = run(protocol, with_floors=False).table
        np.testing.assert_array_equal(tested["value"], plain["value"])
        named = plain["finding"] != "macro"
        np.testing.assert_array_equal(tested["n"][named], plain["n"][named])

    def test_bad_input_has_its_own_words(self, protocol):
        for options, words in (
            ({"train_studies": ()}, "train_studies: none given"),
            ({"test": []}, "studies: none given"),
            ({"train_studies": [*TRAIN, study(900, patient="patient-100")]}, "1 patients are in both"),
            ({"validation_studies": TEST[:3]}, "validation and test studies: 3 patients"),
            ({"validation_studies": TRAIN[:2]}, "training and validation studies: 2 patients"),
            ({"train_studies": [study(i, {}) for i in range(9)]}, "no label is present"),
            ({"train_studies": [study(1, split="test")]}, "official test split"),
            ({"train_studies": TRAIN[:1]}, "nothing is left to train on"),
        ):
            with pytest.raises(MapleError, match=words) as error:
                run(protocol, **options)
            assert "patient-100" not in str(error.value)


def test_what_unknown_labels_would_say_changes_no_score():
    doubtful = [study(500 + i, {"mass": -1, "edema": i % 2}) for i in range(20)]
    cases = prepare_cases(TEST, TRAIN + doubtful, None, PROBE)
    assert not cases.labels.known[cases.train].all()
    turned = dataclasses.replace(cases.labels, present=cases.labels.present ^ ~cases.labels.known)
    features = pooled_features(Backbone(Toy()), cases.studies, 32)
    scores, fitted = train_layer(features, cases, PROBE, 0, cases.train)
    again, refitted = train_layer(features, dataclasses.replace(cases, labels=turned), PROBE, 0, cases.train)
    np.testing.assert_array_equal(scores, again)
    assert fitted == refitted


def test_every_share_starts_from_the_weights_that_were_given():
    short = dataclasses.replace(TUNE, epochs=2, encoder_learning_rate=0.1)
    alone = run(short, with_floors=False).table
    after = run(dataclasses.replace(short, shares=(60, 100)), with_floors=False).table
    last = after[after["share"] == 100].reset_index(drop=True)
    assert last.equals(alone.astype(last.dtypes))


def test_every_study_is_encoded_once_for_all_shares_and_epochs():
    Counting.runs = 0
    run(with_floors=False, batch_size=16)
    assert Counting.runs == -(-(len(TRAIN) + len(TEST)) // 16)


def test_a_share_trains_on_some_patients_and_validation_patients_are_in_none():
    two_each = [study(i, patient=f"p{i // 2}") for i in range(60)]
    cases = prepare_cases(TEST, two_each, None, PROBE)
    assert len(set(cases.patients[cases.validation])) == 3
    whole, tenth = cases.share(100, 42), cases.share(10, 42)
    assert set(tenth) < set(whole) == set(cases.train)
    assert not set(cases.patients[tenth]) & set(cases.patients[cases.validation])
    left = set(cases.train) - set(tenth)
    assert not {cases.patients[i] for i in tenth} & {cases.patients[i] for i in left}
    assert len(set(cases.patients[tenth])) == 3


def test_the_official_validation_split_is_used_and_given_studies_come_first():
    official = [study(i, split="validate" if i % 5 == 0 else "train") for i in range(60)]
    cases = prepare_cases(TEST, official, None, PROBE)
    assert all(cases.studies[int(i)].split == "validate" for i in cases.validation)
    assert len(cases.validation) == 12
    given = prepare_cases(TEST, official, [study(i) for i in range(70, 76)], PROBE)
    assert (len(given.train), len(given.validation)) == (60, 6)


def test_validation_data_decide_and_test_data_do_not():
    twisted = [study(i, {"mass": 1 - i % 2, "edema": 1 - i // 2 % 2, "hernia": 0}) for i in range(100, 130)]
    one, other = run().table, run(test=twisted).table
    assert (one["best_epoch"] == other["best_epoch"]).all()
    against = [study(i, {"mass": 1 - i % 2, "edema": 1 - i // 2 % 2}) for i in range(200, 230)]
    assert run(validation_studies=against).table["best_epoch"].max() < one["best_epoch"].max()


def test_a_method_without_an_image_encoder_is_probed_on_its_patches(toy):
    labelled = [dataclasses.replace(s, labels={"mass": i % 2}) for i, s in enumerate(toy.studies)]
    result = evaluate(toy.method, labelled[:4], PROBE, train_studies=labelled[4:])
    assert result.features == "embedded patches"
    assert "embedded patches" in str(result)
    with pytest.raises(MapleError, match="no weights to train"):
        evaluate(toy.method, labelled[:4], TUNE, train_studies=labelled[4:])


@pytest.mark.parametrize("name", ["convirt", "maple"])
def test_methods_give_features_before_the_projection_and_random_weights_differ(name):
    torch.manual_seed(9)
    sizes = {"image_size": 64, "image_width": 24, "text_width": 32, "text_layers": 1, "dim": 16}
    method = create_method(name, "tiny", **sizes).eval()
    backbone = Backbone(method)
    images = torch.rand(3, 1, 64, 64)
    fresh = [random_backbone(method, seed) for seed in (1, 1, 2)]
    with torch.inference_mode():
        one, again, other = (each.encode_images(images).pooled for each in fresh)
        hidden = backbone.encode_images(images).pooled
        if name == "convirt":
            torch.testing.assert_close(hidden, method.image_encoder(images).mean(1))
    assert one.shape == hidden.shape
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)
    assert not torch.allclose(one, hidden)


def test_nan_pixels_are_refused():
    broken = [dataclasses.replace(TEST[0], load_image=lambda: Image(np.full((32, 32), np.nan, np.float32)))]
    with pytest.raises(MapleError, match="NaN"):
        run(test=broken)
