"""One readable page from parts: no scripts, no request to anywhere, light and dark."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template


@dataclass(frozen=True, slots=True)
class PageSection:
    """A part of a page: its heading and its HTML."""

    title: str
    body: str

    @property
    def anchor(self) -> str:
        """The heading as the target of a link."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class Page:
    """All of a page; every field but ``sections`` is HTML or plain words.

    Attributes:
        title: large, at the top, and in the browser's tab.
        kicker: a few words above it.
        lead: what this is, in a sentence or two.
        hero: the first picture.
        notice: what the reader must not overlook.
        sections: in their order; they are numbered.
        footer: at the end, small.
    """

    title: str
    kicker: str
    lead: str
    hero: str
    notice: str
    sections: Sequence[PageSection]
    footer: str

    def write(self, path: str | Path) -> Path:
        """Write the page; its folder is made."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(str(self), encoding="utf-8")
        return target

    def __str__(self) -> str:
        room = files("maple_lib.viz")
        template = Template((room / "page.html").read_text(encoding="utf-8"))
        links = (f'<a href="#{s.anchor}">{html.escape(s.title)}</a>' for s in self.sections)
        return template.substitute(
            title=html.escape(self.title),
            css=(room / "page.css").read_text(encoding="utf-8"),
            kicker=html.escape(self.kicker),
            lead=self.lead,
            hero=self.hero,
            notice=self.notice,
            contents="".join(links),
            sections="\n".join(_section(i, s) for i, s in enumerate(self.sections, 1)),
            footer=self.footer,
        )


def picture(name: str, alt: str, caption: str = "", dark: str | None = None) -> str:
    """A figure of the page, by its file's name.

    Args:
        name: file beside the page.
        alt: its words for those who do not see it.
        caption: under it.
        dark: file to show instead on a dark page; a figure with two faces is a chart.
    """
    image = f'<img src="{html.escape(name)}" alt="{html.escape(alt, quote=True)}" loading="lazy">'
    if dark is not None:
        source = f'<source srcset="{html.escape(dark)}" media="(prefers-color-scheme: dark)">'
        image = f"<picture>{source}{image}</picture>"
    words = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure class="{"lightbox" if dark is None else "chart"}">{image}{words}</figure>'


def paragraph(*sentences: str) -> str:
    """A paragraph of plain words."""
    return f"<p>{html.escape(' '.join(sentences))}</p>"


def commands(*lines: str) -> str:
    """Lines to type in a terminal."""
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def facts(values: Mapping[str, str]) -> str:
    """Numbers that stand out, each with what it counts: ``{"what": "number"}``."""
    items = (
        f"<li><b>{html.escape(n)}</b><span>{html.escape(what)}</span></li>" for what, n in values.items()
    )
    return f'<ul class="facts">{"".join(items)}</ul>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A plain table of words."""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _section(number: int, section: PageSection) -> str:
    title = f'<span class="step">{number}</span>{html.escape(section.title)}'
    return f'<section id="{section.anchor}"><h2>{title}</h2>\n{section.body}</section>'
