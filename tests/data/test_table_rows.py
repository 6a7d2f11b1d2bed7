"""A studies table gives back what was written, study by study, and reads pixels only when asked."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image as Pillow

from maple_lib.data.doctor import examine
from maple_lib.data.mask_codes import encode_mask
from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.data.sources import load_studies
from maple_lib.data.table import StudyTable, TableInfo, study_from_row, validate_table, write_rows
from maple_lib.data.table.failures import write_failures
from maple_lib.data.table.writing import GROUP
from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet

MASK = np.zeros((10, 12), bool)
MASK[2:5, 3:9] = True


def rich(number: int = 0) -> StudyRow:
    """A study with something in every field."""
    first, second = f"{number}-a", f"{number}-b"
    return StudyRow(
        "made-up",
        f"s{number}",
        f"p{number // 2}",
        (
            ImageRow(first, f"{first}.png", "PA", "2180-05-06T08:28:03", 10, 12),
            ImageRow(second, f"{second}.png", "LATERAL"),
        ),
        f"FINDINGS: Épanchement {number}.\nNo pneumothorax.",
        {"edema": 1, "opacity": 0, "mass": -1},
        (
            RegionRow(first, "right lung", (1.25, 2, 6, 9), source="chest-imagenome"),
            RegionRow(first, "left lung", None, encode_mask(MASK), "chexmask", 0.5),
            RegionRow(second, "spine", (0, 0, 4, 10), source="atlas", confidence=0.25),
        ),
        (
            PhraseRow(first, "an opacity", "opacity", "left lung", ((1, 2, 3, 4.5), (0, 0, 1, 1))),
            PhraseRow(first, "a line", "line", polygons=((1, 1, 2, 2, 3, 1), (4.0, 4, 5, 5, 6, 4))),
            PhraseRow(second, "an edema", "edema", rle="0 3 20 4"),
        ),
        (
            Triplet("left lung", "opacity", "present", 1, (3, 9), (10, 12), False, {"severity": "mild"}),
            Triplet(None, "nodule", "uncertain", 0, (0, 1), None, True, {}),
        ),
        "train",
    )


def plain(number: int) -> StudyRow:
    """A study with nothing but an image."""
    return StudyRow("made-up", f"n{number}", f"q{number}", (ImageRow(f"{number}-n", f"{number}.png"),))


def draw(folder) -> None:
    for name, size in (("0-a", (12, 10)), ("0-b", (9, 7))):
        Pillow.fromarray(np.full((size[1], size[0]), 90, np.uint8)).save(folder / f"{name}.png")


def test_every_field_comes_back(tmp_path):
    rows = [rich(0), plain(1), replace(plain(2), triplets=()), rich(3)]
    table = StudyTable(write_rows(rows, tmp_path / "t.parquet"), root=tmp_path)
    assert list(table.rows()) == rows
    assert table.row(1).triplets is None
    assert table.row(2).triplets == ()


def test_any_order_and_any_group_give_the_same_study(tmp_path):
    rows = [rich(i) if i % 7 == 0 else plain(i) for i in range(3 * GROUP + 5)]
    table = StudyTable(write_rows(iter(rows), tmp_path / "t.parquet"))
    order = np.random.default_rng(0).permutation(len(rows)).tolist()
    assert len(table) == len(rows)
    assert [table.row(i) for i in order] == [rows[i] for i in order]
    assert [s.study_id for s in table[5 : 4 * GROUP : 50]] == [r.study_id for r in rows[5 : 4 * GROUP : 50]]
    assert table[-1].study_id == rows[-1].study_id
    assert len(table._groups) <= 8
    with pytest.raises(IndexError):
        table.row(len(rows))


def test_an_empty_table_is_a_table(tmp_path):
    assert len(StudyTable(write_rows([], tmp_path / "t.parquet"))) == 0


def test_a_study_reads_its_own_image_and_draws_its_own_regions(tmp_path):
    draw(tmp_path)
    study = study_from_row(rich(), tmp_path)
    assert study.image.pixels.shape == (10, 12)
    assert study.image.view == "PA"
    assert list(study.regions) == ["right lung", "left lung"]
    np.testing.assert_array_equal(study.regions["left lung"], MASK)
    assert study.regions["right lung"].sum() == (6 - 1) * (9 - 2)
    assert study.region_sources == {"right lung": "chest-imagenome", "left lung": "chexmask"}
    assert study.region_confidence == {"left lung": 0.5}
    assert [p.text for p in study.phrases] == ["an opacity", "a line"]
    assert study.phrases[1].polygons[0] == (1, 1, 2, 2, 3, 1)


def test_another_image_of_the_study_brings_its_own_regions_and_phrases(tmp_path):
    draw(tmp_path)
    other = study_from_row(rich(), tmp_path).at("0-b")
    assert other.study_id == "s0"
    assert [image.image_id for image in other.images] == ["0-b", "0-a"]
    assert other.image.view == "LATERAL"
    assert other.regions["spine"].shape == (7, 9)  # the row does not know the size: the image does
    assert [p.text for p in other.phrases] == ["an edema"]
    assert other.at("0-a").images[0].image_id == "0-a"
    with pytest.raises(MapleError, match=r"no image 'x'.*it has: 0-b, 0-a|it has: 0-a, 0-b"):
        other.at("x")


def test_studies_that_know_no_other_view_say_so():
    study = load_studies("phantom", n=1, seed=0, size=64)[0]
    with pytest.raises(MapleError, match="no other view"):
        study.at("x")


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    study = study_from_row(rich(), tmp_path / "not there")
    assert len(study.regions) == 2
    assert "left lung" in study.regions
    with pytest.raises(MapleError, match="root=FOLDER"):
        _ = study.image


def test_where_two_sources_draw_a_region_the_surer_one_counts(tmp_path):
    row = replace(
        rich(),
        regions=(
            RegionRow("0-a", "spine", (0, 0, 1, 1), source="atlas", confidence=0.2),
            RegionRow("0-a", "spine", (0, 0, 2, 2), source="chest-imagenome"),
            RegionRow("0-a", "spine", (0, 0, 3, 3), source="chexmask"),
        ),
    )
    study = study_from_row(row, tmp_path)
    assert study.region_sources == {"spine": "chest-imagenome"}
    assert study.regions["spine"].sum() == 4


def test_tables_and_studies_travel_between_processes(tmp_path):
    draw(tmp_path)
    path = write_rows([rich(0), rich(1), rich(2)], tmp_path / "t.parquet")
    table = pickle.loads(pickle.dumps(StudyTable(path, tmp_path)[1:]))
    assert [s.study_id for s in table] == ["s1", "s2"]
    study = pickle.loads(pickle.dumps(StudyTable(path, tmp_path)[0]))
    np.testing.assert_array_equal(study.regions["left lung"], MASK)
    assert study.image.pixels.shape == (10, 12)


def test_root_info_and_failures_come_with_the_table(tmp_path):
    info = TableInfo("made-up", str(tmp_path), {"views": "all"}, "0.1", True, {"studies": 1})
    path = write_rows([rich()], tmp_path / "t.parquet", info)
    assert StudyTable(path).info == info
    assert StudyTable(path).root == tmp_path
    assert StudyTable(path, root="elsewhere").root.name == "elsewhere"
    write_failures(path, [MapleError("a", "b", "é")])
    assert [str(e) for e in StudyTable(path).failures] == ["a: b — é"]
    with pytest.warns(UserWarning, match="1 studies were left out"):
        load_studies(path)
    write_failures(path, [])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.parquet"]


def test_load_studies_opens_tables_and_picks_a_split(tmp_path):
    rows = [replace(plain(i), split=("train", "test", None)[i % 3]) for i in range(9)]
    path = write_rows(rows, tmp_path / "t.parquet")
    assert len(load_studies(path)) == 9
    assert [s.study_id for s in load_studies(str(path), split="test", root=tmp_path)] == ["n1", "n4", "n7"]
    with pytest.raises(MapleError, match=r"split 'validate'.*it has: test, train"):
        load_studies(path, split="validate")
    with pytest.raises(MapleError, match=r"its options are: path, root, split, validate"):
        load_studies(path, colour=1)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "text"])
def test_files_that_are_no_table_give_one_error(tmp_path, damage):
    path = tmp_path / "t.parquet"
    if damage != "missing":
        write_rows([rich()], path)
        content = path.read_bytes()
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "text": b"x" * 99}[damage])
    with pytest.raises(MapleError, match=r"t\.parquet.*maple ingest"):
        load_studies(path)


def test_other_versions_and_other_columns_are_told_apart(tmp_path):
    path = write_rows([rich()], tmp_path / "t.parquet")
    table = pq.read_table(path)
    cases = {
        "but not a studies table": table.replace_schema_metadata(None),
        "version 0, made by an older release": _version(table, b'"version": 1', b'"version": 0'),
        "upgrade maple-lab": _version(table, b'"version": 1', b'"version": 9'),
        "no column 'labels'": table.drop_columns(["labels"]),
        "column 'report' is int64, not string": table.set_column(
            table.column_names.index("report"), "report", pa.array([1])
        ),
    }
    for says, other in cases.items():
        pq.write_table(other, path)
        with pytest.raises(MapleError, match=says):
            StudyTable(path)


def _version(table, old, new):
    said = table.schema.metadata[b"maple"]
    assert old in said
    return table.replace_schema_metadata({b"maple": said.replace(old, new)})


def test_writing_fails_whole(tmp_path):
    path = write_rows([rich()], tmp_path / "t.parquet")
    before = path.read_bytes()

    def broken():
        yield rich(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_rows(broken(), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]
    with pytest.raises(MapleError, match="check the folder"):
        write_rows([rich()], tmp_path / "no" / "t.parquet")


def test_a_block_damaged_behind_a_whole_footer_gives_one_error(tmp_path):
    rows = [StudyRow("d", f"s{n}", f"p{n}", (ImageRow(f"i{n}", "a.png"),), report="x" * n) for n in range(99)]
    path = write_rows(rows, tmp_path / "t.parquet")
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    table = StudyTable(path)
    for use in (lambda: table[0], lambda: list(table.rows()), lambda: validate_table(path)):
        with pytest.raises(MapleError, match=r"t\.parquet: damaged \(.*make it again"):
            use()
    with pytest.raises(MapleError, match=r"t\.parquet: damaged"):
        examine(path, workers=1, progress=False)
