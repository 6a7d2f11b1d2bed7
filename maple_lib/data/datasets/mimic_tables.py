"""The tables of MIMIC-CXR and MIMIC-CXR-JPG: official names, official columns, read whole and checked.

What could be verified: the columns of ``cxr-record-list.csv.gz`` (subject_id, study_id, dicom_id, path), of
``mimic-cxr-2.0.0-metadata.csv.gz`` (twelve, in ``METADATA``), of the label tables (subject_id, study_id and
the 14 labels) and the values of ``ViewPosition`` with their counts, each from several public programs that
read the official files; that release 2.1.0 keeps the names with 2.0.0 in them, from its PhysioNet page and
programs that read it. The order of the columns of ``mimic-cxr-2.0.0-split.csv.gz`` (dicom_id, study_id,
subject_id, split) is from the release's description; the reader does not rely on any order.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.data.datasets.mimic_views import views_of
from maple_lib.data.datasets.tables import find_file, read_table
from maple_lib.data.rows import SPLITS
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

DICOM_TITLE = "MIMIC-CXR Database, version 2.1.0"
JPG_TITLE = "MIMIC-CXR-JPG - chest radiographs with structured labels, version 2.1.0"
RECORDS, METADATA, SPLIT = (
    "cxr-record-list.csv",
    "mimic-cxr-2.0.0-metadata.csv",
    "mimic-cxr-2.0.0-split.csv",
)
_IDS = ("subject_id", "study_id", "dicom_id")
_METADATA = (
    "dicom_id",
    "subject_id",
    "study_id",
    "ViewPosition",
    "Rows",
    "Columns",
    "StudyDate",
    "StudyTime",
    "ViewCodeSequence_CodeMeaning",
)
_TEXT = (*_IDS, "ViewPosition", "StudyDate", "StudyTime", "ViewCodeSequence_CodeMeaning")


def read_records(root: Path) -> pd.DataFrame:
    """``cxr-record-list.csv.gz``: subject_id, study_id, dicom_id and path of every image, all text."""
    path = find_file(root, (RECORDS,), DICOM_TITLE)
    return _complete(read_table(path, (*_IDS, "path"), DICOM_TITLE, text=(*_IDS, "path")), path)


def read_metadata(root: Path) -> pd.DataFrame:
    """``mimic-cxr-2.0.0-metadata.csv.gz``, a line an image.

    Returns:
        subject_id, study_id, dicom_id (text), view, rank (as ``views_of``), rows, columns (whole numbers or
        missing), time (ISO or missing).
    """
    import pandas as pd

    path = find_file(root, (METADATA,), JPG_TITLE)
    table = _complete(read_table(path, _METADATA, JPG_TITLE, text=_TEXT), path)
    views, ranks = views_of(table["ViewPosition"], table["ViewCodeSequence_CodeMeaning"])
    return pd.DataFrame(
        {
            **{name: table[name] for name in _IDS},
            "view": pd.Series(views, table.index, dtype=object),
            "rank": pd.Series(ranks, table.index, dtype="int8"),
            "rows": _sizes(table["Rows"], path),
            "columns": _sizes(table["Columns"], path),
            "time": _times(table["StudyDate"], table["StudyTime"]),
        }
    )


def read_splits(root: Path) -> pd.Series[str]:
    """``mimic-cxr-2.0.0-split.csv.gz``: dicom_id -> split.

    Raises:
        MapleError: also if a split is not train, validate or test.
    """
    path = find_file(root, (SPLIT,), JPG_TITLE)
    table = read_table(path, ("dicom_id", "study_id", "subject_id", "split"), JPG_TITLE, text=_IDS)
    others = set(table["split"].dropna().unique()) - set(SPLITS)
    if others:
        raise MapleError(
            path,
            f"column 'split' holds {', '.join(map(repr, sorted(map(str, others))))}",
            f"the official file has {', '.join(SPLITS)}: download it again",
        )
    return table.drop_duplicates("dicom_id").set_index("dicom_id")["split"]


def _complete(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Every line has its ids: a cut-off file ends in the middle of one."""
    missing = table[table[list(_IDS)].isna().any(axis=1)]
    if len(missing):
        line = int(missing.index[0]) + 2
        raise MapleError(path, f"line {line}: an id is missing", "the file is cut off: download it again")
    if table.empty:
        raise MapleError(path, "holds no image", "download it again")
    return table


def _sizes(values: pd.Series[int], path: Path) -> pd.Series[int]:
    import pandas as pd

    try:
        return pd.to_numeric(values).astype("Int32")
    except (ValueError, TypeError):
        problem = f"column {values.name!r} holds something other than whole numbers"
        raise MapleError(path, problem, "use the official file") from None


def _times(date: pd.Series[str], time: pd.Series[str]) -> pd.Series[str]:
    """21800506 and 82803.531 -> 2180-05-06T08:28:03; leading zeros of the time are not in the file."""
    day = date.str[:4] + "-" + date.str[4:6] + "-" + date.str[6:8]
    whole = time.fillna("0").str.split(".", n=1).str[0].str.zfill(6)
    return day + "T" + whole.str[:2] + ":" + whole.str[2:4] + ":" + whole.str[4:6]
