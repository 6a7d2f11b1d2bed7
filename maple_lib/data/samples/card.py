"""The data card of the samples, filled in with what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from textwrap import fill
from typing import Any

_CARD = """\
# Data card: {count} phantom chest studies

**These are not patients.** Every image is computed from random numbers by `maple_lib.phantom`, every report
is written by a grammar. For learning and research; not for diagnosis, nor to show that a model is fit for it.

- Licence: Creative Commons Attribution 4.0 International (CC BY 4.0). Credit "MApLe Lab contributors".
- Made by `python -m maple_lib.data.samples --out data_samples/chest` from seed {seed}, the same bytes again
  wherever the same versions of this package, numpy, pydicom and pylibjpeg-openjpeg run.
- Checked by `sha256sum --check SHA256SUMS`.
- Read by `maple_lib.load_studies("samples")`.

## What is inside

- `dicom/<id>.dcm`: digital X-ray (DX, for presentation), {size} x {size} pixels, 12 to 16 bits;
  {inverted} of {count} are MONOCHROME1; {styles}.
- `reports/<id>.txt`: the report, with its sections.
- `scene_graphs/<id>_SceneGraph.json`: boxes of the regions and what the report says of each, in Chest
  ImaGenome's layout. Finding names are this project's; an uncertain finding is written as yes.
- `phrases_ms_cxr.csv`: phrases and the boxes that they speak of, in MS-CXR's columns. Categories beyond its
  eight carry the finding's name.
- `truth.json`: exact statements (region, finding, existence) with their characters in the report, findings
  with severity, split, and the index of the phantom.

## What the images show

{findings}

These are numbers of studies. Half of the studies are drawn `easy` (large, contrasty findings), half
`realistic`. Rare findings were preferred on purpose: the counts say nothing about any population.
Split: {splits}.

## Limits

- Anatomy is built from smooth shapes: a model trained on phantoms knows phantoms.
- Frontal views only, one image a study, one study a patient.
- Reports come from one grammar: their language is narrower than a radiologist's.
- Boxes are the exact extent of the phantom's structures, not somebody's drawing.
"""
_STORED = {"none": "uncompressed", "rle": "RLE", "jpeg2000": "JPEG 2000 (lossless)"}


def data_card(truth: Mapping[str, Mapping[str, Any]]) -> str:
    """The card as Markdown.

    Args:
        truth: study id -> what ``truth_of`` says of it.
    """
    from maple_lib.data.samples.choosing import SEED, SIZE

    studies = list(truth.values())
    styles = Counter(study["stored_as"]["compression"] for study in studies)
    shown = Counter(finding for study in studies for finding in _findings(study))
    return _CARD.format(
        count=len(studies),
        seed=SEED,
        size=SIZE,
        inverted=sum(study["stored_as"]["inverted"] for study in studies),
        styles=", ".join(f"{n} {_STORED[name]}" for name, n in sorted(styles.items())),
        findings=_wrapped(shown),
        splits=", ".join(f"{n} {name}" for name, n in Counter(s["split"] for s in studies).items()),
    )


def _findings(study: Mapping[str, Any]) -> set[str]:
    return {lesion["finding"] for lesion in study["lesions"]} or {"no finding"}


def _wrapped(shown: Counter[str]) -> str:
    """Each finding and its number, the most frequent first, in lines of the card's width."""
    ordered = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
    return fill(", ".join(f"{name} {n}" for name, n in ordered) + ".", width=110)
