import numpy as np
import pytest
from sklearn import metrics as sk

from maple_lib.errors import MapleError
from maple_lib.evaluation import binary_metrics
from maple_lib.evaluation.zero_shot.rates import METRICS, best_threshold, resample_weights


def cases(seed, levels, n=60):
    """Scores with many ties where there are few levels."""
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.35
    labels[:2] = True, False
    return labels, rng.integers(0, levels, n) / 7 + 0.1 * labels * (levels > 5)


@pytest.mark.parametrize("levels", [1, 2, 5, 1000])
@pytest.mark.parametrize("seed", range(4))
def test_ranks_equal_scikit_learn_ties_included(levels, seed):
    labels, scores = cases(seed, levels)
    ours = binary_metrics(labels, scores)
    assert ours["auc"][0] == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-12)
    assert ours["average_precision"][0] == pytest.approx(
        sk.average_precision_score(labels, scores), abs=1e-12
    )


@pytest.mark.parametrize("levels", [1, 2, 5, 1000])
def test_ranks_equal_torchmetrics_ties_included(levels):
    functional = pytest.importorskip("torchmetrics.functional.classification")
    import torch

    labels, scores = cases(3, levels)
    scores = scores / 1000  # torchmetrics squeezes what lies outside [0, 1] through a sigmoid
    ours = binary_metrics(labels, scores)
    given = torch.tensor(scores), torch.tensor(labels).long()
    assert ours["auc"][0] == pytest.approx(float(functional.binary_auroc(*given)), abs=1e-6)
    theirs = float(functional.binary_average_precision(*given))
    assert ours["average_precision"][0] == pytest.approx(theirs, abs=1e-6)


def test_auc_is_the_share_of_pairs_in_order():
    labels, scores = cases(0, 5)
    pairs = np.sign(scores[labels][:, None] - scores[~labels])
    assert binary_metrics(labels, scores)["auc"][0] == pytest.approx((pairs.mean() + 1) / 2)


def test_infinite_scores_rank_and_tie():
    labels, scores = [1, 0, 1, 0], [np.inf, np.inf, 1.0, -np.inf]
    assert binary_metrics(labels, scores)["auc"][0] == pytest.approx((0.5 + 1 + 0 + 1) / 4)


@pytest.mark.parametrize("threshold", [-1.0, 0.3, 0.5, 99.0])
def test_rates_equal_scikit_learn(threshold):
    labels, scores = cases(1, 6)
    found = scores >= threshold
    ours = {name: value[0] for name, value in binary_metrics(labels, scores, threshold).items()}
    nan = {"zero_division": np.nan}
    assert ours["accuracy"] == pytest.approx(sk.accuracy_score(labels, found))
    assert ours["f1"] == pytest.approx(sk.f1_score(labels, found))
    assert ours["sensitivity"] == pytest.approx(sk.recall_score(labels, found))
    assert ours["specificity"] == pytest.approx(sk.recall_score(~labels, ~found))
    assert ours["ppv"] == pytest.approx(sk.precision_score(labels, found, **nan), nan_ok=True)
    assert ours["npv"] == pytest.approx(sk.precision_score(~labels, ~found, **nan), nan_ok=True)
    assert ours["one_point_auc"] == pytest.approx(sk.balanced_accuracy_score(labels, found))
    # the AUC of the curve with this one point
    assert ours["one_point_auc"] == pytest.approx(sk.roc_auc_score(labels, found))


def test_weights_are_repeated_cases():
    labels, scores = cases(2, 5)
    weights = resample_weights(len(labels), 7, np.random.default_rng(0))
    assert (weights.sum(1) == len(labels)).all()
    together = binary_metrics(labels, scores, 0.4, weights)
    for row, times in enumerate(weights.astype(int)):
        alone = binary_metrics(np.repeat(labels, times), np.repeat(scores, times), 0.4)
        for name in METRICS:
            assert together[name][row] == pytest.approx(alone[name][0]), name


def test_one_class_alone_is_undefined_not_wrong():
    ours = binary_metrics([1, 1, 1], [0.1, 0.2, 0.3], 0.2)
    assert np.isnan([ours["auc"][0], ours["average_precision"][0], ours["specificity"][0]]).all()
    assert np.isnan(ours["one_point_auc"][0])
    assert ours["sensitivity"][0] == pytest.approx(2 / 3)
    assert all(np.isnan(value).all() for value in binary_metrics([], [], 0.5).values())


@pytest.mark.parametrize("maximise", ["f1", "one_point_auc"])
@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_no_threshold_is_better_than_the_best(maximise, levels):
    labels, scores = cases(4, levels)
    best = binary_metrics(labels, scores, best_threshold(labels, scores, maximise))[maximise][0]
    others = [binary_metrics(labels, scores, level)[maximise][0] for level in np.unique(scores)]
    assert best == pytest.approx(max(others))


def test_a_threshold_lies_between_the_classes_it_parts_and_needs_both():
    assert best_threshold([0, 0, 1, 1], [0.0, 0.2, 0.6, 0.9]) == pytest.approx(0.4)
    assert np.isnan(best_threshold([1, 1], [0.0, 1.0]))


def test_bad_cases_are_named():
    with pytest.raises(MapleError, match=r"1 of 2 are NaN"):
        binary_metrics([1, 0], [np.nan, 0.0])
    with pytest.raises(MapleError, match=r"\(2,\), scores \(3,\)"):
        binary_metrics([1, 0], [0.0, 1.0, 2.0])
    with pytest.raises(MapleError, match="uncertain"):
        binary_metrics([1, -1], [0.0, 1.0])
