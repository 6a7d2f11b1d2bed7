"""The nouns of each finding and the adjectives that fit it, by severity.

Adjectives are listed whole, per degree, so that a "patchy effusion" or a "faint dense opacity" cannot arise.
"""

from __future__ import annotations

from typing import NamedTuple

from maple_lib.errors import MapleError

Degrees = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class Noun(NamedTuple):
    """A head noun; ``number`` is "one" (takes an article), "mass" (takes none) or "many".

    A noun may bring its own place: ``"elevation of the [{s} hemidiaphragm]"``.
    """

    text: str
    number: str = "one"


class FindingWords(NamedTuple):
    """Nouns, nouns for both sides at once, and adjectives for mild, moderate and severe."""

    nouns: tuple[Noun, ...]
    bilateral: tuple[Noun, ...]
    adjectives: Degrees
    bare: str
    """How the finding is said without any place: completes "There is ..."."""


def _one(*texts: str) -> tuple[Noun, ...]:
    return tuple(Noun(text) for text in texts)


def _mass(*texts: str) -> tuple[Noun, ...]:
    return tuple(Noun(text, "mass") for text in texts)


def _many(*texts: str) -> tuple[Noun, ...]:
    return tuple(Noun(text, "many") for text in texts)


_DEGREE: Degrees = (("mild", "minimal", "slight"), ("moderate", "mild to moderate"), ("marked", "severe"))
_SIZE: Degrees = (
    ("small", "tiny", "minimal", "trace"),
    ("moderate", "moderate-sized", "small to moderate"),
    ("large", "moderate to large", "very large"),
)

