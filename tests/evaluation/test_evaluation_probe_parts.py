from itertools import chain

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.probe.auc import auc_table, weighted_auc
from maple_lib.evaluation.probe.fitting import Rule, fit
from maple_lib.evaluation.probe.heads import known_loss
from maple_lib.evaluation.probe.labels import asked_findings, label_table
from maple_lib.evaluation.probe.linear import standardised
from maple_lib.evaluation.probe.protocols import ProbeProtocol
from maple_lib.evaluation.probe.resampling import patient_draws
from maple_lib.evaluation.probe.splits import check_apart, divide, patient_numbers, share_of_patients


def rules(**changes):
    facts = {"name": "toy", "version": 1, "task": "linear_probe", "description": "", "source": ""}
    rule = {"learning_rate": 0.05, "weight_decay": 1e-6, "batch": 8, "epochs": 40, "patience": 10}
    return ProbeProtocol(
        **{**facts, **rule, "unsaid": "absent", "uncertain": "unknown", "bootstrap": 50, **changes}
    )


def labelled(number, labels, patient=None):
    return Study(f"study-{number}", patient or f"patient-{number}", lambda: None, labels=labels)


class TestLabels:
    studies = (labelled(0, {"edema": 1, "mass": -1}), labelled(1, {"mass": 0, "edema": -1}), labelled(2, {}))

    def table(self, **changes):
        return label_table(self.studies, ("edema", "mass"), rules(**changes))

    def test_uncertain_ones_are_unknown_or_mapped(self):
        assert self.table().known.tolist() == [[True, False], [False, True], [True, True]]
        mapped = self.table(uncertain="mapped", uncertain_present=("edema",))
        assert mapped.known.all()
        assert mapped.present.tolist() == [[True, False], [True, False], [False, False]]

    def test_unsaid_ones_are_absent_or_unknown(self):
        assert self.table(unsaid="unknown").known.tolist() == [[True, False], [False, True], [False, False]]

    def test_findings_come_from_the_training_labels_in_the_order_of_the_vocabulary(self):
        some = [labelled(0, {"mass": 1, "edema": 0}), labelled(1, {"pleural effusion": 1})]
        assert asked_findings(some, rules()) == ("pleural effusion", "mass")
        assert asked_findings(some, rules(findings=("edema",))) == ("edema",)
        with pytest.raises(MapleError, match="no label is present"):
            asked_findings([labelled(0, {"mass": 0})], rules())


class TestSplits:
    patients = np.random.default_rng(0).permutation(np.arange(200) % 40)

    def test_parts_are_whole_patients_and_everything_is_in_one(self):
        parts = divide(self.patients, (70, 15, 15), 0)
        owners = [set(self.patients[part]) for part in parts]
        assert [len(owner) for owner in owners] == [28, 6, 6]
        assert sorted(np.concatenate(parts)) == list(range(200))
        assert set.union(*owners) == set(self.patients)
        assert not np.array_equal(parts[0], divide(self.patients, (70, 15, 15), 1)[0])

    @pytest.mark.parametrize(("share", "count"), [(1, 1), (10, 4), (25, 10), (100, 40)])
    def test_a_share_takes_all_studies_of_its_patients(self, share, count):
        chosen = share_of_patients(self.patients, np.zeros((200, 0), bool), share, 42)
        assert len(set(self.patients[chosen])) == count
        assert set(chosen) == set(np.flatnonzero(np.isin(self.patients, self.patients[chosen])))

    @pytest.mark.parametrize("state", range(12))
    def test_a_rare_finding_is_kept_if_there_is_room(self, state):
        positives = np.zeros((200, 3), bool)
        positives[self.patients == 5, 0] = True
        positives[self.patients == 6, 1] = True
        positives[:, 2] = self.patients % 2 == 0
        chosen = share_of_patients(self.patients, positives, 10, state)
        assert positives[chosen].any(0).all()
        assert len(set(self.patients[chosen])) == 4
        alone = share_of_patients(self.patients, positives, 1, state)
        assert len(set(self.patients[alone])) == 1

    def test_a_share_that_misses_nothing_is_the_plain_random_one(self):
        everywhere = np.ones((200, 2), bool)
        plain = share_of_patients(self.patients, everywhere[:, :0], 10, 42)
        assert np.array_equal(plain, share_of_patients(self.patients, everywhere, 10, 42))

    def test_a_patient_on_both_sides_is_counted_and_not_named(self):
        one = [labelled(0, {}, "ann"), labelled(1, {}, "bob")]
        with pytest.raises(MapleError, match=r"1 patients are in both, e\.g\. with study study-1") as error:
            check_apart(one, [labelled(2, {}, "bob")], ("training", "test"))
        assert "bob" not in str(error.value)
        assert patient_numbers([*one, labelled(3, {}, "ann")]).tolist() == [0, 1, 0]


