"""The one look of all figures: two themes, sizes, and axes without junk.

Radiographs are shown on a dark ground, as on a reading screen; charts come light or dark.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 130


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a figure, ``"#rrggbb"``.

    Attributes:
        ground: behind everything.
        ink, muted: text, and text of less weight.
        hairline: grid lines.
        accent: what should be seen first.
        series: for curves, in their order.
    """

    ground: str
    ink: str
    muted: str
    hairline: str
    accent: str
    series: tuple[str, ...]


LIGHT = Theme(
    "#ffffff",
    "#1b2430",
    "#66707d",
    "#e4e8ed",
    "#0f766e",
    ("#0f766e", "#b4541a", "#5b5bd6", "#a3336d", "#7a6a00", "#1f77b4"),
)
DARK = Theme(
    "#11161d",
    "#e9eef4",
    "#98a4b3",
    "#2a323d",
    "#4fd1c5",
    ("#4fd1c5", "#f0a05a", "#a5a8ff", "#f08cc0", "#d9c94a", "#7cc4ff"),
)


@contextmanager
def figure(width: float, height: float, theme: Theme = DARK, **layout: Any) -> Iterator[Figure]:
    """A new figure, width and height in inches, to be drawn on inside the ``with`` block.

    It belongs to nobody but the caller: no window, no list of open figures, no setting that stays.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_settings(theme)):
        made = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor=theme.ground)
        FigureCanvasAgg(made)
        engine = made.get_layout_engine()
        assert engine is not None
        engine.set(**{"w_pad": 0.06, "h_pad": 0.06, "wspace": 0.02, "hspace": 0.02, **layout})
        yield made
        # Laid out once and then left: a second drawing must not move anything.
        made.draw_without_rendering()
        made.set_layout_engine("none")


def _settings(theme: Theme) -> Any:
    return {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.color": theme.ink,
        "axes.facecolor": theme.ground,
        "axes.edgecolor": theme.hairline,
        "axes.labelcolor": theme.muted,
        "axes.titlecolor": theme.ink,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "image.interpolation": "antialiased",
    }


def hairlines(ax: Axes, theme: Theme, axis: str = "x") -> None:
    """Leave a chart its faint grid along one axis, and nothing else."""
    ax.tick_params(length=0, colors=theme.muted, labelsize=8.5)
    ax.set_axisbelow(True)
    ax.grid(axis=axis, color=theme.hairline, linewidth=0.8)  # type: ignore[arg-type]
    for spine in ax.spines.values():
        spine.set_visible(False)


def ground_halo(theme: Theme) -> list[Any]:
    """A rim in the colour of the ground, so that text is read across lines."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=2.5, foreground=theme.ground)]


def heading(fig: Figure, title: str, note: str = "", theme: Theme = DARK) -> None:
    """A title at the top left and, smaller and quieter, what one should know to read the figure."""
    fig.suptitle(title, x=0.008, ha="left", fontsize=12, fontweight="bold", color=theme.ink)
    if note:
        fig.supxlabel(note, x=0.008, ha="left", fontsize=8.5, color=theme.muted)
