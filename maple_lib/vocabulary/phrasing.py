"""Findings in plain English: with their article where English counts them, and as a sentence."""

from __future__ import annotations

# Findings that English counts: "There is a mass.", but "There is edema."
_COUNTED = frozenset(
    {"opacity", "nodule", "mass", "pleural effusion", "pneumothorax", "fracture", "calcification"}
    | {"pacemaker", "tube", "line", "hernia", "scar", "lesion", "granuloma", "cavity", "cyst"}
    | {"elevated hemidiaphragm", "enlarged cardiomediastinum", "pericardial effusion", "osteophyte"}
    | {"tip", "device", "wire", "stent", "deformity", "surgical clip", "foreign body", "air bronchogram"}
)


def with_article(finding: str, words: str | None = None) -> str:
    """A finding as a noun phrase.

    Args:
        finding: canonical name; it decides whether there is an article.
        words: other words for the same finding.

    Example:
        >>> with_article("opacity"), with_article("edema"), with_article("tube", "endotracheal tube")
        ('an opacity', 'edema', 'an endotracheal tube')
    """
    noun = words or finding
    if finding not in _COUNTED:
        return noun
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def without_place(finding: str) -> str:
    """A sentence that states the finding and names no place: "There is a nodule."."""
    return f"There is {with_article(finding)}."
