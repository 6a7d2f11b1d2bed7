"""Corpora that are not as one would wish: without reports, with few, moved, or made again differently."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from toys import toy_record

from maple_lib.data.mask_codes import encode_mask
from maple_lib.data.record import FINDING_INDEX, REGION_INDEX, Record
from maple_lib.data.rows import ImageRow, RegionRow, StudyRow
from maple_lib.data.table import StudyTable, write_rows
from maple_lib.errors import MapleError
from maple_lib.methods import create_method, list_methods
from maple_lib.training import train, train_config
from maple_lib.training.content import content_key
from maple_lib.training.corpus import Corpus, Recipe, build_corpus
from maple_lib.training.objective import make_objective
from maple_lib.training.run import RUN_CONFIG, _claim

SMALL = {
    "image_size": 64, "image_width": 16, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 16,
    "batch_size": 2, "text_warm_steps": 1, "image_warm_steps": 1, "steps": 1, "workers": 1,
}  # fmt: skip
SAYS, SAYS_NOTHING = "There is a right upper lobe nodule.", "Comparison: none."
RECIPE = Recipe(64, (8, 8))


def write_table(folder, reports, splits=None):
    """A table of random images with these reports; its images lie in ``folder/images``."""
    (folder / "images").mkdir(exist_ok=True)
    rows = []
    for i, report in enumerate(reports):
        pixels = np.random.default_rng(i).integers(0, 255, (64, 64), np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{i}.png")
        image = (ImageRow(str(i), f"{i}.png"),)
        rows.append(StudyRow("test", f"s{i}", f"p{i}", image, report, split=splits[i] if splits else "train"))
    return write_rows(rows, folder / "studies.parquet")


def configured(folder, table, **more):
    places = {"out": str(folder / "run"), "cache": str(folder / "cache"), "source": str(table)}
    return train_config("convirt", "tiny", **{**SMALL, **places, "root": str(folder / "images"), **more})


def test_a_source_without_reports_is_said_before_any_image_is_read(tmp_path, monkeypatch):
    table = write_table(tmp_path, ["", " \n", ""])
    monkeypatch.setattr("maple_lib.data.table.studies.read_image", None)  # a call would fail
    with pytest.raises(
        MapleError, match=r"studies\.parquet.*no report to train on: none of 3.*open-i"
    ) as caught:
        train(configured(tmp_path, table), progress=False)
    assert str(caught.value).count("\n") == 0


def test_reports_that_state_nothing_are_no_reports_to_train_on(tmp_path):
    table = write_table(tmp_path, [SAYS_NOTHING, SAYS_NOTHING])
    with pytest.raises(MapleError, match="no report to train on: none of 2 states a finding"):
        train(configured(tmp_path, table), progress=False)


def test_studies_without_a_report_are_left_out_and_counted(tmp_path):
    table = write_table(tmp_path, [SAYS, "", SAYS, SAYS_NOTHING, " "])
    with pytest.warns(UserWarning, match="2 studies left out; the first: study s1: no report"):
        corpus = build_corpus(StudyTable(table, tmp_path / "images"), RECIPE, tmp_path, progress=False)
    assert [record.study_id for record in corpus.records] == ["s0", "s2", "s3"]


def test_validation_studies_without_reports_are_named(tmp_path):
    table = write_table(tmp_path, [SAYS, SAYS, ""], ["train", "train", "validate"])
    with pytest.raises(MapleError, match=r"validation studies of source .*no report"):
        train(configured(tmp_path, table, validate_every=1), progress=False)


def test_a_batch_always_holds_a_sentence():
    mute = [replace(toy_record(i), sentences=(), statements=np.zeros((0, 4), np.int16)) for i in range(11)]
    corpus = Corpus((*mute, toy_record(99)))
    for step in range(40):
        batch = corpus.batch(step, 2, 0)
        assert len(batch.study_ids) == 2
        assert batch.sentences
        assert corpus.batch(step, 2, 0).study_ids == batch.study_ids
    alone = Corpus(tuple(toy_record(i) for i in range(12)))
    seen = [i for step in range(6) for i in alone.batch(step, 2, 0).study_ids]
    assert len(set(seen)) == 12, "batches that have a sentence stay as they were drawn"


@pytest.mark.parametrize("method", list_methods())
@pytest.mark.parametrize("said", [(1, 0), (0, 0, 0, 1), (1,)])
def test_every_method_learns_from_small_and_partly_mute_batches(method, said):
    torch.manual_seed(0)
    sizes = {
        k: v for k, v in SMALL.items() if k in ("image_size", "image_width", "text_width", "text_layers")
    }
    built = create_method(method, "tiny", **sizes).train()
    records = [toy_record(i) if one else mute_record(i) for i, one in enumerate(said)]
    for stage in built.stage_names:
        objective = make_objective(built, stage)
        built.begin_stage(stage, [*records, said_both_ways()])
        terms = objective(Corpus(tuple(records)).batch(0, len(records), 0))
        total = built.total(terms)
        assert bool(torch.isfinite(total)), (stage, terms)
        if total.requires_grad:
            total.backward()
    assert all(bool(p.grad.isfinite().all()) for p in built.parameters() if p.grad is not None)


def said_both_ways() -> Record:
    """MApLe learns from findings that its corpus states present here and absent there."""
    place, finding = REGION_INDEX["right lung"], FINDING_INDEX["pneumothorax"]
    rows = np.array([(0, place, finding, 1), (1, place, finding, 0)], np.int16)
    return replace(toy_record(50), sentences=("Right pneumothorax.", "No pneumothorax."), statements=rows)


def mute_record(i: int) -> Record:
    return replace(toy_record(i), sentences=(), statements=np.zeros((0, 4), np.int16))


class TestRoot:
    def test_images_that_moved_are_found_by_the_root(self, tmp_path):
        table = write_table(tmp_path, [SAYS, SAYS, SAYS])
        (tmp_path / "images").rename(tmp_path / "moved")
        with pytest.raises(MapleError, match=r"images.*root=FOLDER"):
            train(configured(tmp_path, table), progress=False)
        method = train(configured(tmp_path, table, root=str(tmp_path / "moved")), progress=False)
        assert method.config.method == "convirt"

    def test_another_root_is_the_same_run(self, tmp_path):
        table = write_table(tmp_path, [SAYS, SAYS, SAYS])
        train(configured(tmp_path, table), progress=False)
        (tmp_path / "images").rename(tmp_path / "moved")
        train(configured(tmp_path, table, root=str(tmp_path / "moved")), progress=False)


class TestContentKey:
    """Records are made again when anything they are made from is another."""

    @pytest.fixture
    def table(self, tmp_path):
        return write_table(tmp_path, [SAYS, SAYS])

    def key(self, table):
        return content_key(StudyTable(table, table.parent / "images"), RECIPE)

    def test_the_same_studies_have_the_same_key(self, table):
        assert self.key(table) == self.key(table)

    def test_another_image_file(self, table):
        before = self.key(table)
        os.utime(table.parent / "images" / "0.png", (1, 1))
        assert self.key(table) != before

    @pytest.mark.parametrize(
        "fields",
        [
            {"images": (ImageRow("0", "1.png"),)},
            {"regions": (RegionRow("0", "left lung", box=(1.0, 2.0, 30.0, 40.0)),)},
            {"regions": (RegionRow("0", "left lung", rle=encode_mask(np.eye(64, dtype=bool))),)},
            {"report": "No pneumothorax."},
        ],
    )
    def test_another_row(self, table, fields):
        before = self.key(table)
        first, *others = StudyTable(table).rows()
        write_rows([replace(first, **fields), *others], table)
        assert self.key(table) != before

    def test_another_mask_in_memory(self):
        from maple_lib.data.study import Study

        masks = [np.eye(4, dtype=bool), np.ones((4, 4), bool)]
        keys = {
            content_key([Study("s", "p", lambda: None, SAYS, regions={"spine": m})], RECIPE) for m in masks
        }
        assert len(keys) == 2


def test_a_run_made_before_a_field_existed_goes_on(tmp_path):
    """Its configuration lacks the field; the field had its default then."""
    config = train_config("convirt", "tiny", out=str(tmp_path))
    _claim(tmp_path, config)
    written = json.loads((tmp_path / RUN_CONFIG).read_text(encoding="utf-8"))
    del written["config"]["ema"], written["config"]["model"]["image_positions"]
    (tmp_path / RUN_CONFIG).write_text(json.dumps(written), encoding="utf-8")
    _claim(tmp_path, config)
    with pytest.raises(MapleError, match="differs in ema"):
        _claim(tmp_path, train_config("convirt", "tiny", out=str(tmp_path), ema=0.9))
