"""Methods that ignore sides, wordings or a "no" are seen to; those that heed them are not blamed."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import torch

from maple_lib.data.study import Image, Lesion, Phrase, Study
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate, protocol
from maple_lib.evaluation.robustness import laterality, negation

PHANTOM = "robustness_phantom"


class Toy:
    """Patches know their brightness and their column; images know whether they hold a lesion."""

    image_size, grid, name = 64, (16, 16), "toy"

    def __init__(self):
        self.images_seen, self.texts_seen = 0, []

    def encode_images(self, images, regions=None):
        self.images_seen += len(images)
        bright = torch.nn.functional.avg_pool2d(images, 4).flatten(1)
        column = torch.linspace(-1, 1, 16).expand(16, 16).flatten().expand_as(bright)
        lesion = torch.where(images.flatten(1).amax(1) > 0.9, 1.0, -1.0)
        return ImageFeatures(lesion[:, None], torch.stack([bright, column], -1), self.grid)

    def encode_texts(self, texts):
        self.texts_seen += texts
        said = torch.tensor([self.read(text) for text in texts], dtype=torch.float)
        words = torch.zeros(len(texts), 1, 2)
        return TextFeatures(said[:, :1], said, words, words[..., 0] > 0)

    def similarity_map(self, images, texts):
        return torch.einsum("bnd,bd->bn", images.patches, texts.phrase).unflatten(1, images.grid)

    def similarity(self, images, texts):
        return images.pooled @ texts.pooled.T

    def read(self, text):
        """(how much brightness, how much of the patient's left) a map shows."""
        return 1, 0


class SideReader(Toy):
    def read(self, text):
        return 1, 100 if "left" in text else -100


class SideOnly(Toy):
    def read(self, text):
        return 0, 1 if "left" in text else -1


class Negating(Toy):
    def read(self, text):
        return (-1 if re.search(r"\bno\b", text, re.IGNORECASE) else 1), 0


class Denying(Negating):
    """Finds every denial unlikely, whatever the image."""

    def similarity(self, images, texts):
        return texts.pooled.T.expand(len(images.pooled), -1)


class Flat(Toy):
    def read(self, text):
        return 0, 0


class Broken(Toy):
    def read(self, text):
        return np.nan, 0


def normal(index):
    blank = np.full((64, 64), 0.2, np.float32)
    return Study(f"normal-{index}", f"n-{index}", lambda: Image(blank))


def means(table, **chosen):
    for column, value in chosen.items():
        table = table[table[column] == value]
    return table.groupby("metric")["value"].mean()


def summary_of(result, condition):
    rows = result.summary()
    return rows[rows["condition"] == condition].set_index("metric")


def test_a_method_that_ignores_words_fails_laterality(toy):
    found = means(laterality(Toy(), toy.studies))
    assert found["named side, lesion there"] == 1
    assert found["named side, lesion on the other side"] == 0
    assert found["laterality"] == 0.5


def test_a_method_that_follows_the_side_passes_laterality(toy):
    found = means(laterality(SideReader(), toy.studies))
    assert (found == 1).all()
    assert len(found) == 3


def test_constant_maps_are_no_better_than_chance_and_nan_ones_undefined(toy):
    assert (means(laterality(Flat(), toy.studies)) == 0.5).all()
    result = evaluate(Broken(), toy.studies, PHANTOM, conditions=["laterality"])
    row = summary_of(result, "laterality").loc["laterality"]
    assert (row["n"], row["undefined"]) == (12, 12)
    assert np.isnan(row["mean"])


def test_the_flip_tells_who_reads_and_who_looks(toy):
    looks = summary_of(evaluate(Toy(), toy.studies, PHANTOM, conditions=["flip"]), "flip")
    reads = summary_of(evaluate(SideOnly(), toy.studies, PHANTOM, conditions=["flip"]), "flip")
    assert looks.loc["named side", ["unperturbed", "mean"]].tolist() == [1, 0]
    assert looks.loc["on the lesion", ["unperturbed", "mean"]].tolist() == [1, 1]
    assert reads.loc["named side", ["unperturbed", "mean"]].tolist() == [1, 1]
    assert reads.loc["on the lesion", "mean"] < 0.5
    both = summary_of(evaluate(SideReader(), toy.studies, PHANTOM, conditions=["flip"]), "flip")
    assert both.loc["on the lesion", "mean"] == 0


def test_a_lesion_on_both_sides_is_no_case(toy):
    right, left = toy.study(0, finding="mass"), toy.study(1, finding="mass")
    both = dataclasses.replace(right, lesions=right.lesions + left.lesions)
    with pytest.raises(MapleError, match="no case for laterality"):
        laterality(Toy(), [both])
    assert len(laterality(Toy(), [both, left])) == 3
    result = evaluate(Toy(), [both], PHANTOM, conditions=["laterality", "gamma_0.6"])
    assert result.unasked == ("laterality",)
    row = summary_of(result, "laterality").iloc[0]
    assert row["n"] == 0
    assert np.isnan(row["mean"])


def test_a_method_that_ignores_no_is_seen_to(toy):
    studies = [*toy.studies, normal(0)]
    deaf, heeds, denies = (means(negation(method, studies)) for method in (Toy(), Negating(), Denying()))
    assert deaf["negation"] == deaf["negation, absent"] == deaf["negation in the lesion"] == 0
    assert heeds["negation"] == heeds["negation in the lesion"] == 1
    assert denies["negation"] == 1
    assert denies["negation, absent"] == 0


def test_absent_pairs_are_asked_of_images_without_the_finding(toy):
    mass, nodule = toy.study(0, finding="mass"), toy.study(2, finding="nodule")
    table = negation(Negating(), [mass, nodule, normal(0)])
    asked = dict(iter(table.groupby("metric")))
    pairs = asked["negation"][["study_id", "finding"]].to_numpy().tolist()
    assert pairs == [["study-0", "mass"], ["study-2", "nodule"]]
    absent = asked["negation, absent"].set_index(["study_id", "finding"])["value"]
    assert set(absent.index) == {
        ("study-0", "nodule"),
        ("study-2", "mass"),
        ("normal-0", "mass"),
        ("normal-0", "nodule"),
    }
    assert (absent["normal-0"] == 1).all()


def test_what_a_finding_implies_is_not_absent(toy):
    studies = [toy.study(0, finding="consolidation"), toy.study(2, finding="opacity")]
    table = negation(Toy(), studies)
    absent = table[table["metric"] == "negation, absent"]
    assert absent[["study_id", "finding"]].to_numpy().tolist() == [["study-2", "consolidation"]]


def test_denials_darken_the_lesion_by_what_the_table_says(toy):
    table = negation(Negating(), toy.studies)
    inside = table[table["metric"] == "similarity in the lesion"]
    np.testing.assert_allclose(inside["unperturbed"], -inside["value"], atol=1e-6)
    assert (inside["unperturbed"] > 0.8).all()  # the lesion is 1, what shares its patches .2


def test_without_own_similarity_pooled_cosines_are_compared(toy):
    class Bare(Negating):
        similarity = None

    assert means(negation(Bare(), toy.studies))["negation"] == 1


def test_other_words_for_the_same(toy):
    class Moody(Toy):
        def read(self, text):
            return (1, 0) if text.endswith(".") else (0, 1 if "left" in text else -1)

    plain = summary_of(evaluate(Toy(), toy.studies, PHANTOM, conditions=["rewording"]), "rewording")
    assert plain.loc["map correlation", "mean"] == pytest.approx(1)
    assert plain.loc["region_pointing spread", "mean"] == 0
    assert plain.loc["region_pointing", ["unperturbed", "mean"]].tolist() == [1, 1]
    moody = summary_of(evaluate(Moody(), toy.studies, PHANTOM, conditions=["rewording"]), "rewording")
    assert moody.loc["map correlation", "mean"] < 0.9
    assert moody.loc["region_pointing spread", "mean"] > 0.5


def test_inverted_greys_ruin_who_looks_for_brightness_and_nothing_ruins_nothing(toy):
    same = ["gamma_1", "window_0", "noise_0", "rotation_0"]
    result = evaluate(Toy(), toy.studies, PHANTOM, conditions=["monochrome1", *same])
    rows = result.summary().set_index(["condition", "metric"])
    inverted = rows.loc["monochrome1", "pointing"]
    assert (inverted["unperturbed"], inverted["mean"], inverted["difference"]) == (1, 0, -1)
    assert inverted["difference_low"] == inverted["difference_high"] == -1
    unchanged = rows.loc[same]
    assert np.abs(unchanged[["difference", "difference_low", "difference_high"]]).to_numpy().max() < 1e-3


def test_intervals_of_differences_are_paired(toy):
    result = evaluate(Toy(), toy.studies, PHANTOM, conditions=["noise_0.1"])
    row = summary_of(result, "noise_0.1").loc["cnr"]
    assert row["difference"] == pytest.approx(row["mean"] - row["unperturbed"])
    assert row["difference_low"] <= row["difference"] <= row["difference_high"] < 0
    assert row["difference_high"] - row["difference_low"] < row["high"] - row["low"] + 1e-6
    by_finding = result.summary(by=["finding"])
    assert set(by_finding["finding"]) == {"mass", "nodule"}
    assert by_finding[by_finding["metric"] == "cnr"]["n"].sum() == 12


def test_rotated_truth_is_found_where_it_moved(toy):
    result = evaluate(Toy(), toy.studies, PHANTOM, conditions=["rotation_10", "rotation_-10"])
    assert (result.table.query("metric == 'pointing'")["value"] == 1).all()
    assert (result.table.query("metric == 'region_pointing'")["value"] == 1).all()


def test_every_text_once_and_every_image_once_for_each_condition(toy):
    method = Toy()
    evaluate(
        method, toy.studies, PHANTOM, conditions=["laterality", "negation", "rewording", "gamma_0.6", "flip"]
    )
    assert len(method.texts_seen) == len(set(method.texts_seen))
    assert method.images_seen == 3 * 16  # unchanged, brightened, flipped: twelve images fill a block of 16


def test_a_study_alone_scores_as_it_does_among_others(toy):
    studies = [toy.study(i) for i in range(20)]
    conditions = ["laterality", "noise_0.05", "flip", "rewording"]
    together = evaluate(SideReader(), studies, PHANTOM, conditions=conditions).table
    alone = [evaluate(SideReader(), [s], PHANTOM, conditions=conditions).table for s in studies]
    keys = ["condition", "metric", "study_id"]
    one, many = (t.sort_values(keys).reset_index(drop=True) for t in (pd.concat(alone), together))
    pd.testing.assert_frame_equal(one, many, check_exact=True)


def test_images_of_several_sizes_are_scored_together(toy):
    studies = [toy.study(0), toy.study(1, size=(64, 96)), toy.study(2), toy.study(3, size=(96, 64))]
    conditions = ["laterality", "rotation_5", "flip"]
    table = evaluate(SideReader(), studies, PHANTOM, conditions=conditions).table
    assert not table.query("metric in ['pointing', 'laterality', 'named side']")["value"].isna().any()
    assert (means(table, condition="laterality") == 1).all()


def test_pixels_are_let_go_after_their_block(toy):
    studies = toy.studies
    evaluate(Toy(), studies, PHANTOM, conditions=["laterality", "gamma_0.6"])
    assert not any("image" in vars(study) for study in studies)


def test_boxes_are_truth_where_there_are_no_lesions(toy):
    def boxed(index):
        study = toy.study(index)
        phrase = dataclasses.replace(study.phrases[0], region=None)
        return dataclasses.replace(study, lesions=(), regions={}, phrases=(phrase,), labels={"edema": 0})

    studies = [boxed(index) for index in range(8)]
    result = evaluate(
        Toy(), studies, "robustness_boxes", conditions=["gamma_0.6", "laterality", "flip", "negation"]
    )
    rows = result.summary().set_index(["condition", "metric"])["mean"]
    assert rows["gamma_0.6", "pointing"] == 1
    assert np.isnan(rows["gamma_0.6", "region_pointing"])
    assert rows["laterality", "laterality"] == 0.5
    assert (rows["flip", "on the lesion"], rows["flip", "named side"]) == (1, 0)
    negated = result.table.query("condition == 'negation'")
    assert set(negated["finding"]) == {"mass", "nodule"}
    assert "negation, absent" not in set(negated["metric"])


def test_labels_say_what_is_absent_where_boxes_are_truth(toy):
    seen = dataclasses.replace(toy.study(0, finding="mass"), labels={"mass": 1})
    free = dataclasses.replace(normal(0), labels={"mass": 0}, phrases=())
    table = evaluate(Negating(), [seen, free, normal(1)], "robustness_boxes", conditions=["negation"]).table
    absent = table[table["metric"] == "negation, absent"]
    assert absent[["study_id", "value"]].to_numpy().tolist() == [["normal-0", 1.0]]


def test_a_region_that_no_vocabulary_knows_is_scored(toy):
    odd = np.zeros((64, 64), bool)
    odd[10:20, 40:50] = True
    image = Image(np.where(odd, 1.0, 0.2).astype(np.float32))
    phrase = Phrase("bulge of the left flank", "bulge", (), "left flank")
    study = Study(
        "odd", "p", lambda: image, lesions=(Lesion("bulge", "left flank", odd, 1.0),), phrases=(phrase,)
    )
    found = evaluate(Toy(), [study], PHANTOM, conditions=["laterality", "negation", "flip", "rotation_5"])
    assert means(found.table, condition="laterality")["laterality"] == 0.5


def test_results_print_and_save_their_protocol(toy, tmp_path):
    result = evaluate(Toy(), toy.studies[:2], PHANTOM, conditions="negation")
    assert str(result).startswith("toy by protocol robustness_phantom v1")
    saved = pd.read_parquet(result.save(tmp_path / "r.parquet"))
    assert set(saved["protocol"]) == {"robustness_phantom v1"}
    first = result.summary().iloc[0]
    assert (first["protocol"], first["method"], first["metric"]) == (
        "robustness_phantom v1",
        "toy",
        "negation",
    )


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            ["laterality", "sharpness"],
            r"condition 'sharpness'.*laterality, negation, rewording, gamma_<number>",
        ),
        (["gamma_x"], "condition 'gamma_x'.*from 0.05 to 20"),
        ([], "leave them out"),
    ],
)
def test_unknown_conditions_list_the_known(toy, conditions, message):
    with pytest.raises(MapleError, match=message):
        evaluate(Toy(), toy.studies, PHANTOM, conditions=conditions)


