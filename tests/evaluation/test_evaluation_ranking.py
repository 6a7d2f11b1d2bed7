import dataclasses

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from maple_lib.errors import MapleError
from maple_lib.evaluation import chance_metrics, evaluate, protocol, rank_metrics, score_location_retrieval
from maple_lib.evaluation.location import present_findings
from maple_lib.evaluation.retrieval import same_text, score_retrieval
from maple_lib.vocabulary import FINDINGS, REGIONS


@pytest.fixture
def ranking():
    rng = np.random.default_rng(1)
    among = rng.random((30, 25)) < 0.9
    return rng.normal(size=(30, 25)), rng.random((30, 25)) < 0.2, among


def naive(scores, relevant, among, k):
    rows = []
    for s, r, a in zip(scores, relevant, among, strict=True):
        right = [bool(r[i]) for i in sorted(range(len(s)), key=lambda i: -s[i]) if a[i]]
        if any(right):
            rows.append((any(right[:k]), sum(right[:k]) / k, average_precision_score(r[a], s[a])))
        else:
            rows.append((np.nan,) * 3)
    return np.array(rows, float).T


@pytest.mark.parametrize("k", [1, 5, 10])
def test_equal_to_a_loop_and_to_sklearn(ranking, k):
    ours = rank_metrics(*ranking[:2], ks=[k], among=ranking[2])
    expected = naive(*ranking, k)
    for name, values in zip((f"R@{k}", f"P@{k}", "AP"), expected, strict=True):
        np.testing.assert_allclose(ours[name], values)


def test_equal_to_torchmetrics(ranking):
    theirs = pytest.importorskip("torchmetrics.functional.retrieval")
    scores, relevant, among = ranking
    ours = rank_metrics(scores, relevant, ks=[5], among=among)
    for row in np.flatnonzero((relevant & among).any(1)):
        kept = among[row]
        # theirs takes no candidate of score 0 or less for a find
        one = torch.from_numpy(scores[row][kept] - scores.min() + 1), torch.from_numpy(relevant[row][kept])
        assert ours["R@5"][row] == float(theirs.retrieval_hit_rate(*one, top_k=5))
        assert ours["P@5"][row] == pytest.approx(float(theirs.retrieval_precision(*one, top_k=5)))
        assert ours["AP"][row] == pytest.approx(float(theirs.retrieval_average_precision(*one)), abs=1e-6)


def test_chance_is_the_mean_over_random_orders():
    rng = np.random.default_rng(0)
    relevant, among = rng.random((3, 12)) < 0.3, rng.random((3, 12)) < 0.8
    among[:, :2] = relevant[:, :2] = True
    draws = [rank_metrics(rng.random((3, 12)), relevant, [3], among) for _ in range(4000)]
    expected = chance_metrics(relevant, [3], among)
    for name, values in expected.items():
        np.testing.assert_allclose(np.mean([d[name] for d in draws], axis=0), values, atol=0.02)


def test_no_right_candidate_is_undefined_and_few_candidates_are_enough():
    ours = rank_metrics(np.array([[1.0, 2.0]] * 2), np.array([[False, False], [True, False]]), [5])
    assert np.isnan(ours["AP"][0])
    assert (ours["R@5"][1], ours["P@5"][1], ours["AP"][1]) == (1, 0.5, 0.5)


def test_order_of_candidates_does_not_matter(ranking):
    scores, relevant, among = ranking
    order = np.random.default_rng(0).permutation(scores.shape[1])
    one = rank_metrics(scores, relevant, among=among)
    two = rank_metrics(scores[:, order], relevant[:, order], among=among[:, order])
    for name in one:
        np.testing.assert_allclose(one[name], two[name])


def test_bad_matrices_are_named(ranking):
    scores, relevant, _ = ranking
    with pytest.raises(MapleError, match=r"\(30, 25\).*\(30, 24\)"):
        rank_metrics(scores, relevant[:, 1:])
    with pytest.raises(MapleError, match="hold NaN"):
        rank_metrics(np.full((1, 3), np.nan), np.ones((1, 3), bool))
    with pytest.raises(MapleError, match="no query"):
        rank_metrics(np.zeros((0, 3)), np.ones((0, 3), bool))


