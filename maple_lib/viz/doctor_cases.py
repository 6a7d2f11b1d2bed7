"""The pictures of a complaint: small radiographs with their boxes, and the one sentence that matters."""

from __future__ import annotations

import base64
import html
import io

import numpy as np

from maple_lib.data.doctor.diagnosis import Case, Complaint, Diagnosis, Mark
from maple_lib.data.doctor.exam import Exam
from maple_lib.data.doctor.identifiers import masked
from maple_lib.data.resample import resize
from maple_lib.data.study import Pixels
from maple_lib.errors import MapleError
from maple_lib.viz.palette import region_color

SHOWN = 8
_SIDE = 256  # pixels of the longer side of a small picture
_BOX = "#ffd23f"
_SIDED = frozenset(("left-right", "label-report", "box"))


def picture_cards(complaint: Complaint, diagnosis: Diagnosis) -> str:
    """Up to ``SHOWN`` cases that have an image, each with its study's id and what is wrong."""
    if diagnosis.exam is None:
        return ""
    shown = [case for case in complaint.cases if case.image is not None][:SHOWN]
    cards = "".join(_card(case, complaint, diagnosis.exam) for case in shown)
    return f'<div class="cases">{cards}</div>' if cards else ""


def _card(case: Case, complaint: Complaint, exam: Exam) -> str:
    caption = f"<b>{html.escape(case.study_id)}</b>{html.escape(case.detail)}{_quote(case, exam)}"
    return f"<figure>{_picture(case, complaint, exam)}<figcaption>{caption}</figcaption></figure>"


def _picture(case: Case, complaint: Complaint, exam: Exam) -> str:
    """The image of a case as one ``<svg>``, square, so that cards align."""
    assert case.image is not None
    words = html.escape(f"Radiograph of study {case.study_id}: {case.detail}", quote=True)
    try:
        pixels = exam.corpus.open(case.image).pixels
    except MapleError:
        inside, height, width = _no_picture(), 100, 100
    else:
        height, width = pixels.shape
        sides = _sides(width, height) if complaint.check in _SIDED else ""
        inside = _image(pixels) + "".join(_drawn(mark, max(pixels.shape)) for mark in case.marks) + sides
    side = max(height, width)
    frame = f"{(width - side) / 2:.1f} {(height - side) / 2:.1f} {side} {side}"
    return f'<svg viewBox="{frame}" role="img" aria-label="{words}">{inside}</svg>'


def _no_picture() -> str:
    return '<text x="50" y="53" fill="#98a4b3" font-size="8" text-anchor="middle">no picture</text>'


def _image(pixels: Pixels) -> str:
    from PIL import Image

    height, width = pixels.shape
    small = np.rint(resize(pixels, min(_SIDE, max(pixels.shape))) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, "JPEG", quality=82)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<image href="data:image/jpeg;base64,{data}" width="{width}" height="{height}"/>'


def _drawn(mark: Mark, side: int) -> str:
    """A box with its words above it, drawn as thick on every size of image."""
    x1, y1, x2, y2 = mark.box
    line, size = side / 115, side / 16
    color = _color(mark.words)
    top = y1 - size / 3 if y1 > 1.4 * size else y1 + size
    return (
        f'<rect x="{x1:.1f}" y="{y1:.1f}" width="{max(x2 - x1, line):.1f}" height="{max(y2 - y1, line):.1f}" '
        f'fill="{color}" fill-opacity="0.08" stroke="{color}" stroke-width="{line:.1f}"/>'
        f'<text x="{max(x1, 0) + line:.1f}" y="{top:.1f}" fill="{color}" font-size="{size:.1f}" '
        f'style="paint-order:stroke" stroke="#000" stroke-width="{1.4 * line:.1f}" stroke-linejoin="round">'
        f"{html.escape(mark.words)}</text>"
    )


def _color(words: str) -> str:
    try:
        return region_color(words)
    except MapleError:
        return _BOX


def _sides(width: int, height: int) -> str:
    """The patient's sides, as they should be in a frontal view."""
    size = max(width, height) / 17
    style = f'fill="#98a4b3" font-size="{size:.1f}" text-anchor="middle"'
    places = ((0.05 * width, "R"), (0.95 * width, "L"))
    return "".join(
        f'<text x="{x:.1f}" y="{height - size / 2:.1f}" {style}>{side}</text>' for x, side in places
    )


def _quote(case: Case, exam: Exam) -> str:
    """The sentence with its words marked; whatever looks like an identifier is blacked out."""
    if case.sentence is None or case.study is None:
        return ""
    start, stop = case.sentence
    text = masked(str(exam.corpus.studies["report"].iloc[case.study]))
    parts, end = [], start
    for first, last in sorted(case.words):
        parts += [html.escape(text[end:first]), f"<mark>{html.escape(text[first:last])}</mark>"]
        end = last
    return f"<q>{''.join(parts)}{html.escape(text[end:stop])}</q>"
