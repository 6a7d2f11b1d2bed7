"""A parsed report to read: its words marked where it states something, in the colour of the region."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Sequence

from maple_lib.reports import ParsedReport, Span, Triplet
from maple_lib.viz.palette import region_color

_LINES = {"present": "solid", "absent": "dotted", "uncertain": "wavy"}
_SIGNS = {"present": "+", "absent": "−", "uncertain": "?"}


def report_html(parsed: ParsedReport) -> str:
    """The report's text with its statements marked, and the statements as a table.

    A solid line means present, a dotted one absent, a wavy one uncertain; its colour is the region's, the
    same as in every figure. Styles are inline, so that it looks the same in a notebook and in a page.
    """
    return (
        f'<div class="report"><p style="white-space:pre-wrap">{_marked(parsed)}</p>'
        f'<table class="triplets">{"".join(map(_row, _unique(parsed.triplets)))}</table></div>'
    )


def _marked(parsed: ParsedReport) -> str:
    mentions: dict[Span, list[Triplet]] = defaultdict(list)
    for triplet in parsed.triplets:
        mentions[triplet.span].append(triplet)
    parts, end = [], 0
    for (start, stop), stated in sorted(mentions.items()):
        if start < end:  # a mention inside another: its outer one is marked
            continue
        parts += [html.escape(parsed.text[end:start]), _mention(parsed.text[start:stop], stated)]
        end = stop
    return "".join([*parts, html.escape(parsed.text[end:])])


def _mention(words: str, stated: Sequence[Triplet]) -> str:
    said = "; ".join(f"{t.finding}, {t.region or 'no place'}: {t.existence}" for t in stated)
    line = f"underline {_LINES[stated[0].existence]} 2px {region_color(stated[0].region)}"
    return (
        f'<span title="{html.escape(said, quote=True)}" '
        f'style="text-decoration:{line};text-underline-offset:3px">{html.escape(words)}</span>'
    )


def _row(triplet: Triplet) -> str:
    color, place = region_color(triplet.region), html.escape(triplet.region or "no place named")
    quiet = ' style="opacity:.62"' if triplet.existence == "absent" else ""
    return (
        f'<tr{quiet}><td title="{triplet.existence}">{_SIGNS[triplet.existence]}</td>'
        f"<td>{html.escape(triplet.finding)}</td>"
        f'<td><span style="color:{color}">●</span> {place}</td></tr>'
    )


def _unique(triplets: Sequence[Triplet]) -> list[Triplet]:
    """Every statement once, what is there before what is not."""
    once = {triplet.key: triplet for triplet in triplets}
    return sorted(once.values(), key=lambda t: t.existence == "absent")