def test_equal_reports_are_right_too():
    reports = ["clear", "mass", "clear"]
    assert same_text(reports).sum() == 5
    assert same_text(reports, dedupe=False).sum() == 3
    images = np.eye(3)
    texts = images[[2, 1, 0]]  # the two equal reports swapped
    table = score_retrieval(images, texts, reports, protocol("retrieval"))
    assert table[table["metric"] == "R@1"]["value"].mean() == 1


def test_retrieval_of_aligned_embeddings_is_perfect_and_chance_is_k_over_n():
    rng = np.random.default_rng(0)
    unit = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    table = score_retrieval(unit, unit, [str(i) for i in range(40)], protocol("retrieval"))
    assert (table["value"][table["metric"].isin(["R@1", "R@5", "AP"])] == 1).all()
    assert table[table["metric"] == "R@10"]["chance"].to_numpy() == pytest.approx(10 / 40)
    shuffled = score_retrieval(
        unit, unit[rng.permutation(40)], [str(i) for i in range(40)], protocol("retrieval")
    )
    assert shuffled[shuffled["metric"] == "R@1"]["value"].mean() < 0.2


def test_retrieval_through_a_method_prints_its_protocol(toy):
    result = evaluate(toy.method, toy.studies, "retrieval", batch_size=5)
    assert "retrieval v3" in str(result)
    assert set(result.summary()["direction"]) == {"image->text", "text->image"}
    with pytest.raises(MapleError, match="at least one study"):
        evaluate(toy.method, [], "retrieval")


def test_location_retrieval_with_perfect_regions_beats_its_floors():
    rng = np.random.default_rng(0)
    N, R, F = 60, len(REGIONS), len(FINDINGS)
    kind = rng.integers(0, 3, (N, 2))
    findings = np.zeros((N, R, F), bool)
    findings[np.arange(N)[:, None], [[0, 8]], kind] = True
    regions = np.zeros((N, R, F))
    regions[findings.any(-1)] = findings[findings.any(-1)]
    visible = np.zeros((N, R), bool)
    visible[:, [0, 8]] = True
    whole = rng.normal(size=(N, F))
    ids = [str(i) for i in range(N)]
    table = score_location_retrieval(
        regions, regions, whole, visible, findings, protocol("location_retrieval"), ids
    )
    mean = table[table["metric"] == "P@5"].groupby("source")["value"].mean()
    assert mean["conditioned"] == 1
    assert max(mean["whole image"], mean["prevalence"], mean["random"]) < 0.6
    assert set(table["region"]) == {REGIONS[0], REGIONS[8]}
    visible[: N // 2] = False  # cases without the region neither ask nor answer
    table = score_location_retrieval(
        regions, regions, whole, visible, findings, protocol("location_retrieval"), ids
    )
    assert set(table["study_id"]) == set(ids[N // 2 :])


def test_retrieval_gives_the_anatomy_where_every_study_has_some(toy):
    """With anatomy this method knows the case; where one study has none, nobody's is looked at."""

    class Looking(type(toy.method)):
        given = ()

        def encode_images(self, images, regions=None):
            self.given = (*self.given, regions is not None)
            return super().encode_images(images, regions)

    studies = [toy.study(i) for i in range(8)]
    for asked, expected in (
        (studies, True),
        ([*studies[:7], dataclasses.replace(studies[7], regions={})], False),
    ):
        method = Looking()
        evaluate(method, asked, "retrieval")
        assert set(method.given) == {expected}
    method = Looking()
    evaluate(method, studies, dataclasses.replace(protocol("retrieval"), regions=False))
    assert set(method.given) == {False}


def test_location_retrieval_through_a_method(toy):
    studies = [toy.study(i) for i in range(40)]
    result = evaluate(toy.method, studies, "location_retrieval", batch_size=7)
    summary = result.summary()
    assert set(summary["source"]) == {"conditioned", "cosine", "whole image", "prevalence", "random"}
    assert (summary["low"] <= summary["mean"]).all()
    assert (summary["regions"] == 2).all()
    assert set(result.summary(by_region=True)["region"]) == {"right lung", "left lung"}
    with pytest.raises(MapleError, match="no region has 5 cases"):
        evaluate(toy.method, studies[:3], "location_retrieval")


def test_present_findings_reads_only_what_is_present_and_placed(toy):
    found = present_findings(toy.studies[:1])
    assert found.sum() == 1
    assert found[0, REGIONS.index("right lung"), FINDINGS.index("mass")]
