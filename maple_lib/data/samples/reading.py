"""Read a samples folder back as studies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from maple_lib.data.box_regions import BoxRegions
from maple_lib.data.folder import read_report, triplets_of
from maple_lib.data.ms_cxr import read_phrases
from maple_lib.data.read import read_image
from maple_lib.data.samples import layout
from maple_lib.data.scene_graph import SUFFIX, read_boxes
from maple_lib.data.study import Phrase, Study
from maple_lib.data.study_list import StudyList
from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet


def read_samples(root: str | Path | None = None, triplets: str = "truth") -> StudyList:
    """Load the samples: images, reports, region boxes, phrases, statements.

    Args:
        root: the samples folder; by default ``data_samples/chest`` of the repository.
        triplets: ``"truth"`` for the exact statements, ``"parsed"`` for what the parser reads, ``"none"``.

    Returns:
        The studies in the order of their names. A study whose files are missing is skipped and reported.

    Raises:
        MapleError: if there is no samples folder, or its ``truth.json`` is damaged.
    """
    if triplets not in ("truth", "parsed", "none"):
        raise MapleError(f"triplets {triplets!r}", "not a choice", "give 'truth', 'parsed' or 'none'")
    folder = find_samples() if root is None else Path(root)
    truth = _truth(folder)
    phrases = read_phrases(folder / layout.PHRASES)
    studies, failures = [], []
    for name, known in truth["studies"].items():
        try:
            studies.append(_study(folder, name, known, int(truth["size"]), phrases.get(name, ()), triplets))
        except MapleError as error:
            failures.append(error)
    return StudyList(studies, failures).warn()


def find_samples() -> Path:
    """``data_samples/chest`` beside the package, or in the working folder.

    Raises:
        MapleError: if it is in neither, as when only the package was installed.
    """
    places = [Path(__file__).resolve().parents[3], Path.cwd()]
    for place in places:
        folder = place / "data_samples" / "chest"
        if (folder / layout.TRUTH).is_file():
            return folder
    remedy = "run in the repository, or make them: python -m maple_lib.data.samples --out data_samples/chest"
    raise MapleError("source 'samples'", "no folder data_samples/chest", remedy)


def _truth(folder: Path) -> Any:
    path = folder / layout.TRUTH
    try:
        truth = json.loads(path.read_text("utf-8"))
        _ = truth["studies"].items(), int(truth["size"])
    except FileNotFoundError:
        raise MapleError(
            path, "no such file", "give a folder made by python -m maple_lib.data.samples"
        ) from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise MapleError(
            path, "damaged", "make the samples again: python -m maple_lib.data.samples"
        ) from None
    return truth


def _study(
    folder: Path, name: str, known: Mapping[str, Any], size: int, phrases: Sequence[Phrase], triplets: str
) -> Study:
    image, text = folder / layout.DICOM / f"{name}.dcm", folder / layout.REPORTS / f"{name}.txt"
    for path in (image, text):
        if not path.is_file():
            raise MapleError(path, "no such file", "check out or make the samples again")
    report = read_report(text)
    statements = _statements(known["triplets"])
    return Study(
        study_id=name,
        patient_id=name,
        load_image=partial(read_image, image),
        report=report,
        triplets=_chosen(triplets, statements, report),
        regions=BoxRegions(read_boxes(folder / layout.SCENE_GRAPHS / f"{name}{SUFFIX}"), (size, size)),
        phrases=_with_regions(phrases, known["phrases"]),
        labels=labels_of(statements),
        split=known["split"],
    )


def _chosen(choice: str, statements: tuple[Triplet, ...], report: str) -> tuple[Triplet, ...]:
    if choice == "parsed":
        return triplets_of(report)
    return statements if choice == "truth" else ()


def _statements(stored: Sequence[Mapping[str, Any]]) -> tuple[Triplet, ...]:
    return tuple(_statement(dict(fields)) for fields in stored)


def _statement(fields: dict[str, Any]) -> Triplet:
    """JSON knows no tuples: spans come back as lists."""
    for name in ("span", "region_span"):
        fields[name] = fields[name] and tuple(fields[name])
    return Triplet(**fields)


def _with_regions(phrases: Sequence[Phrase], known: Sequence[Mapping[str, Any]]) -> tuple[Phrase, ...]:
    """MS-CXR's table has no column for the region: the truth gives it back."""
    regions = {(p["text"], p["finding"]): p["region"] for p in known}
    return tuple(Phrase(p.text, p.finding, p.boxes, regions.get((p.text, p.finding))) for p in phrases)


def labels_of(triplets: Sequence[Triplet]) -> dict[str, int]:
    """Finding -> 1 present anywhere, else -1 uncertain anywhere, else 0 absent."""
    rank = {"present": 1, "uncertain": -1, "absent": 0}
    order = (1, -1, 0)
    labels: dict[str, int] = {}
    for triplet in triplets:
        new, old = rank[triplet.existence], labels.get(triplet.finding, 0)
        labels[triplet.finding] = min(new, old, key=order.index)
    return labels
