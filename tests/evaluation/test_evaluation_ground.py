import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from maple_lib.data.study import Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import (
    MeanLesion,
    build_queries,
    evaluate,
    floors,
    protocol,
    region_mask,
    truth_mask,
)
from maple_lib.evaluation.ground import ground, similarity_maps
from maple_lib.evaluation.grounding import gate
from maple_lib.evaluation.queries import GroundingQuery

EASY = protocol("phantom_grounding_easy")
BOXES = protocol("ms_cxr_grounding")


def means(result, metric, **chosen):
    table = result.table
    for column, value in chosen.items():
        table = table[table[column] == value]
    return table[metric].mean()


def test_queries_take_the_studys_own_phrase_and_one_without_a_place(toy):
    placed, free = build_queries(toy.studies[:1], EASY)
    assert placed == GroundingQuery(0, "mass in the right lung", "mass", "right lung", False)
    assert free == GroundingQuery(0, "There is a mass.", "mass", None, True)
    assert np.array_equal(region_mask(free, toy.studies[0]), toy.studies[0].regions["right lung"])


def test_truth_is_the_union_of_lesions_of_one_finding_and_region(toy):
    one, two = toy.study(0, finding="mass"), toy.study(2, finding="mass")
    study = Study("both", "p", one.load_image, regions=one.regions, lesions=one.lesions + two.lesions)
    placed, free = build_queries([study], EASY)
    union = one.lesions[0].mask | two.lesions[0].mask
    assert np.array_equal(truth_mask(placed, study), union)
    assert np.array_equal(truth_mask(free, study), union)
    assert placed.phrase == "mass in the right lung"


def test_a_phrase_with_a_place_does_not_speak_of_the_other_side(toy):
    right, left = toy.study(0, finding="mass"), toy.study(1, finding="mass")
    study = Study("both", "p", right.load_image, regions=right.regions, lesions=right.lesions + left.lesions)
    queries = build_queries([study], EASY)
    assert [q.region for q in queries] == ["right lung", "left lung", None]
    masks = [truth_mask(q, study) for q in queries]
    assert np.array_equal(masks[0], right.lesions[0].mask)
    assert np.array_equal(masks[1], left.lesions[0].mask)
    assert np.array_equal(masks[2], masks[0] | masks[1])


def test_boxes_become_one_union_mask_inside_the_image(toy):
    phrase = Phrase("two spots", "opacity", ((0, 0, 4, 4), (60, 60, 10, 10), (-3, 20, 5, 2), (200, 0, 5, 5)))
    study = Study("s", "p", toy.studies[0].load_image, phrases=(phrase,))
    (query,) = build_queries([study], BOXES)
    mask = truth_mask(query, study)
    assert query.location_free
    assert mask.sum() == 16 + 16 + 4
    assert mask[63, 63]


def test_nothing_to_ask_is_an_error(toy):
    empty = Study("s", "p", toy.studies[0].load_image)
    with pytest.raises(MapleError, match="none has lesions"):
        ground(toy.method, [empty], EASY)
    with pytest.raises(MapleError, match="its task is retrieval"):
        ground(toy.method, toy.studies, "retrieval")


def test_a_method_that_sees_beats_the_floors_and_the_oracle_bounds_it(toy):
    result = ground(toy.method, toy.studies, EASY, train_studies=[toy.study(i) for i in range(100, 130)])
    rows = {"gated": False, "location_free": False}
    assert means(result, "pointing", source="method", **rows) == 1
    assert means(result, "region_pointing", source="method", **rows) == 1
    for floor in ("random", "centre blob", "region prior", "mean lesion"):
        assert means(result, "pointing", source=floor, **rows) < 0.7
        assert means(result, "auprc", source=floor, **rows) < means(result, "auprc", source="oracle", **rows)
    assert abs(means(result, "region_cnr", source="region prior", **rows)) < 1
    chance = means(result, "region_chance", source="method", **rows)
    assert chance == pytest.approx(256 / 2048)


