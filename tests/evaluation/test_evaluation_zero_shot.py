from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from finding_reader import FINDINGS, FindingReader, marked_study
from sklearn.metrics import roc_auc_score

from maple_lib.data.datasets.nih import LABELS as NIH_LABELS
from maple_lib.encoders.features import TextFeatures
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate, prompt_ensemble, prompt_scores, protocol
from maple_lib.evaluation.protocols import build_protocol
from maple_lib.evaluation.zero_shot.labels import exclusive, label_matrix
from maple_lib.evaluation.zero_shot.multiclass import z_scores
from maple_lib.evaluation.zero_shot.scoring import average_texts

PHANTOM = replace(protocol("zero_shot_phantom"), bootstrap=200)


def some_studies(n=40, start=0, noise=0.0):
    """Each shows some findings; ``noise`` blurs what can be seen of them."""
    studies = []
    for index in range(start, start + n):
        rng = np.random.default_rng([1, index])
        labels = {name: 1 for name in FINDINGS if rng.random() < 0.3}
        seen = {name: (1 - noise) * labels.get(name, 0) + noise * rng.random() for name in FINDINGS}
        studies.append(marked_study(index, labels, seen))
    return studies


def value(result, finding, metric="auc", column="mean"):
    rows = result.summary()
    return rows[(rows["finding"] == finding) & (rows["metric"] == metric)][column].item()


def test_a_method_that_sees_is_perfect_and_one_that_looks_elsewhere_is_named():
    studies = some_studies(60)
    result = evaluate(FindingReader(), studies, PHANTOM)
    assert value(result, "macro") == 1
    assert result.not_learned == ()
    blind = FindingReader({"nodule": "hernia", "tube": "mass"})
    result = evaluate(blind, studies, PHANTOM)
    assert set(result.not_learned) == {"nodule", "tube"}
    assert "not learned (AUC < 0.6): nodule, tube" in str(result)
    assert "zero_shot_phantom v1" in str(result)


def test_values_are_scikit_learns_and_uncertain_labels_are_left_out():
    studies = some_studies(50, noise=0.8)
    studies[3].labels = {**studies[3].labels, "mass": -1}
    result = evaluate(FindingReader(), studies, PHANTOM)
    rows = result.table[(result.table["finding"] == "mass") & (result.table["label"] >= 0)]
    assert len(rows) == value(result, "mass", column="n") == 49
    assert value(result, "mass") == pytest.approx(roc_auc_score(rows["label"], rows["score"]))
    means = [value(result, name) for name in FINDINGS]
    assert value(result, "macro") == pytest.approx(np.mean(means))
    assert value(result, "mass", "average_precision", "chance") == pytest.approx(rows["label"].mean())


def test_intervals_hold_the_value_and_repeat_and_the_means_is_narrower():
    result = evaluate(FindingReader(), some_studies(80, noise=0.8), PHANTOM)
    auc = result.summary().query("metric == 'auc'")
    assert ((auc["low"] <= auc["mean"]) & (auc["mean"] <= auc["high"])).all()
    widths = (auc["high"] - auc["low"]).to_numpy()
    assert widths[-1] < widths[:-1].mean() / 2
    again = evaluate(FindingReader(), some_studies(80, noise=0.8), PHANTOM)
    assert again.summary().equals(result.summary())


def test_batches_and_order_do_not_matter():
    studies = some_studies(30, noise=0.8)
    one = evaluate(FindingReader(), studies, PHANTOM, batch_size=1).summary()
    other = evaluate(FindingReader(), studies[::-1], PHANTOM, batch_size=64).summary()
    np.testing.assert_allclose(one["mean"], other["mean"])


def test_thresholds_come_from_validation_or_are_called_an_oracles():
    studies, validation = some_studies(60, noise=0.9), some_studies(60, start=500, noise=0.9)
    without = evaluate(FindingReader(), studies, PHANTOM)
    assert set(without.summary()["metric"]) == {"auc", "average_precision"}
    chosen = evaluate(FindingReader(), studies, PHANTOM, validation_studies=validation)
    oracle = evaluate(FindingReader(), studies, replace(protocol("zero_shot_oracle_threshold"), bootstrap=10))
    assert all(value(oracle, name, "f1") >= value(chosen, name, "f1") for name in FINDINGS)
    assert value(oracle, "macro", "f1") > value(chosen, "macro", "f1")
    assert "oracle_threshold" in str(oracle).splitlines()[1]
    other = evaluate(FindingReader(), studies[::-1], PHANTOM, validation_studies=validation)
    assert set(other.table["threshold"]) == set(chosen.table["threshold"])  # the scored studies play no part
    with pytest.raises(MapleError, match="split by patient"):
        evaluate(FindingReader(), studies, PHANTOM, validation_studies=studies[:5])


