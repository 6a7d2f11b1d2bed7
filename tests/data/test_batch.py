import numpy as np
import pytest
import torch

from maple_lib.data.batch import collate
from maple_lib.data.pixels import images_tensor
from maple_lib.data.record import FINDING_INDEX, REGION_INDEX, Record, make_record
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError


def study(pixels, report="", regions=None):
    image = Image(pixels.astype(np.float32), source="made")
    return Study("s", "p", lambda: image, report, regions=regions or {})


def test_every_sentence_of_a_batch_stands_once(toy_records):
    batch = collate(toy_records)
    assert len(set(batch.sentences)) == len(batch.sentences)
    for b, record in enumerate(toy_records):
        own = {batch.sentences[u] for u in batch.report_sentences[b].nonzero().flatten()}
        assert own == set(record.sentences)


def test_statements_reach_the_tensors():
    rows = np.array([(0, 3, 1, 1), (0, 5, 1, 1), (1, -1, 2, 2)], np.int16)
    grid = np.zeros((len(REGION_INDEX), 4, 4), np.uint8)
    batch = collate([Record("a", np.zeros((8, 8), np.uint8), grid, ("x", "y"), rows)])
    assert batch.region_sentences[0].nonzero().tolist() == [[3, 0], [5, 0]]
    assert batch.region_findings[0].nonzero().tolist() == [[3, 1], [5, 1]]
    assert batch.findings[0, 1] == 1
    assert batch.findings[0, 2] == -1
    assert batch.statements[0, 1] == 1
    assert batch.statements[1, 2] == 2
    assert (batch.statements[0] != -1).sum() == 1


def test_present_outweighs_uncertain():
    rows = np.array([(0, 3, 1, 1), (1, 4, 1, 2)], np.int16)
    grid = np.zeros((len(REGION_INDEX), 4, 4), np.uint8)
    batch = collate([Record("a", np.zeros((8, 8), np.uint8), grid, ("x", "y"), rows)])
    assert batch.findings[0, 1] == 1


def test_a_study_without_statements_stays_in_the_batch(toy_records):
    silent = Record("mute", toy_records[0].pixels, toy_records[0].regions, (), np.zeros((0, 4), np.int16))
    batch = collate([*toy_records[:2], silent])
    assert batch.report_sentences[2].sum() == 0
    assert batch.images.shape[0] == 3


def test_images_are_padded_not_stretched():
    pixels = np.ones((50, 100))
    out = images_tensor([study(pixels)], 20)[0, 0]
    assert out.shape == (20, 20)
    assert out[:4].max() == 0
    assert out[7:13].min() == pytest.approx(1)


def test_masks_are_padded_as_the_image_is():
    pixels = np.zeros((50, 100))
    mask = np.zeros((50, 100), bool)
    mask[:25] = True
    record = make_record(study(pixels, regions={"left lung": mask}), 20, (4, 4))
    weights = record.regions[REGION_INDEX["left lung"]]
    assert weights[1].tolist() == [255] * 4
    assert weights[[0, 2, 3]].max() == 0


def test_parsed_statements_of_a_report(capsys):
    record = make_record(study(np.zeros((8, 8)), "There is a small left pleural effusion."), 8, (2, 2))
    assert record.sentences == ("There is a small left pleural effusion.",)
    row = [0, REGION_INDEX["left costophrenic angle"], FINDING_INDEX["pleural effusion"], 1]
    assert record.statements.tolist() == [row]


def test_bad_inputs_are_named():
    broken = np.full((8, 8), np.nan)
    with pytest.raises(MapleError, match="study s: holds NaN"):
        make_record(study(broken), 8, (2, 2))
    with pytest.raises(MapleError, match="'parsed' or 'given'"):
        make_record(study(np.zeros((8, 8))), 8, (2, 2), triplets="guessed")
    with pytest.raises(MapleError, match="holds no study"):
        collate([])


def test_batches_move_between_devices(toy_records):
    batch = collate(toy_records[:2]).to("cpu")
    assert isinstance(batch.images, torch.Tensor)
    assert batch.study_ids == ("toy-0", "toy-1")


def test_a_batch_knows_in_which_order_a_report_speaks(toy_records):
    batch = collate(toy_records)
    for record, order in zip(toy_records, batch.orders, strict=True):
        assert tuple(batch.sentences[u] for u in order) == record.sentences
