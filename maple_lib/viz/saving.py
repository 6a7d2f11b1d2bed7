"""A finished figure as a file, as HTML, in a notebook: never without words for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def describe(fig: Figure, alt: str) -> Figure:
    """Give a figure its alt text: what a reader would see in it, in a sentence or two."""
    fig.set_label(alt)
    return fig


def alt_text(fig: Figure, alt: str | None = None) -> str:
    """The alt text given here, or else the figure's own.

    Raises:
        MapleError: if there is neither.
    """
    words = (alt if alt is not None else str(fig.get_label())).strip()
    if not words:
        raise MapleError("figure", "has no alt text", "say in a sentence what it shows: alt='...'")
    return words


def save(fig: Figure, path: str | Path, alt: str | None = None) -> Path:
    """Write a figure whose description is its alt text: an SVG if the name ends so, else a PNG.

    Folders are made.

    Returns:
        The path.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    write = _svg if target.suffix.lower() == ".svg" else _png
    target.write_bytes(write(fig, alt_text(fig, alt)))
    return target


def figure_html(fig: Figure, alt: str | None = None) -> str:
    """A figure as one ``<img>`` element that holds its own pixels."""
    words = alt_text(fig, alt)
    data = base64.b64encode(_png(fig, words)).decode("ascii")
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(words, quote=True)}" '
        'style="max-width:100%;height:auto;border-radius:6px">'
    )


def show(fig: Figure, alt: str | None = None) -> Any:
    """A figure for the last line of a notebook's cell."""
    from IPython.display import HTML

    return HTML(figure_html(fig, alt))


def _png(fig: Figure, alt: str) -> bytes:
    buffer = io.BytesIO()
    # Without date and program the same figure gives the same bytes.
    fig.savefig(buffer, format="png", metadata={"Description": alt, "Software": None})
    return buffer.getvalue()


def _svg(fig: Figure, alt: str) -> bytes:
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "maple", "svg.fonttype": "path"}):  # the same bytes each time
        fig.savefig(buffer, format="svg", metadata={"Description": alt, "Title": alt, "Date": None})
    return buffer.getvalue()
