"""The doctor's page: what is wrong, why it matters, what to do, with pictures; one file, no scripts."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from maple_lib.data.doctor.diagnosis import SEVERITIES, Case, Complaint, Diagnosis
from maple_lib.errors import MapleError
from maple_lib.viz.doctor_cases import SHOWN, picture_cards
from maple_lib.viz.doctor_charts import balance_chart, split_bar
from maple_lib.viz.page import Page, PageSection, facts, paragraph

NOTICE = (
    "<b>This page holds pictures and sentences of the corpus:</b> keep it where the corpus itself may be "
    "kept. A warning is a reason to look, not a verdict. For research and teaching only."
)
_LISTED = 200
# What a page's own style gives to all that is in it.
_ALONE = "--line: #d9dee5; --card: #ffffff; --ink: #1b2430; --night: #11161d; color: #66707d"
# Where a picture says nothing, or must not be beside a report that may identify somebody.
_WITHOUT_PICTURES = frozenset(
    (
        "identifier",
        "empty-report",
        "class-balance",
        "missing-image",
        "unreadable-image",
        "unusable-study",
        "duplicate-id",
    )
)


def write_doctor_page(diagnosis: Diagnosis, path: str | Path, name: str = "") -> Path:
    """Write the page of a diagnosis.

    Args:
        diagnosis: by ``examine``.
        path: the HTML file; its folder is made.
        name: of the corpus, for the heading.

    Returns:
        The path.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(doctor_page(diagnosis, name), encoding="utf-8")
    return target


def doctor_pictures(diagnosis: Diagnosis, check: str) -> str:
    """The pictures of one complaint, as HTML that a notebook shows: ``IPython.display.HTML(...)``.

    Args:
        diagnosis: by ``examine``.
        check: id of the complaint, such as ``"left-right"``.

    Returns:
        Its sentence and up to eight of its cases, styles included; it asks for nothing from elsewhere.

    Raises:
        MapleError: if the doctor has no such complaint, or one that has no picture.
    """
    found = {complaint.check: complaint for complaint in diagnosis.complaints}
    if check not in found:
        have = ", ".join(found) or "none"
        raise MapleError(f"complaint {check!r}", "the doctor has none of this name", f"there is: {have}")
    complaint = found[check]
    pictures = _pictures(complaint, diagnosis)
    if not pictures:
        raise MapleError(f"complaint {check!r}", "has no picture", "look at its cases: complaint.cases")
    colors = f"{_ALONE}; {_tone(complaint.severity)}"
    return (
        f'<div class="doctor-pictures" style="{colors}"><style>{_own_css()}</style>'
        f'<p class="what">{html.escape(complaint.what)}</p>{pictures}</div>'
    )


def _own_css() -> str:
    """The page's rules for pictures, for these alone: a notebook has sections and errors of its own."""
    rules = (line for line in _css().splitlines() if line.startswith((".cases", ".what")))
    return "\n".join(f".doctor-pictures {rule}" for rule in rules)


def _tone(severity: str) -> str:
    """The colours that the page gives to a severity."""
    rule = next(line for line in _css().splitlines() if line.startswith(f".{severity} {{"))
    return rule.partition("{")[2].partition("}")[0].strip()


def doctor_page(diagnosis: Diagnosis, name: str = "") -> str:
    """The whole page as text; it asks for nothing from elsewhere."""
    sections = [PageSection(each.title, _complaint(each, diagnosis)) for each in diagnosis.complaints]
    if diagnosis.balance:
        sections.append(PageSection("How often each finding is labelled", _balance(diagnosis)))
    sections.append(PageSection("What was looked for", _looked_for(diagnosis)))
    page = Page(
        title=f"The doctor on {name}" if name else "The doctor's page",
        kicker="MApLe Lab · the doctor",
        lead=_lead(diagnosis),
        hero=_verdict(diagnosis)
        + facts({what: f"{n:,}" for what, n in diagnosis.counts.items()})
        + split_bar(diagnosis.splits),
        notice=NOTICE,
        sections=sections,
        footer=_footer(),
    )
    text = str(page).replace("</head>", f"<style>\n{_css()}</style>\n</head>", 1)
    for section, complaint in zip(sections, diagnosis.complaints, strict=False):
        link = f'<a href="#{section.anchor}">'
        text = text.replace(link, link.replace("<a ", f'<a class="{complaint.severity}" '), 1)
    return text