def test_nothing_to_ask_is_an_error(toy):
    for studies in ([], [normal(0), normal(1)]):
        with pytest.raises(MapleError, match="no case for laterality, negation"):
            evaluate(Toy(), studies, PHANTOM, conditions=["laterality", "negation"])
    with pytest.raises(MapleError, match="its task is retrieval"):
        laterality(Toy(), toy.studies, "retrieval")
    wrong = dataclasses.replace(protocol(PHANTOM), grounding="retrieval")
    with pytest.raises(MapleError, match="name a grounding one"):
        evaluate(Toy(), toy.studies, wrong)


def unreadable(study):
    def load():
        raise MapleError("scan.dcm", "damaged", "fetch it again")

    return dataclasses.replace(study, load_image=load)


def test_images_that_cannot_be_read_are_left_out_and_counted(toy):
    studies = [unreadable(toy.study(0)), *(toy.study(i) for i in range(1, 20))]
    conditions = ["laterality", "gamma_0.6", "flip"]
    result = evaluate(Toy(), studies, PHANTOM, conditions=conditions)
    assert result.problems["study_id"].tolist() == ["study-0"]
    assert "image cannot be read" in str(result)
    rest = evaluate(Toy(), studies[1:], PHANTOM, conditions=conditions)
    pd.testing.assert_frame_equal(result.table, rest.table)
    with pytest.raises(MapleError, match=r"no image with a case can be read: scan\.dcm: damaged"):
        evaluate(Toy(), [unreadable(toy.study(0)), normal(0)], PHANTOM, conditions=["laterality"])


