"""Tables of a download that stopped: no line of it is taken for whole, nothing is silently absent."""

import gzip

import pytest
from miniatures import chest_imagenome, chestx_det, chexlocalize, chexpert, mimic, ms_cxr, nih

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.tables import read_table
from maple_lib.errors import MapleError

NOTES = 'patient,view,notes\n1,PA,plain\n2,AP,"two\nlines, one cell"\n3,PA,last'


def read(path, text):
    path.write_text(text)
    return read_table(path, ("patient", "notes"), "a dataset", text=("patient", "notes"))


@pytest.mark.parametrize(
    "text",
    [NOTES, f"{NOTES}\n", NOTES.replace("\n3,PA,last", ""), NOTES.replace("last", '"a ""b"""')],
    ids=["no newline at the end", "newline", "a cell of two lines last", "quotes in quotes"],
)
def test_whole_tables_are_read_whatever_their_last_line(tmp_path, text):
    assert len(read(tmp_path / "t.csv", text)) in (2, 3)


@pytest.mark.parametrize("header", ["patient,view,notes", "patient,view,notes,"])
def test_a_header_may_have_more_cells_than_the_lines(tmp_path, header):
    assert len(read(tmp_path / "t.csv", f"{header}\n1,PA,a\n2,AP,b\n")) == 2


@pytest.mark.parametrize("end", ["\n4", "\n4,P", '\n4,"P"'])
def test_a_last_line_cut_off_is_named(tmp_path, end):
    with pytest.raises(MapleError, match=r"t\.csv: cut off: .*download it again: a dataset"):
        read(tmp_path / "t.csv", NOTES + end)


def test_a_line_longer_than_the_tail_is_left_alone(tmp_path):
    assert len(read(tmp_path / "t.csv", f"patient,view,notes\n1,PA,a\n2,AP,{'x' * 200_000}")) == 2


def test_the_names_of_the_columns_alone_are_no_table(tmp_path):
    with pytest.raises(MapleError, match=r"t\.csv: holds no line"):
        read(tmp_path / "t.csv", "patient,view,notes\n")


def test_the_gold_set_does_not_come_back_with_half_a_list(tmp_path):
    """Its patients are kept out by a file; half of that file would let them in."""
    chest_imagenome.build_images(chest_imagenome.build(tmp_path))
    path = tmp_path / "silver_dataset" / "splits" / "images_to_avoid.csv"
    text = path.read_text()
    for cut in (text.splitlines()[0] + "\n", text[: text.index("go-1")]):
        path.write_text(cut)
        with pytest.raises(MapleError, match=r"images_to_avoid\.csv: (holds no line|cut off)"):
            open_dataset("chest-imagenome", tmp_path)


@pytest.mark.parametrize("table", ["split", "chexpert"])
def test_mimic_without_a_line_of_splits_or_labels(tmp_path, table):
    mimic.build_jpg(tmp_path, 3, images=False)
    path = tmp_path / f"mimic-cxr-2.0.0-{table}.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).splitlines()[0]))
    with pytest.raises(MapleError, match=rf"{table}\.csv\.gz: holds no line"):
        open_dataset("mimic-cxr-jpg", tmp_path)


def test_mimic_with_both_releases_in_one_folder(tmp_path):
    """Its errors are its own: that the other release lies there as well is no hint."""
    mimic.build_dicom(tmp_path, 3, images=False)
    mimic.build_jpg(tmp_path, 3, images=False)
    assert len(open_dataset("mimic-cxr", tmp_path)) == 3
    (tmp_path / "mimic-cxr-2.0.0-metadata.csv.gz").unlink()
    with pytest.raises(MapleError, match=r"metadata\.csv: no such file"):
        open_dataset("mimic-cxr", tmp_path)


def test_json_that_holds_nothing(tmp_path):
    for build, name, file, empty in (
        (chestx_det.build, "chestx-det", "ChestX_Det_train.json", "[]"),
        (chexlocalize.build, "chexlocalize", "CheXlocalize/gt_segmentations_val.json", "{}"),
        (chexpert.build_plus, "chexpert-plus", "chexbert_labels/impression_fixed.json", ""),
    ):
        root = tmp_path / name
        build(root)
        (root / file).write_text(empty)
        with pytest.raises(MapleError, match=r"holds no (image|line).*download it again"):
            open_dataset(name, root)


def test_labels_that_are_no_text(tmp_path):
    chexpert.build_plus(tmp_path)
    (tmp_path / "chexbert_labels" / "impression_fixed.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MapleError, match=r"impression_fixed\.json: damaged JSON, line 1"):
        open_dataset("chexpert-plus", tmp_path)


def test_splits_of_ms_cxr_are_only_missing_where_they_were_never_made(tmp_path):
    ms_cxr.build_images(ms_cxr.build(tmp_path / "old", "1.0.0"))
    assert len(open_dataset("ms-cxr", tmp_path / "old")) == 4
    path = tmp_path / "old" / "MS_CXR_Local_Alignment_v1.0.0.csv"
    path.rename(path.with_name("MS_CXR_Local_Alignment_v1.1.0.csv"))
    with pytest.raises(MapleError, match=r"v1\.1\.0\.csv: no column split"):
        open_dataset("ms-cxr", tmp_path / "old")


def test_boxes_cut_off_in_the_only_line_that_is_left(tmp_path):
    path = nih.build(tmp_path) / "BBox_List_2017.csv"
    path.write_text(path.read_text()[:80])
    with pytest.raises(MapleError, match=r"BBox_List_2017\.csv: cut off"):
        open_dataset("nih", tmp_path)
