from dataclasses import replace

import numpy as np
import pytest
from finding_reader import FINDINGS, FindingReader, marked_study
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate, protocol
from maple_lib.evaluation.diagnostics import fit_temperature, reliability_table
from maple_lib.evaluation.diagnostics.reliability import bin_numbers, probabilities

PHANTOM = replace(protocol("calibration_phantom"), bootstrap=100, temperature=0.5)


def said_and_happened(n=20_000, temperature=1.0, seed=0):
    """Contrasts, and labels that are present as often as their softmax at a temperature says."""
    rng = np.random.default_rng(seed)
    contrast = rng.normal(size=n) * 2
    return contrast, (rng.random(n) < probabilities(contrast, temperature)).astype(int)


def naive_ece(said, labels, bins):
    members = [np.flatnonzero(bins == number) for number in np.unique(bins)]
    return sum(len(m) / len(said) * abs(said[m].mean() - labels[m].mean()) for m in members)


@pytest.mark.parametrize("truth", [0.3, 1.0, 4.0])
def test_the_fitted_temperature_is_the_one_that_made_the_labels(truth):
    contrast, labels = said_and_happened(temperature=truth)
    assert fit_temperature(contrast, labels) == pytest.approx(truth, rel=0.1)
    assert fit_temperature(contrast / 10, labels) == pytest.approx(truth / 10, rel=0.1)


def test_contrasts_that_say_nothing_are_flattened_and_one_class_is_refused():
    contrast, labels = said_and_happened(500)
    assert fit_temperature(-contrast, labels) > 7000
    with pytest.raises(MapleError, match="no two classes"):
        fit_temperature(contrast, np.ones(500))
    with pytest.raises(MapleError, match="temperature=0"):
        probabilities([1.0], 0)


def test_right_probabilities_lie_on_the_diagonal():
    contrast, labels = said_and_happened()
    for binning in ("width", "mass"):
        table = reliability_table(probabilities(contrast, 1), labels, 15, binning)
        assert np.abs(table["confidence"] - table["frequency"]).max() < 0.05
        assert table["n"].sum() == len(labels)
    wrong = reliability_table(probabilities(contrast, 0.2), labels)
    assert np.abs(wrong["confidence"] - wrong["frequency"]).max() > 0.1


def test_bins_of_equal_width_are_scikit_learns():
    contrast, labels = said_and_happened(400)
    said = probabilities(contrast, 1)
    frequency, confidence = calibration_curve(labels, said, n_bins=15)
    table = reliability_table(said, labels)
    np.testing.assert_allclose(table["confidence"], confidence)
    np.testing.assert_allclose(table["frequency"], frequency)


def test_bins_of_equal_mass_hold_equally_many_and_never_part_equals():
    rng = np.random.default_rng(0)
    counts = np.bincount(bin_numbers(rng.random(150), 15, "mass"))
    assert counts.tolist() == [10] * 15
    equal = np.repeat([0.1, 0.7], 50)
    bins = bin_numbers(equal, 15, "mass")
    assert len(set(bins[:50])) == len(set(bins[50:])) == 1
    assert bin_numbers(np.array([0.0, 1.0])).tolist() == [0, 14]


def some_studies(n=60, start=0):
    studies = []
    for index in range(start, start + n):
        rng = np.random.default_rng([2, index])
        labels = {name: 1 for name in FINDINGS if rng.random() < 0.4}
        seen = {name: 0.4 * labels.get(name, 0) + 0.6 * rng.random() - 0.3 for name in FINDINGS}
        studies.append(marked_study(index, labels, seen))
    return studies


def test_errors_equal_a_loop_and_scikit_learn():
    studies = some_studies()
    studies[1].labels = {**studies[1].labels, "mass": -1}
    result = evaluate(FindingReader(), studies, PHANTOM)
    rows = result.table[result.table["label"] >= 0]
    summary = result.summary().set_index(["finding", "metric"])["mean"]
    for finding, part in [("all", rows), ("mass", rows[rows["finding"] == "mass"])]:
        said, labels = part["probability"].to_numpy(), part["label"].to_numpy()
        assert summary[finding, "brier"] == pytest.approx(brier_score_loss(labels, said))
        for binning in ("width", "mass"):
            expected = naive_ece(said, labels, bin_numbers(said, 15, binning))
            assert summary[finding, f"ece_{binning}"] == pytest.approx(expected)
            table = result.reliability(finding if finding != "all" else None)
            table = table[table["binning"] == binning]
            gaps = (table["confidence"] - table["frequency"]).abs()
            assert (gaps * table["n"]).sum() / table["n"].sum() == pytest.approx(expected)
    assert result.summary().set_index(["finding", "metric"]).loc[("mass", "brier"), "n"] == 59


def test_scaling_on_validation_helps_those_that_are_scored():
    result = evaluate(
        FindingReader(),
        some_studies(),
        replace(PHANTOM, temperature=0.01),
        validation_studies=some_studies(60, 900),
    )
    rows = result.summary().query("finding == 'all'").set_index(["scaling", "metric"])
    for metric in ("brier", "ece_width", "ece_mass"):
        assert rows.loc[("after", metric), "mean"] < rows.loc[("before", metric), "mean"]
    assert (rows["low"] <= rows["high"]).all()
    assert rows.loc[("after", "brier"), "temperature"] == dict(result.temperatures)["after"]
    assert "calibration_phantom v1" in str(result)


def test_the_methods_own_temperature_is_taken_or_missed():
    own = replace(PHANTOM, temperature=None)
    with pytest.raises(MapleError, match="no temperature of its own"):
        evaluate(FindingReader(), some_studies(), own)
    method = FindingReader()
    method.config = type("Config", (), {"temperature": 0.5, "method": "reader"})
    ours = evaluate(method, some_studies(), own)
    assert ours.table.equals(evaluate(FindingReader(), some_studies(), PHANTOM).table)


def test_findings_of_one_class_are_undefined_and_patients_stay_apart():
    studies = [marked_study(i, {"mass": 1} if i % 2 else {}) for i in range(20)]
    summary = evaluate(FindingReader(), studies, PHANTOM).summary()
    undefined = summary[summary["undefined"] == 1]
    assert set(undefined["finding"]) == set(FINDINGS) - {"mass"}
    assert undefined["mean"].isna().all()
    with pytest.raises(MapleError, match="split by patient"):
        evaluate(FindingReader(), studies, PHANTOM, validation_studies=studies)
    with pytest.raises(MapleError, match="finding 'cat'"):
        evaluate(FindingReader(), studies, PHANTOM).reliability("cat")
