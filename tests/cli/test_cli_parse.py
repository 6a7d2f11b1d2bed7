"""``maple parse`` writes the same statements in every format, and never half a file."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from maple_lib.cli.main import app
from maple_lib.cli.parsing import Format, write_parsed
from maple_lib.errors import MapleError
from maple_lib.reports import parse

TEXTS = {
    "a.txt": "FINDINGS: Small left pleural effusion. No pneumothorax.",
    "b.txt": 'INDICATION: Pneumonia?\nFINDINGS: A "hazy", new right basal opacity.\nHeart size is normal.',
    "c.txt": "The patient is rotated.",
}


@pytest.fixture
def files(tmp_path):
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [tmp_path / name for name in TEXTS]


def run(*arguments):
    return CliRunner().invoke(app, ["parse", *map(str, arguments)])


def keys(table):
    """(file, region, finding, existence) of a table of statements, without those of the context."""
    kept = table[~table["context"].astype(bool)]
    named = kept[["file", "region", "finding", "existence"]].astype(object).itertuples(index=False)
    return [tuple(None if pd.isna(value) else value for value in row) for row in named]


def expected():
    return [(name, *t.key) for name, text in TEXTS.items() for t in parse(text).triplets]


def test_csv_and_parquet_hold_every_statement(files, tmp_path):
    for ending, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        out = tmp_path / f"statements.{ending}"
        assert run(*files, "--out", out).exit_code == 0
        assert keys(read(out)) == expected()


def test_json_lines_hold_whole_reports(files, tmp_path):
    out = tmp_path / "reports.jsonl"
    assert run(*files, "--format", "jsonl", "--out", out).exit_code == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["text"] for line in lines] == list(TEXTS.values())
    assert [len(line["triplets"]) for line in lines] == [len(parse(text).triplets) for text in TEXTS.values()]


def test_the_screen_shows_what_the_file_holds(files, tmp_path):
    for kind in ("csv", "jsonl"):
        out = tmp_path / f"same.{kind}"
        run(*files, "--out", out)
        assert run(*files, "--format", kind).stdout == out.read_text()
    assert run(*files, "--json").stdout == run(*files, "--format", "jsonl").stdout


def test_lines_to_read_name_every_file(files):
    shown = run(*files).stdout
    assert all(name in shown for name in TEXTS)
    assert "pleural effusion" in shown


def test_one_bad_file_costs_only_itself(files, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\xff\xfe\x00")
    out = tmp_path / "rest.csv"
    done = run(files[0], bad, files[1], tmp_path / "missing.txt", "--out", out)
    assert done.exit_code == 1
    assert "bad.txt" in done.stderr
    assert "2 of 4" in done.stderr
    assert set(pd.read_csv(out)["file"]) == {"a.txt", "b.txt"}


def test_nothing_stated_is_an_empty_table_with_its_columns(files, tmp_path):
    out = tmp_path / "none.parquet"
    assert run(files[2], "--out", out).exit_code == 0
    table = pd.read_parquet(out)
    assert len(table) == 0
    assert {"file", "region", "finding", "existence", "context"} <= set(table.columns)


def test_a_failure_leaves_no_half_file_and_keeps_the_old_one(files, tmp_path, monkeypatch):
    out = tmp_path / "old.jsonl"
    out.write_text("old")

    def stop(reports, stream):
        stream.write("half")
        raise KeyboardInterrupt

    monkeypatch.setattr("maple_lib.cli.parsing._write_jsonl", stop)
    with pytest.raises(KeyboardInterrupt):
        write_parsed(files, out, Format.JSONL)
    assert out.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*TEXTS, "old.jsonl"])


@pytest.mark.parametrize(
    ("out", "kind", "says"),
    [(None, "parquet", "--out"), ("statements.txt", None, "--format"), ("no_folder/x.csv", None, "folder")],
)
def test_what_cannot_be_written_says_what_to_do(files, tmp_path, out, kind, says):
    arguments = [*files, *(["--format", kind] if kind else []), *(["--out", tmp_path / out] if out else [])]
    error = run(*arguments).exception
    assert isinstance(error, MapleError)
    assert says in error.remedy