def test_gated_rows_only_where_a_place_is_named(toy):
    table = ground(toy.method, toy.studies, EASY).table
    assert not table[table["gated"]]["location_free"].any()
    assert table["gated"].sum() * 3 == len(table)
    free = table[table["location_free"] & (table["source"] == "region prior")]
    assert free["cnr"].isna().all()
    assert (table.groupby(["query", "source"])["region_cnr"].nunique() <= 1).all()


def test_gating_keeps_the_inside_and_never_lifts_the_outside():
    rng = np.random.default_rng(0)
    maps = rng.normal(-0.5, 0.1, (2, 6, 6)).astype(np.float32)
    maps[1] = np.abs(maps[1])
    maps[0, 0, 0] = np.nan
    within = np.zeros(maps.shape, bool)
    within[:, :3] = True
    gated = gate(maps, within)
    np.testing.assert_array_equal(gated[within], maps[within])
    assert (gated[:, 3:].max((1, 2)) <= np.nanmin(maps, (1, 2))).all()
    np.testing.assert_array_equal(gated[1], maps[1] * within[1])


def test_the_batch_size_changes_nothing_and_the_mode_comes_back(toy):
    class Module(torch.nn.Module):
        image_size, grid = 32, (16, 16)
        encode_texts = toy.method.encode_texts
        similarity_map = toy.method.similarity_map

        def encode_images(self, images, regions=None):
            assert not self.training
            assert torch.is_inference_mode_enabled()
            return toy.method.encode_images(images, regions)

    method = Module().train()
    one, many = (ground(method, toy.studies, EASY, batch_size=size).table for size in (1, 64))
    pd.testing.assert_frame_equal(one, many)
    assert method.training


def test_padding_is_cut_away_so_wide_images_point_right(toy):
    studies = [toy.study(i, size) for i, size in enumerate([(64, 96), (96, 64), (64, 96), (64, 64)])]
    result = ground(toy.method, studies, BOXES)
    assert means(result, "pointing", source="method", gated=False) == 1
    assert means(result, "auprc", source="oracle", gated=False) > 0.6


def test_texts_are_encoded_once_each(toy):
    queries = build_queries(toy.studies, EASY)
    maps = similarity_maps(toy.method, toy.studies, queries, batch_size=64)
    assert maps.shape == (24, 16, 16)
    (texts,) = toy.method.texts_seen
    assert len(texts) == len(set(texts)) == 4 + 2


def test_undefined_truth_is_counted_not_dropped(toy):
    outside = Phrase("mass outside", "mass", ((500, 500, 5, 5),), "right lung")
    study = Study("s", "p", toy.studies[0].load_image, phrases=(outside, *toy.studies[0].phrases))
    summary = ground(toy.method, [study], BOXES).summary()
    row = summary[(summary.source == "method") & (summary.metric == "cnr") & ~summary.gated].iloc[0]
    assert (row["n"], row["undefined"]) == (2, 1)
    assert row["protocol"] == "ms_cxr_grounding v2"


def test_summary_has_intervals_and_class_means(toy):
    result = ground(toy.method, toy.studies, EASY)
    summary = result.summary()
    row = summary[(summary.source == "random") & (summary.metric == "cnr") & ~summary.gated].iloc[0]
    assert row["low"] < row["mean"] < row["high"]
    assert "phantom_grounding_easy v2" in str(result)
    assert set(result.summary(by=["finding"])["finding"]) == {"mass", "nodule"}


def test_floor_and_ceiling_stand_beside_every_number(toy):
    result = ground(toy.method, toy.studies, EASY, train_studies=[toy.study(i) for i in range(100, 110)])
    rows = result.summary().query("metric == 'pointing' and not gated and phrases == 'placed'")
    mean = rows.set_index("source")["mean"]
    floors_of = mean[["random", "centre blob", "region prior", "mean lesion"]]
    assert (rows["floor"] == floors_of.max()).all()
    assert set(rows["floor_source"]) == {floors_of.sort_values(kind="stable").index[-1]}
    assert (rows["ceiling"] == mean["oracle"]).all()
    assert rows["chance"].to_numpy() == pytest.approx(256 / 4096)
    shares = result.summary().query("metric == 'region_chance'")
    assert shares[["floor", "ceiling"]].isna().all(axis=None)


