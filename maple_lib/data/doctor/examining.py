"""Examine a corpus: bring it into tables, read every image and report once, run every check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from maple_lib.data.doctor.check_balance import balance_of, unbalanced
from maple_lib.data.doctor.check_boxes import wrong_boxes
from maple_lib.data.doctor.check_copies import duplicate_images
from maple_lib.data.doctor.check_declared import wrong_sizes, wrong_views
from maple_lib.data.doctor.check_identifiers import identifiers
from maple_lib.data.doctor.check_images import empty_images, inverted_images, unusable_images
from maple_lib.data.doctor.check_keys import duplicate_ids, split_patients
from maple_lib.data.doctor.check_labels import label_contradictions
from maple_lib.data.doctor.check_reports import duplicate_reports, empty_reports
from maple_lib.data.doctor.check_sides import mirrored_regions, sided_phrases
from maple_lib.data.doctor.corpus import Corpus
from maple_lib.data.doctor.diagnosis import Diagnosis, worst_first
from maple_lib.data.doctor.exam import Check, Exam
from maple_lib.data.doctor.gathering import Gatherer
from maple_lib.data.doctor.looking import glance, look_at_all
from maple_lib.data.doctor.statements import read_statements
from maple_lib.data.study import Study
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.data.table import StudyTable

# What is looked for, in words -> how. A new check is a function in a file beside, and one line here.
TABLE_CHECKS: dict[str, Check] = {
    "ids that occur twice": duplicate_ids,
    "patients in several splits": split_patients,
    "images that are missing or cannot be read": unusable_images,
    "views other than frontal in the first place": wrong_views,
    "regions on the wrong side": mirrored_regions,
    "phrases and findings on the wrong side": sided_phrases,
    "boxes without area, or outside their image": wrong_boxes,
    "labels that the report contradicts": label_contradictions,
    "identifiers in reports": identifiers,
    "reports with nothing in them": empty_reports,
    "reports that are copies": duplicate_reports,
    "class balance": unbalanced,
}
IMAGE_CHECKS: dict[str, Check] = {
    "images that show nothing, or are tiny": empty_images,
    "one picture in several places": duplicate_images,
    "inverted images": inverted_images,
    "sizes that the files contradict": wrong_sizes,
}


def examine(
    studies: str | Path | Sequence[Study],
    root: str | Path | None = None,
    images: bool = True,
    workers: int = 2,
    progress: bool = True,
) -> Diagnosis:
    """Look for what is wrong with a corpus; nothing is changed.

    Args:
        studies: a studies table (``.parquet``, made by ``maple ingest``), a public dataset by its name,
            a folder, ``"samples"``, ``"phantom"``, or studies.
        root: the folder of the dataset's download; for a table, by default the one it was made from.
        images: read every image once; False only looks whether the files are there.
        workers: processes that read images and, of many, reports.
        progress: show progress bars.

    Returns:
        The Diagnosis: complaints, worst first, each with its cases and its remedy.

    Raises:
        MapleError: if the corpus cannot be opened or holds no study, or ``workers`` is below 1.
    """
    if workers < 1:
        raise MapleError(f"workers={workers}", "at least one process is needed", "use workers=1 or more")
    corpus = corpus_of(studies, None if root is None else Path(root))
    if not len(corpus.studies) and not corpus.failures:
        raise MapleError(_named(studies), "no study in it", "check the path")
    return diagnose(corpus, images, workers, progress)


def diagnose(corpus: Corpus, images: bool, workers: int, progress: bool) -> Diagnosis:
    """Run every check over a corpus that is gathered."""
    looks = look_at_all(corpus.pictures, workers, progress) if images else [*map(glance, corpus.pictures)]
    statements = read_statements(list(corpus.studies["report"]), workers, progress)
    exam = Exam(corpus, looks, statements)
    checks = TABLE_CHECKS | IMAGE_CHECKS if images else TABLE_CHECKS
    found = {words: tuple(check(exam)) for words, check in checks.items()}
    return Diagnosis(
        complaints=worst_first([each for complaints in found.values() for each in complaints]),
        counts=_counts(corpus),
        splits=_splits(corpus),
        balance=balance_of(exam),
        checked={words: len(complaints) for words, complaints in found.items()},
        exam=exam,
    )


def corpus_of(studies: str | Path | Sequence[Study], root: Path | None = None) -> Corpus:
    """The tables of whatever holds studies."""
    if isinstance(studies, (str, Path)):
        if Path(studies).suffix == ".parquet":
            return _of_table(Path(studies), root)
        from maple_lib.data.datasets import DATASETS
        from maple_lib.data.sources import load_studies

        if studies in DATASETS:
            return _of_dataset(str(studies), root)
        studies = load_studies(studies, **({"n": _PHANTOMS} if studies == "phantom" else {}))
    if _is_table(studies):
        return _of_rows(studies, root)
    gatherer = Gatherer(root)
    for study in studies:
        gatherer.add_study(study)
    return gatherer.corpus(getattr(studies, "failures", ()))


_PHANTOMS = 64  # what ``phantom`` without a number means here


def _of_table(path: Path, root: Path | None) -> Corpus:
    from maple_lib.data.doctor.columns import corpus_of_table

    return corpus_of_table(path, root)


def _of_dataset(name: str, root: Path | None) -> Corpus:
    """The official files of a public dataset, with all images of every study."""
    from maple_lib.data.sources import open_source

    if root is None:
        raise MapleError(f"dataset {name}", "no folder", "give the root of its official download")
    source = open_source(name, root, {})
    gatherer, failures = Gatherer(root), []
    for row in source.rows(0, len(source)):
        if isinstance(row, MapleError):
            failures.append(row)
        else:
            gatherer.add_row(row)
    return gatherer.corpus(failures)


def _is_table(studies: Sequence[Study]) -> TypeGuard[StudyTable]:
    """Without importing pyarrow where nothing of it has been imported."""
    return hasattr(studies, "rows") and hasattr(studies, "root")


def _of_rows(studies: StudyTable, root: Path | None) -> Corpus:
    gatherer = Gatherer(root or studies.root)
    for row in studies.rows():
        gatherer.add_row(row)
    return gatherer.corpus()


def _counts(corpus: Corpus) -> dict[str, int]:
    return {
        "studies": len(corpus.studies),
        "patients": int(corpus.studies["patient_id"].nunique()),
        "images": len(corpus.images),
        "reports": int(corpus.studies["report"].str.strip().ne("").sum()) if len(corpus.studies) else 0,
        "boxes and masks": len(corpus.boxes) + len(corpus.masks),
        "labels": len(corpus.labels),
    } | ({"left out when the table was made": corpus.left_out} if corpus.left_out else {})


def _splits(corpus: Corpus) -> dict[str | None, int]:
    named = [split if isinstance(split, str) else None for split in corpus.studies["split"]]
    order = ("train", "validate", "test")
    found = sorted(set(named), key=lambda split: order.index(split) if split in order else len(order))
    return {split: named.count(split) for split in found}


def _named(studies: str | Path | Sequence[Study]) -> str:
    return str(studies) if isinstance(studies, (str, Path)) else "studies"