class TestAuc:
    rng = np.random.default_rng(3)

    def test_equal_to_scikit_learn_with_and_without_weights_and_ties(self):
        for _ in range(20):
            present = self.rng.random(60) < 0.3
            scores = self.rng.integers(8, size=60) / 7
            weights = self.rng.integers(0, 4, size=(5, 60)).astype(float)
            found = weighted_auc(present, scores, weights)
            wanted = [roc_auc_score(present, scores, sample_weight=w) for w in weights]
            np.testing.assert_allclose(found, wanted)

    def test_one_class_is_undefined_and_left_out_of_the_mean(self):
        present = np.array([[1, 0], [0, 0], [1, 0], [0, 0]], bool)
        scores = np.array([[3.0, 1], [1, 2], [2, 3], [0, 4]])
        table = auc_table(present, np.ones_like(present), scores, np.arange(4), 200, 0)
        assert table[0, 0] == 1
        assert np.isnan(table[1]).all()
        assert table[2, 0] == 1
        assert np.isnan(auc_table(present[:, 1:], present[:, 1:], scores[:, 1:], np.arange(4), 9, 0)).all()

    def test_unknown_cases_do_not_count(self):
        present, scores = self.rng.random((40, 1)) < 0.5, self.rng.random((40, 1))
        known = self.rng.random((40, 1)) < 0.7
        value = auc_table(present, known, scores, np.arange(40), 20, 0)[0, 0]
        assert value == pytest.approx(roc_auc_score(present[known], scores[known]))
        other = auc_table(present ^ ~known, known, scores, np.arange(40), 20, 0)[0, 0]
        assert other == value

    def test_the_interval_holds_the_value_and_patients_are_drawn_whole(self):
        present = self.rng.random((300, 2)) < 0.4
        scores = present + self.rng.normal(size=(300, 2))
        single = auc_table(present, np.ones_like(present), scores, np.arange(300), 300, 0)
        assert (single[:, 1] < single[:, 0]).all()
        assert (single[:, 0] < single[:, 2]).all()
        np.testing.assert_array_equal(
            single, auc_table(present, np.ones_like(present), scores, np.arange(300), 300, 0)
        )
        four = np.arange(300) // 4
        clustered = np.repeat(scores[::4], 4, axis=0), np.repeat(present[::4], 4, axis=0)
        wide = auc_table(clustered[1], np.ones_like(present), clustered[0], four, 300, 0)
        narrow = auc_table(clustered[1], np.ones_like(present), clustered[0], np.arange(300), 300, 0)
        assert (wide[:, 2] - wide[:, 1] > 1.5 * (narrow[:, 2] - narrow[:, 1])).all()

    def test_draws_are_counts_of_patients(self):
        patients = np.array([4, 4, 9, 1])
        drawn = np.concatenate(list(patient_draws(patients, 50, 0)))
        assert drawn.shape == (50, 4)
        assert (drawn[:, 0] == drawn[:, 1]).all()
        assert (drawn[:, [0, 2, 3]].sum(1) == 3).all()


