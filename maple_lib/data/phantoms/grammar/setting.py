"""Set drafted sections on a page: headings, items, spaces, line breaks, slips of dictation."""

from __future__ import annotations

from typing import NamedTuple

from maple_lib.data.phantoms.grammar.fragment import Fragment, capitalised
from maple_lib.data.phantoms.grammar.noise import Noise
from maple_lib.data.phantoms.grammar.page import Page
from maple_lib.data.phantoms.grammar.style import Style


class Draft(NamedTuple):
    """A section before it is set: its heading's words ("" for none), its name, its finished sentences."""

    heading: str
    name: str
    sentences: list[Fragment]


def finished(fragment: Fragment, full_stop: bool = True) -> Fragment:
    """A sentence with its capital letter and full stop."""
    start = capitalised(fragment)
    if not full_stop or start.text.endswith((".", "?")):
        return start
    return Fragment(start.text + ".", start.marks)


def set_page(drafts: list[Draft], style: Style, noise: Noise) -> tuple[Page, str]:
    """The page with spans, and its text after wrapping and change of case (same length)."""
    page = Page()
    for draft in drafts:
        if page.text:
            page.write(style.between_sections)
        start = len(page.text)
        if draft.heading:
            page.write(style.heading(draft.heading) + style.after_heading)
        body = len(page.text)
        _set_sentences(page, draft, style, noise)
        page.close_section(draft.name, start, body)
    return page, noise.case(wrapped(page.text, style.width))


def _set_sentences(page: Page, draft: Draft, style: Style, noise: Noise) -> None:
    is_list = bool(style.item) and draft.name in ("impression", "conclusion") and len(draft.sentences) > 1
    between = "\n" if is_list else style.between_sentences
    for number, sentence in enumerate(draft.sentences, start=1):
        if number > 1:
            page.write(noise.space(between))
        if is_list:
            page.write(style.item.replace("1", str(number)))
        page.sentence(noise.sentence(sentence), draft.name)


def wrapped(text: str, width: int) -> str:
    """Turn spaces into line breaks so that lines fit ``width`` where possible; 0 leaves the text alone."""
    if not width:
        return text
    return "\n".join(_wrapped_line(line, width) for line in text.split("\n"))


def _wrapped_line(line: str, width: int) -> str:
    done = ""
    while len(line) > width:
        cut = line.rfind(" ", 0, width + 1)
        if cut <= 0:
            break
        done += line[:cut] + "\n"
        line = line[cut + 1 :]
    return done + line
