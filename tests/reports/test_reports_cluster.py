"""``parse_table`` over the parts of a corpus gives what it gives over the whole, on a real cluster too."""

from functools import partial

import pyarrow as pa
import pytest

from maple_lib.reports import parse_table

READ = partial(parse_table, text="report", key="study_id")
TEXTS = (
    "FINDINGS: Small left pleural effusion. No pneumothorax.",
    "There is a right upper lobe nodule measuring 9 mm. It has increased in size.",
    None,
    "",
    "The patient is rotated.",
    "INDICATION: Pneumonia?\nIMPRESSION: Possible left lower lobe consolidation. Heart size is normal.",
)


@pytest.fixture(scope="module")
def corpus():
    n = 60
    return pa.table(
        {"study_id": [f"s{i}" for i in range(n)], "report": [TEXTS[i % len(TEXTS)] for i in range(n)]}
    )


def parts_of(table, size):
    return [table.slice(start, size) for start in range(0, table.num_rows, size)]


@pytest.mark.parametrize("size", [1, 7, 60])
def test_the_parts_make_the_whole(corpus, size):
    parts = [READ(part) for part in parts_of(corpus, size)]
    assert pa.concat_tables(parts).equals(READ(corpus))
    assert READ(corpus).num_rows > 60


def test_record_batches_as_spark_hands_them_over(corpus):
    """The function of the book's page on parsing, mapped over batches as ``mapInArrow`` does."""

    def statements(batches):
        for batch in batches:
            yield from READ(pa.Table.from_batches([batch])).to_batches()

    made = pa.Table.from_batches(statements(iter(corpus.to_batches(max_chunksize=8))), READ(corpus).schema)
    assert made.equals(READ(corpus))


def test_an_empty_part_has_the_columns_of_the_others(corpus):
    assert READ(corpus.slice(0, 0)).schema == READ(corpus).schema


@pytest.mark.slow
def test_a_dask_cluster_reads_what_one_process_reads(corpus):
    distributed = pytest.importorskip(
        "dask.distributed", reason="no dask here: pip install 'maple-lab[cluster]' runs this test"
    )
    whole = READ(corpus)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        # Dask takes all slices of one table for the same argument and would parse only one of them, unless
        # pure=False tells it not to compare.
        parts = client.gather(client.map(READ, parts_of(corpus, 7), pure=False))
    assert pa.concat_tables(parts).equals(whole)
