"""Draw the samples and write them, the same bytes every time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from maple_lib.data import ms_cxr
from maple_lib.data.box_regions import box_of
from maple_lib.data.dicom.write import write_dicom
from maple_lib.data.phantoms import phantom
from maple_lib.data.samples import layout
from maple_lib.data.samples.card import data_card
from maple_lib.data.samples.choosing import SEED, SIZE, Choice, choose
from maple_lib.data.scene_graph import SUFFIX, scene_graph
from maple_lib.data.study import Lesion, Study
from maple_lib.reports import parse

_PLAN_SIZE = 64  # enough to know which findings a phantom has


def make_samples(out: Path) -> Path:
    """Write all samples, their truth, card and checksums into a folder; other files there are left alone."""
    choices = choose(lambda index, difficulty: phantom(SEED, index, _PLAN_SIZE, difficulty, report=False))
    truth, phrases = {}, []
    for choice in choices:
        study = draw(choice)
        phrases += write_study(study, choice, out)
        truth[choice.name] = truth_of(study, choice)
    ms_cxr.write_phrases(out / layout.PHRASES, phrases)
    write_json(out / layout.TRUTH, {"seed": SEED, "size": SIZE, "studies": truth})
    (out / layout.CARD).write_text(data_card(truth), encoding="utf-8")
    write_checksums(out)
    return out


def draw(choice: Choice) -> Study:
    """The phantom of one choice, under its sample name."""
    study = phantom(SEED, choice.index, SIZE, choice.difficulty)
    return replace(study, study_id=choice.name, patient_id=choice.name, split=choice.split)


def write_study(study: Study, choice: Choice, out: Path) -> list[dict[str, str | float]]:
    """Write the files of one study; returns its lines of the phrase table."""
    for part in (layout.DICOM, layout.REPORTS, layout.SCENE_GRAPHS):
        (out / part).mkdir(parents=True, exist_ok=True)
    dicom = write_dicom(study, out / layout.DICOM / f"{study.study_id}.dcm", choice.style)
    (out / layout.REPORTS / f"{study.study_id}.txt").write_text(study.report, encoding="utf-8", newline="\n")
    boxes = {name: box for name, mask in study.regions.items() if (box := box_of(mask)) is not None}
    shape = (study.image.pixels.shape[0], study.image.pixels.shape[1])
    graph = scene_graph(
        study.study_id,
        study.image.view or "PA",
        shape,
        boxes,
        parse(study.report).sentences,
        study.triplets,
    )
    write_json(out / layout.SCENE_GRAPHS / f"{study.study_id}{SUFFIX}", graph)
    path = dicom.relative_to(out).as_posix()
    return ms_cxr.rows(study.study_id, path, shape, study.split or "", study.phrases)


def truth_of(study: Study, choice: Choice) -> dict[str, Any]:
    """What the phantom knows and the other files cannot say: exact triplets, severities, how it was drawn."""
    return {
        "index": choice.index,
        "difficulty": choice.difficulty,
        "split": choice.split,
        "stored_as": asdict(choice.style),
        "view": study.image.view,
        "lesions": [_lesion(lesion) for lesion in study.lesions],
        "phrases": [{"text": p.text, "finding": p.finding, "region": p.region} for p in study.phrases],
        "triplets": [
            asdict(triplet) | {"attributes": dict(triplet.attributes)} for triplet in study.triplets
        ],
    }


def _lesion(lesion: Lesion) -> dict[str, Any]:
    severity = round(float(lesion.severity), 4)
    return {"finding": lesion.finding, "region": lesion.region, "severity": severity}


def write_json(path: Path, content: Any) -> None:
    """Readable and always the same: short lines, a line feed at the end."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def sample_files(out: Path) -> list[Path]:
    """Every file that the samples consist of, but for the checksums themselves."""
    parts = [(out / part).iterdir() for part in (layout.DICOM, layout.REPORTS, layout.SCENE_GRAPHS)]
    singles = [out / layout.PHRASES, out / layout.TRUTH, out / layout.CARD]
    return sorted(path for group in (*parts, singles) for path in group)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_checksums(out: Path) -> None:
    """Write SHA256SUMS, as ``sha256sum --check`` reads it."""
    lines = [f"{digest(path)}  {path.relative_to(out).as_posix()}\n" for path in sample_files(out)]
    (out / layout.CHECKSUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def read_checksums(out: Path) -> dict[str, str]:
    """Relative path -> SHA-256, from SHA256SUMS."""
    lines = (out / layout.CHECKSUMS).read_text("utf-8").splitlines()
    return {name: value for value, name in (line.split("  ", 1) for line in lines)}


def changed_files(out: Path, names: Iterable[str] | None = None) -> Sequence[str]:
    """The files (all, or these) that differ from SHA256SUMS or are gone."""
    sums = read_checksums(out)
    wanted = sums if names is None else names
    return [n for n in wanted if not (out / n).is_file() or digest(out / n) != sums[n]]
