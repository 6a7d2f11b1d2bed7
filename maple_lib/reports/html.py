"""A report as HTML: findings coloured by existence, regions underlined, the triplets in a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from maple_lib.reports.types import Span, Triplet

if TYPE_CHECKING:
    from maple_lib.reports.report import ParsedReport

# Told apart by shape too (solid, struck, dotted), and readable on light and dark pages.
_STYLES = {
    "present": "background:#f2b5a766;border-bottom:2px solid #c2452d",
    "absent": "background:#a7c9f266;text-decoration:line-through",
    "uncertain": "background:#f2dfa766;border-bottom:2px dotted #b07d00",
}
_REGION = "text-decoration:underline;text-decoration-color:#3a7d44;text-underline-offset:3px"
_BOX = "white-space:pre-wrap;line-height:1.7;max-width:60em"


def report_html(report: ParsedReport) -> str:
    """The report's text with its mentions marked, and a table of its triplets.

    All text is escaped, so a report cannot inject markup.
    """
    if report.reason:
        return f"<div><em>Nothing to read: {escape(report.reason)}.</em></div>"
    triplets = [*report.triplets, *report.context_triplets]
    return f'<div style="{_BOX}">{marked_text(report.text, triplets)}</div>{_table(report)}'


def marked_text(text: str, triplets: list[Triplet]) -> str:
    """The escaped text with a mark around every mention."""
    pieces, end = [], 0
    for (start, stop), style, title in _marks(triplets):
        if start < end:
            continue
        pieces.append(escape(text[end:start]))
        pieces.append(f'<span style="{style}" title="{escape(title)}">{escape(text[start:stop])}</span>')
        end = stop
    return "".join(pieces) + escape(text[end:])


def _marks(triplets: list[Triplet]) -> list[tuple[Span, str, str]]:
    """Where to mark, how, and what to say on hover; findings go before regions on the same words."""
    marks: dict[Span, tuple[str, str]] = {}
    for triplet in triplets:
        title = f"{triplet.finding}: {triplet.existence}, {triplet.region or 'no region'}"
        marks.setdefault(triplet.span, (_STYLES[triplet.existence], title))
    for triplet in triplets:
        if triplet.region_span and not any(_overlap(triplet.region_span, span) for span in marks):
            marks[triplet.region_span] = (_REGION, str(triplet.region))
    return sorted((span, *mark) for span, mark in marks.items())


def _overlap(one: Span, other: Span) -> bool:
    return one != other and one[0] < other[1] and other[0] < one[1]


def _table(report: ParsedReport) -> str:
    rows = [_row(triplet) for triplet in report.triplets]
    head = "".join(f"<th>{name}</th>" for name in ("region", "finding", "existence", "said of it"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(triplet: Triplet) -> str:
    said = [f"{name}: {value}" for name, value in triplet.attributes.items()]
    cells = (
        triplet.region or "—",
        triplet.finding,
        triplet.existence,
        "; ".join([*said, *["implied"] * triplet.implied]),
    )
    body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr>{body}</tr>"
