"""Many reports: order, failures at the end, processes, flat streaming, arrow tables."""

from __future__ import annotations

import pickle
from itertools import count, islice

import pyarrow as pa
import pytest

from maple_lib.errors import MapleError
from maple_lib.reports import iter_parse, parse, parse_many, parse_table

TEXTS = [
    f"{side} {finding}." for finding in ("effusion", "pneumothorax", "nodule") for side in ("Left", "Right")
] * 60


@pytest.mark.parametrize("workers", [1, 2])
def test_order_is_kept(workers):
    assert parse_many(TEXTS, workers=workers) == [parse(text) for text in TEXTS]


def test_a_report_from_another_process_unpacks_itself_once_and_travels_on():
    (report,) = parse_many(["FINDINGS: Left effusion, 2 cm nodule."], workers=2)
    again = pickle.loads(pickle.dumps(report))
    assert report == again == parse("FINDINGS: Left effusion, 2 cm nodule.")
    assert report.findings_text == "Left effusion, 2 cm nodule."
    with pytest.raises(AttributeError, match="colour"):
        _ = report.colour


def test_missing_texts_are_no_failures():
    assert [bool(report.reason) for report in parse_many(["No effusion.", None, ""])] == [False, True, True]


def test_failures_are_counted_at_the_end():
    with pytest.raises(MapleError, match=r"2 of 3 reports.*number 1.*decode"):
        parse_many(["No effusion.", b"x", 5])
    outcomes = list(iter_parse(["No effusion.", b"x", "Edema."]))
    assert [outcome.report is None for outcome in outcomes] == [False, True, False]
    assert "decode" in outcomes[1].error


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stream_is_read_only_as_far_as_needed(workers):
    taken = []

    def endless():
        for i in count():
            taken.append(i)
            yield "Left effusion."

    stream = iter_parse(endless(), workers=workers)
    assert len(list(islice(stream, 10))) == 10
    stream.close()
    assert len(taken) < 10_000


def test_workers_below_one_are_refused():
    with pytest.raises(MapleError, match="workers=0"):
        list(iter_parse([], workers=0))


def test_progress_changes_nothing():
    assert parse_many(TEXTS[:5], progress=True) == parse_many(TEXTS[:5])


def test_table_has_a_row_per_triplet_and_keeps_the_key():
    table = pa.table({"id": ["a", "b", "c"], "report": ["No effusion.", None, "Left basilar opacity, 2 cm."]})
    out = parse_table(table, key="id")
    assert out.column("id").to_pylist() == ["a", "a", "c"]
    assert out.column("region").to_pylist()[2] == "left lower lung zone"
    assert parse_table(table.slice(1, 1), key="id").schema == out.schema


def test_table_faults_are_named():
    with pytest.raises(MapleError, match=r"'text'.*report"):
        parse_table(pa.table({"report": ["x"]}), text="text")
    with pytest.raises(MapleError, match="int"):
        parse_table(pa.table({"report": [1]}))