def test_a_damaged_box_is_undefined_and_told(toy):
    good, bad = toy.study(0), toy.study(1)
    phrase = dataclasses.replace(bad.phrases[0], boxes=((np.nan, 1, 2, 3),))
    studies = [
        dataclasses.replace(s, lesions=()) for s in (good, dataclasses.replace(bad, phrases=(phrase,)))
    ]
    result = evaluate(Toy(), studies, "robustness_boxes", conditions=["rotation_5", "flip", "laterality"])
    rows = result.summary().set_index(["condition", "metric"])
    assert rows.loc[("rotation_5", "pointing"), ["n", "undefined", "mean"]].tolist() == [2, 1, 1]
    assert rows.loc[("flip", "on the lesion"), ["n", "undefined", "mean"]].tolist() == [2, 1, 1]
    assert rows.loc[("laterality", "laterality"), "undefined"] == 0
    assert set(result.problems["study_id"]) == {"study-1"}
    assert "place cannot be read: undefined" in set(result.problems["problem"])


def test_constant_maps_are_told(toy):
    result = evaluate(Flat(), toy.studies[:3], PHANTOM, conditions=["gamma_0.6"])
    assert set(result.problems["problem"]) == {"constant map: every pixel is its peak"}
    assert len(result.problems) == 3


def test_the_breakdown_is_split_by_finding_and_region(toy):
    result = evaluate(Toy(), toy.studies, PHANTOM, conditions=["laterality", "negation"])
    rows = result.breakdown().query("metric == 'laterality'")
    counts = rows.set_index(["split", "group"])["n"]
    assert counts["all", "all"] == counts["finding"].sum() == counts["region"].sum() == 12
    assert set(counts["region"].index) == {"left lung", "right lung"}