def test_a_finding_of_one_class_or_of_few_cases_is_undefined_and_counted():
    studies = [marked_study(i, {"mass": 1, "nodule": 1} if i % 2 else {"nodule": 1}) for i in range(20)]
    studies[0].labels = {"hernia": 1}
    result = evaluate(FindingReader(), studies, PHANTOM)
    assert value(result, "mass") == 1
    for name in ("nodule", "hernia", "tube"):  # one negative, one positive, none at all
        assert np.isnan(value(result, name))
        assert value(result, name, column="undefined") == 1
    assert value(result, "macro", column="undefined") == 17
    assert value(result, "macro") == 1


def test_bad_input_is_named():
    with pytest.raises(MapleError, match="none has labels"):
        evaluate(FindingReader(), [marked_study(0, {})], PHANTOM)
    with pytest.raises(MapleError, match="0 studies: none has labels"):
        evaluate(FindingReader(), [], PHANTOM)
    with pytest.raises(MapleError, match=r"no label of pneumonia.*they have: mass"):
        evaluate(FindingReader(), [marked_study(0, {"mass": 1})], "zero_shot_rsna_pneumonia")
    with pytest.raises(MapleError, match="study study-0: label mass=3"):
        evaluate(FindingReader(), [marked_study(0, {"mass": 3})], PHANTOM)
    broken = FindingReader()
    broken.similarity = lambda images, texts: (images.pooled @ texts.pooled.T) * float("nan")
    with pytest.raises(MapleError, match=r"'reader'.*NaN for 5 of 5 studies, the first is study-0"):
        evaluate(broken, some_studies(5), PHANTOM)
    with pytest.raises(MapleError, match="averaging='median'"):
        replace(PHANTOM, averaging="median")
    entry = {"version": 1, "task": "zero_shot", "description": "d", "source": "s", "prompts": "phantom"}
    with pytest.raises(MapleError, match=r"'mine'.*threshold='test'"):
        build_protocol("mine", entry | {"threshold": "test"})


def test_labels_of_other_datasets_are_in_the_same_words():
    assert set(prompt_ensemble("nih_14").findings) == {label.finding for label in NIH_LABELS.values()}
    studies = [marked_study(i, {"mass": i % 2, "nodule": -1}) for i in range(4)]
    assert label_matrix(studies, ["mass", "nodule", "edema"]).tolist() == [[0, -1, -1], [1, -1, -1]] * 2
    assert (
        label_matrix(studies, ["mass", "nodule", "edema"], "absent").tolist() == [[0, -1, 0], [1, -1, 0]] * 2
    )


@pytest.mark.parametrize("averaging", ["mean_embedding", "max", "mean_similarity"])
def test_averages_equal_a_loop(averaging):
    method, studies = FindingReader(), some_studies(4, noise=0.7)
    groups = [
        ["There is a mass.", "A nodule is seen."],
        ["No mass."],
        ["There is edema."] * 3 + ["No hernia."],
    ]
    ours = prompt_scores(method, studies, groups, averaging, batch_size=3)
    cells = np.stack([s.image.pixels.ravel()[: len(FINDINGS)] for s in studies])
    for column, group in enumerate(groups):
        texts = method.encode_texts(group).pooled.numpy()
        mean = texts.mean(0) / np.linalg.norm(texts.mean(0))
        expected = {
            "mean_embedding": cells @ mean,
            "max": (cells @ texts.T).max(1),
            "mean_similarity": (cells @ texts.T).mean(1),
        }[averaging]
        np.testing.assert_allclose(ours[:, column], expected, rtol=1e-5)


def test_an_averaged_text_keeps_its_words_and_what_else_a_method_says():
    @dataclass(frozen=True)
    class Named(TextFeatures):
        findings: torch.Tensor

    valid = torch.tensor([[1, 1, 0], [1, 0, 0], [1, 1, 1]]).bool()
    words = torch.arange(18.0).view(3, 3, 2)
    pooled = torch.tensor([[1.0, 0], [0, 1], [0, 1]])
    of_each = torch.tensor([[[3, 1, 1]], [[3, 2, 1]], [[4, 1, 0]]])
    given = Named(pooled, pooled, words, valid, torch.tensor([4, 4, 7]), statements=of_each)
    ours = average_texts(given, torch.tensor([0, 0, 1]), 2)
    assert ours.pooled[0].tolist() == pytest.approx([0.5**0.5] * 2)
    assert ours.phrase[0].tolist() == [0.5, 0.5]
    assert ours.word_valid.sum(1).tolist() == [3, 3]
    assert ours.words[0].tolist() == torch.stack([words[0, 0], words[0, 1], words[1, 0]]).tolist()
    assert ours.findings.tolist() == [4, 7]
    assert ours.statements is None