def test_rows_per_finding_region_and_size(toy):
    limits = {"sizes": (0.0624, 0.5)}
    result = ground(toy.method, toy.studies, dataclasses.replace(EASY, **limits), with_floors=False)
    assert set(result.table["size"]) == {"medium"}  # 16 x 16 of 64 x 64 pixels are 6.25 %
    rows = result.breakdown().query("metric == 'cnr' and phrases == 'placed' and not gated")
    assert rows.groupby("split")["group"].agg(set).to_dict() == {
        "all": {"all"},
        "finding": {"mass", "nodule"},
        "region": {"right lung", "left lung"},
        "size": {"medium"},
    }
    counts = rows.groupby("split")["n"].sum()
    assert set(counts) == {len(toy.studies)}
    whole = rows[rows["split"] == "all"]["class_mean"].item()
    assert whole == pytest.approx(rows[rows["split"] == "finding"]["mean"].mean())


def test_tables_are_saved_with_their_protocol(toy, tmp_path):
    result = ground(toy.method, toy.studies[:2], EASY, with_floors=False)
    read = pd.read_parquet(result.save(tmp_path / "t.parquet"))
    assert set(read["protocol"]) == {"phantom_grounding_easy v2"}
    assert len(pd.read_csv(result.save(tmp_path / "t.csv"))) == len(read)
    with pytest.raises(MapleError, match="unknown ending"):
        result.save(tmp_path / "t.xlsx")


def test_image_blind_is_the_mean_over_the_other_studies(toy):
    queries = build_queries(toy.studies, EASY)
    maps = np.random.default_rng(0).normal(size=(len(queries), 4, 4)).astype(np.float32)
    blind = floors.image_blind(queries, maps)
    same = [i for i, q in enumerate(queries) if (q.finding, q.region) == ("mass", "right lung")]
    np.testing.assert_allclose(blind[same[0]], maps[same[1:]].mean(0), atol=1e-6)
    assert np.isnan(floors.image_blind(queries[:1], maps[:1])).all()


def test_mean_lesion_knows_only_what_it_was_shown(toy):
    floor = MeanLesion.fit([toy.studies[0]], (8, 8))
    queries = build_queries(toy.studies[:2], EASY)
    maps = floor(queries)
    assert maps[0].sum() == pytest.approx(256 / 64, rel=1e-4)
    assert (queries[2].region, queries[2].finding) == ("left lung", "mass")
    np.testing.assert_array_equal(maps[2], maps[0])  # the finding, elsewhere
    same_place = GroundingQuery(0, "nodule in the right lung", "nodule", "right lung", False)
    np.testing.assert_array_equal(floor([same_place])[0], maps[0])
    unknown = GroundingQuery(0, "nodule in the left lung", "nodule", "left lung", False)
    assert np.isnan(floor([unknown])).all()


def test_random_floor_is_the_same_for_a_seed(toy):
    queries = build_queries(toy.studies, EASY)
    assert np.array_equal(floors.random_maps(queries, (8, 8), 1), floors.random_maps(queries, (8, 8), 1))
    assert not np.array_equal(floors.random_maps(queries, (8, 8), 1), floors.random_maps(queries, (8, 8), 2))


def test_evaluate_dispatches_on_the_protocol(toy):
    assert evaluate(toy.method, toy.studies, "phantom_grounding_easy").protocol is EASY
    assert evaluate(toy.method, toy.studies, "retrieval").protocol.task == "retrieval"
    with pytest.raises(MapleError, match="choose one of"):
        evaluate(toy.method, toy.studies, "no such protocol")
