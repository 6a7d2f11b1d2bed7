"""PadChest-GR: 4,555 frontal radiographs whose findings are sentences with boxes, in English and Spanish.

``grounded_reports_20240819.json``: a list of studies with StudyID, ImageID, PreviousStudyID,
PreviousImageID and findings, each with sentence_en, sentence_es, abnormal and, where abnormal, boxes and
extra_boxes (x1, y1, x2, y2 as shares of width and height; those of a first and of a second reader), labels,
locations, progression. ``master_table.csv``, also as ``.zip``: a line a finding with StudyID, ImageID,
PatientID, split (train, validation, test) and much of patients that is not read. Images, 16-bit PNGs, in
``Padchest_GR_files`` (``PadChest_GR.zip.001`` to ``.037`` put together and unpacked). All this is known
from several public programs that read the official files; that the boxes are shares of the image as it is
stored, not of a padded one, could not be checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from maple_lib.data.datasets.image_files import find_images, image_path
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import Box, merge_labels
from maple_lib.data.datasets.padchest_labels import finding_of
from maple_lib.data.datasets.splits import split_of
from maple_lib.data.datasets.study_source import StudySource
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, PhraseRow, StudyRow
from maple_lib.errors import MapleError

NAME = "padchest-gr"
REPORTS, TABLE = "grounded_reports_20240819.json", "master_table.csv"
INFO = DatasetInfo(
    name=NAME,
    title="PadChest-GR 20240819",
    home="https://bimcv.cipf.es/bimcv-projects/padchest-gr/",
    licence="BIMCV's research use agreement",
    forbids="commercial use, sharing the data, and trying to identify anyone",
    size="4,555 PNGs of 16 bits, 10,459 sentences, 46 GB",
    files=(REPORTS, TABLE, "Padchest_GR_files"),
    cite="de Castro et al., PadChest-GR: A Bilingual Chest X-ray Dataset for Grounded Radiology Report "
    "Generation, NEJM AI 2025",
)
_FOLDERS = ("Padchest_GR_files", "PadChest_GR")
_COMPARE = f"compare it with the official file of {INFO.title}"


def open_source(root: str | Path, language: str = "en", readers: str = "first") -> StudySource:
    """The official download, one study an image.

    Args:
        root: the folder of the JSON, of the table and of ``Padchest_GR_files``.
        language: ``"en"`` or ``"es"``: of report and phrases. Spanish reports get no statements: the parser
            reads English.
        readers: ``"first"``, or ``"both"`` to add the boxes of the second reader.

    Raises:
        MapleError: if a file is missing or damaged, or an option is unknown.
    """
    folder = check_root(root, INFO.title)
    if language not in ("en", "es"):
        raise MapleError(f"language={language!r}", "unknown", "use 'en' or 'es'")
    if readers not in ("first", "both"):
        raise MapleError(f"readers={readers!r}", "unknown", "use 'first' or 'both'")
    path = find_file(folder, (REPORTS,), INFO.title)
    studies = _read_studies(path)
    known = _read_table(find_file(folder, (TABLE, f"{TABLE}.zip"), INFO.title))
    files = find_images(folder, _FOLDERS, (".png",), INFO.title)
    keys = ("boxes",) if readers == "first" else ("boxes", "extra_boxes")

    def build(number: int) -> StudyRow:
        return _row(studies[number], _Place(path, number, folder, files, known), language, keys)

    return StudySource(len(studies), build)


class _Place:
    """Where a study stands, and what the other files say of it."""

    def __init__(
        self,
        path: Path,
        number: int,
        root: Path,
        files: Mapping[str, str],
        known: Mapping[str, tuple[str, str | None]],
    ) -> None:
        self.path, self.number, self.root, self.files, self.known = path, number, root, files, known

    def image(self, name: str) -> ImageRow:
        """The image with its size, which turns shares into pixels."""
        file = image_path(self.files, name, self.path, INFO.title)
        rows, columns = _size(self.root / file)
        return ImageRow(Path(name).stem, file, None, None, rows, columns)


def _row(study: Mapping[str, Any], place: _Place, language: str, keys: Sequence[str]) -> StudyRow:
    try:
        name = str(study["StudyID"])
        findings = [_Finding(item, language, keys) for item in study["findings"]]
        image = place.image(str(study["ImageID"]))
        phrases = [phrase for finding in findings if (phrase := finding.phrase(image)) is not None]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, MapleError):
            raise
        raise MapleError(place.path, f"study {place.number}: other fields ({error!r})", _COMPARE) from None
    if name not in place.known:
        raise MapleError(place.path, f"StudyID {name} is not in {TABLE}", _COMPARE)
    patient, split = place.known[name]
    return StudyRow(
        NAME,
        name,
        patient,
        (image,),
        report=" ".join(finding.text for finding in findings if finding.text),
        labels=merge_labels(pair for finding in findings for pair in finding.labels()),
        phrases=tuple(phrases),
        triplets=() if language == "es" else None,
        split=split,
    )


class _Finding:
    """One sentence with what is known of it."""

    def __init__(self, item: Mapping[str, Any], language: str, keys: Sequence[str]) -> None:
        self.text = (item.get(f"sentence_{language}") or "").strip()
        self.abnormal = bool(item["abnormal"])
        names = (finding_of(label) for label in item.get("labels") or ())
        self.names = list(dict.fromkeys(name for name in names if name is not None))
        self._shares = [tuple(map(float, box)) for key in keys for box in item.get(key) or ()]

    def labels(self) -> list[tuple[str, int]]:
        """Finding -> present, or absent where the sentence says what is not there."""
        return [(name, int(self.abnormal)) for name in self.names]

    def phrase(self, image: ImageRow) -> PhraseRow | None:
        """The sentence with its boxes in pixels; None where there is no box."""
        if not self._shares or not self.text or not self.abnormal:
            return None
        finding = self.names[0] if self.names else "other finding"
        boxes = tuple(_pixels(share, image) for share in self._shares)
        return PhraseRow(image.image_id, self.text, finding, boxes=boxes)


def _pixels(share: tuple[float, ...], image: ImageRow) -> Box:
    x1, y1, x2, y2 = share
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise MapleError(f"image {image.image_id}", f"box {share} is no part of it", _COMPARE)
    width, height = float(image.columns or 0), float(image.rows or 0)
    return x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height


def _size(path: Path) -> tuple[int, int]:
    """(Rows, columns) from the file's head."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return picture.height, picture.width
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise MapleError(path, f"no PNG image ({type(error).__name__})", "unpack the images again") from None


def _read_studies(path: Path) -> list[Any]:
    try:
        studies = json.loads(path.read_bytes())
    except ValueError as error:
        raise MapleError(path, f"damaged JSON ({error})", f"download it again: {INFO.title}") from None
    if not isinstance(studies, list):
        raise MapleError(path, "not a list of studies", _COMPARE)
    return studies


def _read_table(path: Path) -> dict[str, tuple[str, str | None]]:
    """StudyID -> PatientID and split."""
    columns = ("StudyID", "PatientID", "split")
    try:
        table = read_table(path, columns, INFO.title, text=columns)
    except BadZipFile as error:
        raise MapleError(path, f"damaged archive ({error})", f"download it again: {INFO.title}") from None
    table = table.drop_duplicates("StudyID").fillna("")
    splits = [split_of(split, path) for split in table["split"]]
    return dict(zip(table["StudyID"], zip(table["PatientID"], splits, strict=True), strict=True))