def test_a_methods_own_similarity_is_used():
    method = FindingReader()
    method.similarity = lambda images, texts: -(images.pooled @ texts.pooled.T)
    assert value(evaluate(method, some_studies(60), PHANTOM), "macro") == 0


@pytest.mark.parametrize("variant", ["gloria", "cxrclip"])
def test_five_classes_among_studies_that_show_exactly_one(variant):
    names = prompt_ensemble("chexpert_5x200").findings
    studies = [marked_study(i, {names[i % 5]: 1}) for i in range(50)]
    studies += [marked_study(50, {names[0]: 1, names[1]: 1}), marked_study(51, {names[0]: 1, names[1]: -1})]
    studies += [marked_study(52, {"mass": 1})]
    chosen = replace(protocol(f"zero_shot_chexpert_5x200_{variant}"), bootstrap=100)
    result = evaluate(FindingReader(), studies, replace(chosen, per_class=8), batch_size=16)
    assert len(result.table) == 40
    assert result.table["finding"].value_counts().tolist() == [8] * 5
    summary = result.summary().set_index("finding")
    assert summary.loc["cardiomegaly", "mean"] == 1
    assert summary.loc["macro", "mean"] == pytest.approx(summary.loc[list(names), "mean"].mean())
    assert (summary["chance"] == 0.2).all()
    with pytest.raises(MapleError, match="none shows exactly one"):
        evaluate(FindingReader(), studies[-3:], chosen)


def test_classes_without_a_study_are_counted():
    studies = [marked_study(i, {"edema": 1}) for i in range(3)]
    summary = evaluate(FindingReader(), studies, "zero_shot_chexpert_5x200_cxrclip").summary()
    assert summary.set_index("finding")["undefined"].to_dict()["macro"] == 4
    assert summary.set_index("finding")["n"].to_dict()["atelectasis"] == 0


def test_five_sentences_are_drawn_by_the_seed():
    studies = [marked_study(i, {"edema": 1}, {"edema": 0.5}) for i in range(3)]
    seen = []

    class Noting(FindingReader):
        def encode_texts(self, texts):
            seen.append(tuple(texts))
            return super().encode_texts(texts)

    for seed in (0, 0, 1):
        evaluate(Noting(), studies, "zero_shot_chexpert_5x200_gloria", seed=seed)
    assert [len(texts) for texts in seen] == [25] * 3
    assert seen[0] == seen[1] != seen[2]


def test_z_scores_undo_a_class_that_is_always_nearer():
    scores = np.random.default_rng(0).normal(size=(200, 3)) * [1, 5, 1] + [0, 9, 0]
    ours = z_scores(scores)
    np.testing.assert_allclose([ours.mean(0), ours.std(0)], [[0] * 3, [1] * 3], atol=1e-9)
    assert (z_scores(np.ones((4, 2))) == 0).all()
    assert z_scores(scores[:1]).tolist() == scores[:1].tolist()


def test_exclusive_studies():
    labels = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, -1]], np.int8)
    assert exclusive(labels).tolist() == [0, 1, -1, -1, -1]


class WithCodebook(FindingReader):
    """States what it sees; it never learnt hernias."""

    def zero_shot(self, images, regions=None):
        from maple_lib.methods.maple_answers import ZeroShot

        scores = images.flatten(1)[:, : len(FINDINGS)] - 0.5
        scores[:, FINDINGS.index("hernia")] = torch.nan
        return ZeroShot(FINDINGS, (scores > 0).long(), scores)


def test_codebook_answers_are_scored_and_what_was_not_learnt_is_counted():
    result = evaluate(WithCodebook(), some_studies(40), replace(protocol("codebook_phantom"), bootstrap=50))
    for metric in ("accuracy", "f1", "sensitivity", "specificity", "ppv", "npv", "one_point_auc"):
        assert value(result, "macro", metric) == 1
        assert value(result, "macro", metric, "undefined") == 1
        assert np.isnan(value(result, "hernia", metric))
    with pytest.raises(MapleError, match="method 'reader': has no codebook"):
        evaluate(FindingReader(), some_studies(4), "codebook_phantom")


def test_results_are_written_with_their_protocol(tmp_path):
    import pandas as pd

    result = evaluate(FindingReader(), some_studies(10), PHANTOM)
    written = pd.read_csv(result.save(tmp_path / "scores.csv"))
    assert len(written) == 10 * len(FINDINGS)
    assert set(written["protocol"]) == {"zero_shot_phantom v1"}
    assert {
        "protocol",
        "method",
        "finding",
        "metric",
        "mean",
        "low",
        "high",
        "n",
        "undefined",
        "chance",
    } <= set(result.summary().columns)