class TestFit:
    class Point(nn.Module):
        def __init__(self):
            super().__init__()
            self.at = nn.Parameter(torch.zeros(1))

    def run(self, validation, rule=None, loss=None):
        model = self.Point()
        seen = []

        def train(batch):
            assert model.training
            seen.append(batch.tolist())
            return loss(model) if loss else (model.at - 5).square().sum()

        def check():
            assert not model.training
            assert not torch.is_grad_enabled()
            return validation(model)

        rule = rule or Rule(batch=4, epochs=30, patience=3, weight_decay=0.0)
        return model, fit(model, train, 10, check, [(model, 0.1)], rule), seen

    def test_patience_stops_and_the_best_epoch_comes_back(self):
        model, fitted, _ = self.run(lambda m: abs(m.at.item() - 1))
        assert len(fitted.losses) == fitted.best_epoch + 3 < 30
        assert fitted.losses[fitted.best_epoch - 1] == min(fitted.losses)
        assert abs(model.at.item() - 1) == pytest.approx(min(fitted.losses))
        assert not model.training

    def test_without_a_worse_epoch_it_goes_to_the_end(self):
        _, fitted, seen = self.run(lambda m: -m.at.item())
        assert len(fitted.losses) == fitted.best_epoch == 30
        assert len(seen) == 30 * 3
        assert all(sorted(chain(*seen[i : i + 3])) == list(range(10)) for i in range(0, 90, 3))
        assert seen[:3] != seen[3:6]

    def test_a_last_batch_of_one_joins_the_one_before_it(self):
        _, _, seen = self.run(lambda m: 0.0, Rule(batch=3, epochs=1, patience=3, weight_decay=0.0))
        assert [len(batch) for batch in seen] == [3, 3, 4]

    def test_losses_that_are_not_finite_are_an_error_and_nan_is_never_the_best(self):
        values = iter([float("nan"), 2.0, float("nan"), 1.0, float("nan"), float("nan"), 1.5])
        assert self.run(lambda _: next(values))[1].best_epoch == 4
        with pytest.raises(MapleError, match="no epoch had a finite loss"):
            self.run(lambda _: float("nan"))

    def test_the_callers_random_numbers_go_on(self):
        torch.manual_seed(3)
        want = torch.rand(2)
        torch.manual_seed(3)
        self.run(lambda m: 0.0, loss=lambda m: (m.at * torch.rand(1)).sum())
        assert torch.equal(torch.rand(2), want)


def test_unknown_labels_have_no_loss_and_no_gradient():
    logits = torch.randn(6, 3, requires_grad=True)
    known = (torch.rand(6, 3) < 0.5).float()
    present = torch.randint(2, (6, 3)).float()
    loss = known_loss(logits, present, known)
    assert torch.equal(loss, known_loss(logits, torch.where(known > 0, present, 1 - present), known))
    plain = nn.functional.binary_cross_entropy_with_logits(logits[known > 0], present[known > 0])
    assert loss.item() == pytest.approx(plain.item())
    loss.backward()
    assert (logits.grad[known == 0] == 0).all()
    assert known_loss(logits, present, torch.zeros_like(known)).item() == 0


def test_standardised_by_the_given_rows_and_constant_features_stay_small():
    features = torch.randn(50, 4, dtype=torch.double) * torch.tensor([1.0, 10, 1e-2, 0]) + 3
    rows = torch.arange(30)
    found = standardised(features, rows)
    torch.testing.assert_close(found[rows].mean(0), torch.zeros(4).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(found[rows, :2].std(0, correction=0), torch.ones(2).double())
    assert found[:, 3].abs().max() < 1e-9


@pytest.mark.parametrize(
    ("field", "value"),
    [("shares", (0, 10)), ("shares", ()), ("unsaid", "no"), ("uncertain", "no"), ("validation_share", 100)],
)
def test_impossible_fields_are_named(field, value):
    with pytest.raises(MapleError, match=f"toy.*{field}="):
        rules(**{field: value})