WORDS: dict[str, FindingWords] = {
    "opacity": FindingWords(
        _one("opacity", "opacity", "airspace opacity", "parenchymal opacity")
        + _many("opacities", "airspace opacities")
        + _mass("opacification"),
        _many("opacities", "airspace opacities", "parenchymal opacities") + _mass("opacification"),
        (
            ("subtle", "faint", "vague", "faint hazy", "subtle ill-defined", "subtle patchy"),
            ("patchy", "hazy", "heterogeneous", "ill-defined", "patchy, ill-defined", "ground-glass", ""),
            ("dense", "extensive", "dense, confluent", "confluent", "large"),
        ),
        "an opacity",
    ),
    "consolidation": FindingWords(
        _mass("consolidation", "airspace consolidation") + _one("consolidation"),
        _mass("consolidation", "airspace consolidation") + _many("consolidations"),
        (
            ("subtle", "faint", "small focal", "mild patchy", "early"),
            ("patchy", "focal", "ill-defined", "multifocal", ""),
            ("dense", "extensive", "large", "confluent", "dense confluent"),
        ),
        "consolidation",
    ),
    "nodule": FindingWords(
        _one("nodule", "nodule", "pulmonary nodule", "lung nodule"),
        _many("nodules", "pulmonary nodules"),
        (
            ("faint", "subtle", "indistinct", ""),
            ("rounded", "well-defined", "discrete", ""),
            ("well-circumscribed", "rounded", "dominant", "dense"),
        ),
        "a nodule",
    ),
    "mass": FindingWords(
        _one("mass", "mass", "lung mass", "pulmonary mass"),
        _many("masses", "pulmonary masses"),
        (
            ("ill-defined", "subtle", "rounded"),
            ("rounded", "lobulated", "well-defined", ""),
            ("large", "large lobulated", "bulky", "large rounded"),
        ),
        "a mass",
    ),
    "pleural effusion": FindingWords(
        _one("pleural effusion", "pleural effusion", "effusion"),
        _many("pleural effusions", "pleural effusions", "effusions"),
        _SIZE,
        "a pleural effusion",
    ),
    "pneumothorax": FindingWords(
        _one("pneumothorax"),
        _many("pneumothoraces"),
        (
            ("small", "tiny", "minimal", "very small"),
            ("moderate", "moderate-sized", "small to moderate"),
            ("large", "moderate to large", "sizable"),
        ),
        "a pneumothorax",
    ),
    "atelectasis": FindingWords(
        _mass("atelectasis", "atelectasis", "atelectasis", "atelectatic change")
        + _many("atelectatic changes"),
        _mass("atelectasis", "atelectasis", "atelectatic change") + _many("atelectatic changes"),
        (
            (
                "mild",
                "minimal",
                "minor",
                "mild linear",
                "minimal subsegmental",
                "mild bandlike",
                "minimal plate-like",
            ),
            ("moderate", "linear", "bandlike", "streaky", "plate-like", "subsegmental", ""),
            ("marked", "extensive", "severe", "dense"),
        ),
        "atelectasis",
    ),
    "edema": FindingWords(
        _mass(
            "pulmonary edema",
            "pulmonary edema",
            "interstitial edema",
            "interstitial pulmonary edema",
            "edema",
        ),
        _mass(
            "pulmonary edema",
            "pulmonary edema",
            "interstitial edema",
            "interstitial pulmonary edema",
            "edema",
        ),
        (
            ("mild", "minimal", "mild diffuse", "slight"),
            ("moderate", "mild to moderate", "moderate diffuse", "diffuse"),
            ("severe", "marked", "moderate to severe", "extensive"),
        ),
        "pulmonary edema",
    ),
    "hyperinflation": FindingWords(
        _mass("hyperinflation", "pulmonary hyperinflation"),
        _mass("hyperinflation", "pulmonary hyperinflation"),
        _DEGREE,
        "hyperinflation",
    ),
    "cardiomegaly": FindingWords(
        _mass(
            "cardiomegaly",
            "cardiomegaly",
            "enlargement of the [cardiac silhouette]",
            "enlargement of the [heart]",
        ),
        (),
        (("mild", "slight"), ("moderate", "mild to moderate"), ("severe", "marked", "moderate to severe")),
        "cardiomegaly",
    ),
    "hernia": FindingWords(
        _one("hiatal hernia", "hiatal hernia", "hiatus hernia"),
        (),
        (("small", "tiny"), ("moderate", "moderate-sized", "small to moderate"), ("large", "very large")),
        "a hiatal hernia",
    ),
    "scar": FindingWords(
        _mass("scarring", "scarring", "parenchymal scarring"),
        _mass("scarring", "scarring", "parenchymal scarring"),
        (
            ("mild", "minimal", "mild linear"),
            ("moderate", "linear", "chronic", ""),
            ("extensive", "marked", "dense"),
        ),
        "scarring",
    ),
    "elevated hemidiaphragm": FindingWords(
        _mass("elevation of the [{s} hemidiaphragm]", "elevation of the [{s} diaphragm]"),
        (),
        (("mild", "slight"), ("moderate", ""), ("marked", "pronounced")),
        "elevation of a hemidiaphragm",
    ),
    "calcification": FindingWords(
        _one("calcification", "calcified focus") + _many("calcifications"),
        _many("calcifications"),
        (("faint", "small", "tiny", "punctate"), ("", "rounded", "dense"), ("dense", "coarse", "large")),
        "a calcification",
    ),
    "fracture": FindingWords(
        _one("fracture"),
        (),
        (
            ("nondisplaced", "subtle nondisplaced", "healed", "old healed"),
            ("minimally displaced", "mildly displaced", "old", ""),
            ("displaced", "markedly displaced", "acute displaced"),
        ),
        "a fracture",
    ),
}
# Words that a finding uses only in one kind of region.
_LOCAL_WORDS: dict[tuple[str, str], FindingWords] = {
    ("calcification", "aortic arch"): FindingWords(
        _mass("calcification", "atherosclerotic calcification", "vascular calcification")
        + _many("calcifications", "atherosclerotic calcifications"),
        (),
        (("mild", "minimal", "faint"), ("moderate", "", "scattered"), ("dense", "extensive", "heavy")),
        "calcification",
    ),
}


def words_for(finding: str, kind: str) -> FindingWords:
    """The words of a finding in this kind of region.

    Raises:
        MapleError: if the grammar has no words for the finding.
    """
    if finding not in WORDS:
        raise MapleError(f"finding {finding!r}", "no nouns for it", f"use one of: {', '.join(WORDS)}")
    return _LOCAL_WORDS.get((finding, kind), WORDS[finding])


def degree(severity: float) -> int:
    """0 mild, 1 moderate, 2 severe, for a severity in [0, 1]."""
    return 0 if severity < 0.35 else 1 if severity < 0.7 else 2
