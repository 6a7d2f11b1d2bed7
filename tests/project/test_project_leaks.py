"""No name leaves the reader: not by repr, errors, logs, warnings, caches, tables, figures or notebooks."""

from __future__ import annotations

import importlib.util
import json
import pickle
import re
import subprocess
import traceback
from pathlib import Path
from types import ModuleType

import pydicom
import pytest
from PIL import Image as Pillow

from maple_lib.data.cache import ImageCache
from maple_lib.data.folder import FolderSource
from maple_lib.data.read import read_image
from maple_lib.data.study import Study
from maple_lib.errors import MapleError

ROOT = Path(__file__).parents[2]
LEAKS = ("Mustermann", "19330303", "20200202", "087Y", "MRN123")
# Elements that the reader parses, with a name where a number or a known word belongs.
ABUSED = ("PhotometricInterpretation", "ViewPosition", "Modality", "VOILUTFunction", "BurnedInAnnotation")
PNG_TEXTS = {"Description", "Title"}


def _dicom_files() -> ModuleType:
    """The helper of the reader's own tests."""
    path = ROOT / "tests" / "data" / "dicom_files.py"
    spec = importlib.util.spec_from_file_location("dicom_files_of_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Stuffed images: one that is well, and many that are damaged where a name can be quoted."""
    import warnings

    folder, files = tmp_path_factory.mktemp("stuffed"), _dicom_files()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = files.save(files.stuffed(), folder, "well.dcm").read_bytes()
        for name in ABUSED:
            files.save(files.stuffed(**{name: files.NAME}), folder, f"{name}.dcm")
        files.save(files.stuffed(PatientOrientation=[files.NAME, "F"]), folder, "orientation.dcm")
    for kind, old, new in [
        ("number", b"US\x02\x00\x08\x00", b"DS\x02\x00Mu"),
        ("syntax", b"1.2.840.10008.1.2.1\0", b"Mustermann.10008.1.2"),
    ]:
        assert old in whole
        (folder / f"{kind}.dcm").write_bytes(whole.replace(old, new))
    for share in (0.02, 0.3, 0.6, 0.9, 0.999):
        (folder / f"cut{share}.dcm").write_bytes(whole[: int(share * len(whole))])
    return folder


def leaks(text: str | bytes) -> list[str]:
    content = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return [leak for leak in LEAKS if leak.encode() in content or leak.encode("utf-16-le") in content]


def everything_said(path: Path) -> list[str]:
    """All that reading a file says: the image with its fields and repr, or the error with its trace."""
    study = Study("study-1", "patient-1", lambda: read_image(path))
    try:
        image = study.image
    except MapleError as error:
        trace = "".join(traceback.format_exception(error))
        return [str(error), repr(error), repr(vars(error)), trace, repr(pickle.dumps(error))]
    fields = [repr(getattr(image, name)) for name in image.__slots__ if name != "pixels"]
    return [repr(image), repr(study), str(study), *fields]


def test_the_file_does_hold_what_is_looked_for(folder):
    assert leaks((folder / "well.dcm").read_bytes()) == list(LEAKS[:-1])


def test_reading_says_nothing_of_anybody(folder, recwarn, caplog, capfd):
    said = {path.name: everything_said(path) for path in sorted(folder.iterdir())}
    assert "Image(8x8" in said["well.dcm"][0]
    assert sum("no pixel data" in words[0] or "damaged" in words[0] for words in said.values()) > 2
    assert {name: found for name, words in said.items() if (found := leaks("\n".join(words)))} == {}
    assert not recwarn.list
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_a_cache_keeps_nothing_of_anybody(folder, tmp_path):
    cache = ImageCache(tmp_path / "cache", 8)
    cache.read(folder / "well.dcm")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert [path.name for path in files if leaks(path.read_bytes()) or leaks(path.name)] == []


def test_a_table_keeps_nothing_of_anybody(folder, tmp_path):
    table = pytest.importorskip("maple_lib.data.table", reason="no table of studies yet")
    parquet = pytest.importorskip("pyarrow.parquet")
    source = FolderSource(folder)
    rows = [row for row in source.rows(0, len(source)) if not isinstance(row, MapleError)]
    assert rows
    table.write_rows(rows, tmp_path / "studies.parquet")
    kept = parquet.read_table(tmp_path / "studies.parquet")
    assert kept.num_rows == len(rows)
    assert leaks(repr(kept.to_pylist()) + repr(kept.schema.metadata)) == []


def test_a_figure_tells_nothing_of_anybody(folder, tmp_path):
    from maple_lib.viz.anatomy import image_figure
    from maple_lib.viz.saving import save

    study = Study("study-1", "patient-1", lambda: read_image(folder / "well.dcm"))
    path = save(image_figure(study), tmp_path / "figure.png")
    with Pillow.open(path) as picture:
        assert set(picture.info) - {"dpi"} <= PNG_TEXTS
        assert leaks(repr(picture.info)) == []
    assert leaks(path.read_bytes()) == []


def tracked(*suffixes: str) -> list[Path]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if name.endswith(suffixes) and (ROOT / name).is_file()]


PATIENT_LIKE = re.compile(
    r"\b(?:MRN|Patient'?s?[ _]?(?:Name|ID|Birth ?Date))\b\W{1,6}\w+[\^,]?\w*\d{2,}|\(0010,\s?00[1-4]0\)",
    re.IGNORECASE,
)


def test_the_pattern_finds_what_a_printed_header_looks_like():
    for text in (
        "(0010,0010) Patient's Name PN: 'A^B'",
        "MRN: 4711001",
        "Patient ID: 0815",
        "PatientBirthDate=19330303",
    ):
        assert PATIENT_LIKE.search(text), text
    assert not PATIENT_LIKE.search("patient ids are opaque; two studies of a patient share a split")


def test_notebooks_are_stripped_and_print_no_header():
    notebooks = tracked(".ipynb")
    assert notebooks
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells), path.name
        found = [PATIENT_LIKE.search("".join(cell["source"])) for cell in cells]
        assert not any(found), path.name


def test_pictures_of_the_project_carry_no_metadata_of_their_own():
    for path in tracked(".png", ".jpg", ".jpeg"):
        with Pillow.open(path) as picture:
            texts = {name for name, value in picture.info.items() if isinstance(value, (str, bytes))}
            assert texts <= {*PNG_TEXTS, "Software", "icc_profile"}, path.name
            assert not picture.getexif(), path.name


def test_the_only_patients_in_the_project_are_phantoms():
    for path in tracked(".dcm", ".dicom"):
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        assert str(dataset.get("PatientName", "")).startswith("Phantom^"), path.name