def _css() -> str:
    return (files("maple_lib.viz") / "doctor_page.css").read_text(encoding="utf-8")


def _lead(diagnosis: Diagnosis) -> str:
    looked = f"{len(diagnosis.checked)} kinds of trouble were looked for"
    if not diagnosis.complaints:
        return f"Nothing to complain about: {looked}, and none was found."
    if diagnosis.clean:
        return f"Fit for work: {looked}; there is nothing to mend, and something good to know."
    return f"Not fit for training yet: {looked}, and some were found. The worst come first."


def _verdict(diagnosis: Diagnosis) -> str:
    tally = Counter(each.severity for each in diagnosis.complaints)
    parts = [
        f'<li class="{severity}"><b>{tally[severity]}</b>{severity}{"" if tally[severity] == 1 else "s"}</li>'
        for severity in SEVERITIES
        if tally[severity]
    ]
    if diagnosis.clean:
        parts.insert(0, '<li class="fine"><b>✓</b>no error, no warning</li>')
    return f'<ul class="verdict">{"".join(parts)}</ul>'


def _complaint(complaint: Complaint, diagnosis: Diagnosis) -> str:
    number = len(complaint.study_ids)
    where = f"{number:,} {'study' if number == 1 else 'studies'} · " if number else ""
    reason = _reason(
        (
            ("Why it matters", html.escape(complaint.why)),
            ("What to do", html.escape(complaint.remedy) + _fixable(complaint)),
        )
    )
    pictures = _pictures(complaint, diagnosis)
    told = bool(pictures) and len(complaint.cases) <= SHOWN
    few = " few" if pictures.count("<figure>") in (1, 2) else ""
    return (
        f'<div class="complaint {complaint.severity}{few}"><div>'
        f'<p><span class="pill">{complaint.severity}</span>{where}'
        f"<code>{html.escape(complaint.check)}</code></p>"
        f'<p class="what">{html.escape(complaint.what)}</p>{reason}</div>'
        f"{pictures}{'' if told else _all_cases(complaint.cases)}</div>"
    )


def _pictures(complaint: Complaint, diagnosis: Diagnosis) -> str:
    return "" if complaint.check in _WITHOUT_PICTURES else picture_cards(complaint, diagnosis)


def _fixable(complaint: Complaint) -> str:
    return " <code>maple doctor --fix</code> mends what needs no decision." if complaint.fixable else ""


def _reason(pairs: Iterable[tuple[str, str]]) -> str:
    items = (f"<div><dt>{name}</dt><dd>{words}</dd></div>" for name, words in pairs)
    return f'<dl class="reason">{"".join(items)}</dl>'


def _all_cases(cases: tuple[Case, ...]) -> str:
    """Every case by its study's id, folded away where they are many."""
    if not cases:
        return ""
    rows = (
        f"<tr><td>{html.escape(c.study_id)}</td><td>{html.escape(c.detail)}</td></tr>"
        for c in cases[:_LISTED]
    )
    more = (
        f"<p>… and {len(cases) - _LISTED:,} more: <code>--json</code> has all.</p>"
        if len(cases) > _LISTED
        else ""
    )
    folded = "" if len(cases) > 8 else " open"
    what = "1 case" if len(cases) == 1 else f"{len(cases):,} cases"
    table = f'<table class="all">{"".join(rows)}</table>'
    return f"<details{folded}><summary>{what}</summary>{table}{more}</details>"


def _balance(diagnosis: Diagnosis) -> str:
    words = paragraph(
        "Studies by their label, in each split, the most frequent findings first.",
        "A split whose bars look unlike the others' was not drawn at random.",
    )
    return words + balance_chart(diagnosis.balance)


def _looked_for(diagnosis: Diagnosis) -> str:
    items = (_looked(words, found) for words, found in diagnosis.checked.items())
    return f'<ul class="looked">{"".join(items)}</ul>'


def _looked(words: str, found: int) -> str:
    tone, sign = ("warning", "!") if found else ("fine", "✓")
    said = "complaint" if found else "nothing found"
    return f'<li class="{tone}"><i aria-label="{said}">{sign}</i>{html.escape(words)}</li>'


def _footer() -> str:
    from maple_lib import __version__

    return (
        f"<p>Made by <code>maple doctor</code>, MApLe Lab {__version__}, Apache-2.0. It reads and counts; it "
        "does not diagnose patients.</p>"
    )
