"""Small charts as inline SVG, coloured by the page's own style in light and dark."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from maple_lib.data.doctor.diagnosis import Balance

_SPLITS = ("train", "validate", "test", None)
_WIDTH, _LEFT, _RIGHT, _BAR = 980, 232, 70, 13
_SHOWN = 20
_STATES = ("present", "uncertain", "absent")


def split_bar(splits: Mapping[str | None, int]) -> str:
    """One bar, cut into the splits by their share of the studies."""
    total = sum(splits.values())
    if not total:
        return ""
    known = [(name, splits[name]) for name in _SPLITS if splits.get(name)]
    parts, x = [], 0.0
    for name, number in known:
        width = _WIDTH * number / total
        label, shown = f"{name or 'in no split'} {number:,}", max(width - 2, 1)
        parts.append(
            f'<rect class="{name or "nowhere"}" x="{x:.1f}" width="{shown:.1f}" height="16" rx="4"/>'
        )
        anchor, place = ("end", x + width - 2) if x and x + width > _WIDTH - 1 else ("start", x)
        parts.append(f'<text x="{place:.1f}" y="36" text-anchor="{anchor}">{label}</text>')
        x += width
    words = "Studies in each split: " + ", ".join(f"{name or 'none'} {n}" for name, n in known)
    return f'<figure class="chart">{_svg(44, words, parts)}</figure>'


def balance_chart(rows: Sequence[Balance]) -> str:
    """For each finding a bar a split: present, uncertain and absent studies end to end."""
    findings = list(dict.fromkeys(row.finding for row in rows))
    shown = findings[:_SHOWN]
    most = max((_total(row) for row in rows if row.finding in shown), default=1) or 1
    parts, y = _legend(), 44.0
    for finding in shown:
        own = sorted(
            (r for r in rows if r.finding == finding),
            key=lambda r: _SPLITS.index(r.split) if r.split in _SPLITS else 9,
        )
        parts.append(f'<text x="0" y="{y + 10.5:.1f}">{html.escape(finding)}</text>')
        for row in own:
            parts += _bar(row, y, (_WIDTH - _LEFT - _RIGHT) / most)
            y += _BAR + 3
        y += 8
        parts.append(f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{y - 6:.1f}" y2="{y - 6:.1f}"/>')
    more = (
        f"<figcaption>{len(findings) - _SHOWN} rarer findings are not drawn.</figcaption>"
        if len(findings) > _SHOWN
        else ""
    )
    words = f"Bars of present, uncertain and absent labels for {len(shown)} findings in each split."
    return f'<figure class="chart">{_svg(y, words, parts)}{more}</figure>'


def _total(row: Balance) -> int:
    return row.present + row.uncertain + row.absent


def _legend() -> list[str]:
    parts, x = [], _LEFT
    for state in _STATES:
        parts.append(f'<rect class="{state}" x="{x}" y="6" width="13" height="13" rx="3"/>')
        parts.append(f'<text class="quiet" x="{x + 19}" y="17">{state}</text>')
        x += 34 + 8 * len(state)
    return [*parts, f'<text class="quiet" x="{x}" y="17">the number counts present ones</text>']


def _bar(row: Balance, y: float, scale: float) -> list[str]:
    """A split's bar, with its name before it and the number of positive studies behind."""
    x, base = float(_LEFT), y + 10.5
    name = row.split or "all"
    parts = [f'<text class="quiet" x="{x - 10:.0f}" y="{base:.1f}" text-anchor="end">{name}</text>']
    for state in _STATES:
        number = getattr(row, state)
        if number:
            told = html.escape(f"{row.finding}, {name}: {number:,} {state}")
            width = max(number * scale - 1, 1)
            parts.append(
                f'<rect class="{state}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}" rx="2">'
                f"<title>{told}</title></rect>"
            )
            x += number * scale
    parts.append(f'<text class="quiet" x="{x + 8:.1f}" y="{base:.1f}">{row.present:,}</text>')
    return parts


def _svg(height: float, words: str, parts: Sequence[str]) -> str:
    label = html.escape(words, quote=True)
    return f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
