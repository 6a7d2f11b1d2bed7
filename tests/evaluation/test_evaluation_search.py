"""Search in four directions and by label."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch

from maple_lib.data.study import Image, Study
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate, protocol, score_location_retrieval
from maple_lib.evaluation.label_retrieval import choose_studies
from maple_lib.evaluation.problems import Problems
from maple_lib.vocabulary import FINDINGS, REGIONS

DIRECTIONS = ["image->image", "image->text", "text->image", "text->text"]
PHANTOM = protocol("label_retrieval_phantom")


class Knowing:
    """A method that reads the finding off the brightest pixel, and off the words."""

    image_size, grid, name = 64, (2, 2), "knowing"
    words = ("mass", "nodule", "edema")

    def encode_images(self, images, regions=None):
        kind = (images.flatten(1).amax(1) * 4).round().long() % len(self.words)
        pooled = torch.nn.functional.one_hot(kind, len(self.words)).float()
        patches = pooled[:, None].expand(-1, 4, -1)
        if regions is None:
            return ImageFeatures(pooled, patches, self.grid)
        valid = regions.flatten(2).sum(-1) > 0
        return ImageFeatures(pooled, patches, self.grid, pooled[:, None] * valid[..., None], valid)

    def encode_texts(self, texts):
        said = torch.tensor([[float(word in text) for word in self.words] for text in texts])
        return TextFeatures(said, said, said[:, None], torch.ones(len(texts), 1, dtype=torch.bool))

    def similarity(self, images, texts):
        return images.pooled @ texts.pooled.T


def labelled(index, *findings, value=1):
    grey = Knowing.words.index(findings[0]) / 4 if findings and findings[0] in Knowing.words else 1.0
    pixels = np.full((64, 64), grey, np.float32)
    labels = dict.fromkeys((*Knowing.words, "device"), 0) | dict.fromkeys(findings, value)
    return Study(f"s{index}", f"p{index}", lambda: Image(pixels), labels=labels)


def test_four_directions_with_and_without_condition_beside_their_floors(toy):
    studies = [toy.study(i) for i in range(40)]
    result = evaluate(toy.method, studies, "location_retrieval")
    summary = result.summary()
    assert list(dict.fromkeys(summary["direction"])) == DIRECTIONS
    row = summary.set_index(["direction", "source", "metric"])
    for direction in DIRECTIONS:
        values = row.loc[(direction, "conditioned", "P@5")]
        assert values["unconditioned"] == row.loc[(direction, "whole image", "P@5"), "mean"]
        floors = [row.loc[(direction, name, "P@5"), "mean"] for name in ("prevalence", "random")]
        assert values["floor"] == max(floors)
    assert set(result.breakdown()["split"]) == {"all", "region"}


@pytest.fixture
def reading(toy):
    """The toy's method, but with words that tell mass from nodule."""

    class Reading(type(toy.method)):
        def encode_texts(self, texts):
            said = torch.tensor([[float("mass" in t), float("nodule" in t)] for t in texts])
            return TextFeatures(said, said, said[:, None], torch.ones(len(texts), 1, dtype=torch.bool))

    return Reading


def precision(method, toy):
    table = evaluate(method, [toy.study(i) for i in range(40)], "location_retrieval").table
    return table, table[table["metric"] == "P@5"].groupby(["direction", "source"])["value"].mean()


def test_texts_about_a_region_find_each_other(reading, toy):
    table, mean = precision(reading(), toy)
    assert mean["text->text", "conditioned"] == 1
    assert mean["image->image", "conditioned"] < 0.9
    whole = table[table["direction"] == "text->image"]
    assert set(whole["region"]) == {"right lung", "left lung"}


def test_a_method_may_say_what_a_search_compares(reading, toy):
    """Here what it compares is no likeness at all: every case scores zero, and precision is chance."""

    class Blind(reading):
        def searched(self, embeddings, region):
            return torch.zeros(len(embeddings), 1)

    _, mean = precision(Blind(), toy)
    assert mean["text->text", "conditioned"] == pytest.approx(mean["text->text", "random"], abs=0.01)
    assert mean["text->text", "cosine"] == 1
    assert mean["text->text", "whole image"] == precision(reading(), toy)[1]["text->text", "whole image"]


def test_cases_that_say_nothing_of_a_region_never_answer():
    findings = np.zeros((12, len(REGIONS), len(FINDINGS)), bool)
    findings[:6, 0, 0] = findings[6:, 0, 1] = True
    units = np.random.default_rng(0).normal(size=(12, len(REGIONS), 4))
    visible = np.ones((12, len(REGIONS)), bool)
    answers = visible.copy()
    answers[6:] = False
    settings, names = protocol("location_retrieval"), [str(i) for i in range(12)]
    table = score_location_retrieval(
        units, units, units[:, 0], visible, findings, settings, names, units[:, 1], answers
    )
    assert set(table["study_id"]) == set(names[:6])
    random = table[(table["source"] == "random") & (table["metric"] == "P@5")]
    assert (random["value"] == 1).all()


def test_a_knowing_method_finds_every_label():
    studies = [labelled(i, Knowing.words[i % 3]) for i in range(30)]
    chosen = dataclasses.replace(PHANTOM, labels=Knowing.words, per_label=8)
    result = evaluate(Knowing(), studies, chosen)
    assert (result.table["value"][result.table["metric"] == "P@5"] == 1).all()
    summary = result.summary().set_index(["direction", "metric"])
    assert summary.loc[("image->image", "P@5"), "chance"] == pytest.approx(7 / 23)
    assert summary.loc[("image->image", "P@5"), "n"] == 24
    assert summary.loc[("text->image", "P@5"), "n"] == 6
    assert set(result.breakdown().query("split == 'label'")["group"]) == set(Knowing.words)
    assert "label_retrieval_phantom v1" in str(result)


def test_only_one_certain_label_makes_a_candidate():
    labels = dataclasses.replace(
        PHANTOM, labels=("mass", "nodule", "normal"), per_label=2, ignored=("device",)
    )
    studies = [labelled(i, "mass") for i in range(5)]
    studies += [labelled(9, "mass", "nodule"), labelled(10, "nodule", value=-1), labelled(11, "nodule")]
    studies += [labelled(12), labelled(13, "device"), labelled(14, "edema")]
    problems = Problems()
    chosen, kinds = choose_studies(studies, labels, 0, problems)
    names = [studies[i].study_id for i in chosen]
    assert Counter(labels.labels[k] for k in kinds) == {"mass": 2, "normal": 2}
    assert set(names[2:]) == {"s12", "s13"}
    assert problems.table()["phrase"].tolist() == ["nodule"]
    drawn = {tuple(choose_studies(studies, labels, seed, Problems())[0][:2]) for seed in range(9)}
    assert len(drawn) > 1
    with pytest.raises(MapleError, match="fewer than two"):
        choose_studies(studies[:4], labels, 0, Problems())


def test_reports_that_are_missing_are_left_out_and_told(toy):
    silent = dataclasses.replace(toy.study(5), report=" ")
    result = evaluate(toy.method, [*toy.studies[:4], silent], "retrieval")
    assert result.problems["study_id"].tolist() == ["study-5"]
    assert len(set(result.table["study_id"])) == 4
