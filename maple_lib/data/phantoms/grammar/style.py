"""How a report is laid out: which sections, in which order, with which headings."""

from __future__ import annotations

from dataclasses import dataclass

from maple_lib.data.phantoms.grammar.dice import Dice

HEADINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "examination": (("examination", "examination"), ("exam", "examination"), ("study", "examination")),
    "indication": (
        ("indication", "indication"),
        ("indication", "indication"),
        ("reason for exam", "indication"),
        ("reason for examination", "indication"),
        ("history", "history"),
        ("clinical history", "history"),
    ),
    "comparison": (("comparison", "comparison"),),
    "technique": (("technique", "technique"),),
    "findings": (("findings", "findings"),),
    "impression": (("impression", "impression"), ("impression", "impression"), ("conclusion", "conclusion")),
}
_CONTEXT_OFTEN = {"examination": 0.55, "indication": 0.85, "comparison": 0.8, "technique": 0.3}


@dataclass(frozen=True, slots=True)
class Style:
    """One radiologist's habits.

    Attributes:
        sections: keys of ``HEADINGS`` in order; empty for a report without headings.
        case: applied to headings: ``"upper"``, ``"title"`` or ``"lower"``.
        after_heading: between a heading's colon and its body.
        between_sections: between two sections.
        between_sentences: between two sentences of the findings.
        item: ``"1. "``, ``"1) "``, ``"- "`` or ``""`` before each sentence of the impression.
        width: column at which lines wrap, or 0.
        one_line: the whole report without a line break.
    """

    sections: tuple[str, ...]
    case: str
    after_heading: str
    between_sections: str
    between_sentences: str
    item: str
    width: int
    one_line: bool

    def heading(self, text: str) -> str:
        """The heading as this style writes it, with its colon."""
        return getattr(text, self.case)() + ":"


def choose_style(dice: Dice) -> Style:
    """Draw the habits of one report."""
    sections = _sections(dice)
    one_line = dice.chance(0.2)
    item = "" if one_line else dice.pick(("1. ", "1. ", "1) ", "- ", "", "", ""))
    return Style(
        sections=sections,
        case="upper" if one_line else dice.pick(("upper", "upper", "upper", "title", "lower")),
        after_heading=" " if one_line else dice.pick((" ", " ", "  ", "\n")),
        between_sections=" " if one_line else dice.pick(("\n\n", "\n\n", "\n")),
        between_sentences=" " if one_line or dice.chance(0.85) else "\n",
        item=item,
        width=0 if one_line or dice.chance(0.8) else 76,
        one_line=one_line,
    )


def _sections(dice: Dice) -> tuple[str, ...]:
    """Most reports have both findings and impression; some only one; a few no heading at all."""
    roll = dice.roll()
    if roll < 0.05:
        return ()
    context = [name for name, often in _CONTEXT_OFTEN.items() if dice.chance(often)]
    if dice.chance(0.3) and {"comparison", "technique"} <= set(context):
        context[-2:] = ["technique", "comparison"]
    if roll < 0.13:
        return (*context, "impression")
    if roll < 0.2:
        return (*context, "findings")
    return (*context, "impression", "findings") if roll < 0.24 else (*context, "findings", "impression")
