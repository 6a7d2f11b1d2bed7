"""What a report says, laid over a body: each region that it speaks of lights up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from maple_lib import vocabulary
from maple_lib.data.study import Study
from maple_lib.reports import Existence, ParsedReport, Triplet
from maple_lib.viz.labels import MARGIN, inner_point, spread
from maple_lib.viz.radiograph import draw_pixels, fill, halo, outline
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 2  # findings named at one region
_PITCH = 0.088  # least distance of two labels, of the image's height


@dataclass(frozen=True, slots=True)
class Look:
    """How an existence is drawn: the hues of ``ParsedReport``'s HTML, and a line that tells without colour.

    Attributes:
        edge, fill: ``"#rrggbb"``, of the outline and inside it.
        alpha: opacity of the inside, in [0, 1].
        line, dashes: the outline's style for matplotlib, and for SVG.
        sign: before the finding's name.
    """

    edge: str
    fill: str
    alpha: float
    line: str
    dashes: str
    sign: str


# From the weakest to the strongest: where a region has several statements, the strongest gives the colour.
LOOKS: dict[Existence, Look] = {
    "absent": Look("#a7c9f2", "#a7c9f2", 0.10, "dotted", "1 3", "−"),
    "uncertain": Look("#f2dfa7", "#b07d00", 0.38, "dashed", "5 3", "?"),
    "present": Look("#f2b5a7", "#c2452d", 0.50, "solid", "", "+"),
}
_STRENGTH = list(LOOKS)


@dataclass(frozen=True, slots=True)
class Lit:
    """A region that a report speaks of: its strongest existence, and its statements, strongest first."""

    existence: Existence
    statements: tuple[tuple[str, Existence], ...]

    def words(self, most: int | None = None) -> str:
        """The statements in short, ``"+ pleural effusion, − pneumothorax"``; at most ``most`` of them."""
        shown = [f"{LOOKS[existence].sign} {finding}" for finding, existence in self.statements[:most]]
        rest = len(self.statements) - len(shown)
        return ", ".join([*shown, *([f"{rest} more"] if rest else [])])


def lit_regions(parsed: ParsedReport) -> dict[str | None, Lit]:
    """The regions of which a report's findings and impression speak, the weakest statements first.

    Returns:
        Region name -> what is said of it; None -> what is said without a place.
    """
    said: dict[str | None, list[Triplet]] = {}
    for triplet in parsed.triplets:
        said.setdefault(triplet.region, []).append(triplet)
    lit = {region: _lit(triplets) for region, triplets in said.items()}
    return dict(sorted(lit.items(), key=lambda item: _STRENGTH.index(item[1].existence)))


def drawn_in_order(lit: dict[str | None, Lit], body: Study) -> list[tuple[str, Lit]]:
    """The regions that a body has: absent ones first, large before small, so that nothing hides another."""
    there = [(name, each) for name, each in lit.items() if name is not None and name in body.regions]
    return sorted(
        there, key=lambda pair: (_STRENGTH.index(pair[1].existence), -int(body.region(pair[0]).sum()))
    )


def _lit(triplets: list[Triplet]) -> Lit:
    strongest_first = sorted(triplets, key=lambda t: -_STRENGTH.index(t.existence))
    statements = dict.fromkeys((t.finding, t.existence) for t in strongest_first)
    return Lit(strongest_first[0].existence, tuple(statements))


@cache
def healthy_body() -> Study:
    """The phantom on which reports are drawn: no finding, 29 regions."""
    from maple_lib.data.phantoms import phantom

    return phantom(seed=11, size=256, difficulty="easy", findings=[], report=False)


def body_words(parsed: ParsedReport) -> str:
    """In words what a body map shows: the statements of each region, one after the other."""
    lit = lit_regions(parsed)
    said = [f"{region or 'no place named'}: {each.words()}" for region, each in reversed(lit.items())]
    return "; ".join(said) or "the report states nothing"


def body_map_figure(parsed: ParsedReport, study: Study | None = None) -> Figure:
    """A radiograph on which the regions of a report light up, each with what is said of it.

    Args:
        parsed: the report.
        study: whose image and region masks to draw on; a phantom without findings if None. The image is a map
            of places, not the patient of whom the report speaks.
    """
    body = healthy_body() if study is None else study
    lit = lit_regions(parsed)
    nowhere = lit.pop(None, None)
    note = "filled, + present     dashed, ? uncertain     dotted, − absent"
    with figure(8.4, 4.7) as fig:
        heading(fig, "What the report says, and where", note + _nowhere(nowhere))
        ax = fig.subplots()
        draw_pixels(ax, body.image.pixels)
        _sides(ax, body)
        _draw(ax, body, dict(drawn_in_order(lit, body)))
    return describe(fig, f"A radiograph with lit regions. {body_words(parsed)}.")


def _nowhere(lit: Lit | None) -> str:
    return "" if lit is None else f"\nno place named: {lit.words(6)}"


def _sides(ax: Axes, body: Study) -> None:
    """R and L of the patient at the picture's edges, since the margins beside it hold words."""
    height, width = body.image.pixels.shape
    for x, side in ((0.03, "R"), (0.97, "L")):
        ax.text(x * width, height / 2, side, ha="center", fontsize=8, color=DARK.muted, path_effects=halo())


def _draw(ax: Axes, body: Study, lit: dict[str, Lit]) -> None:
    masks = {name: body.region(name) for name in body.regions}
    for name in masks:
        if name not in lit:
            ax.contour(masks[name], levels=[0.5], colors=[DARK.ink], linewidths=0.6, alpha=0.22)
    for name, each in lit.items():
        look = LOOKS[each.existence]
        fill(ax, masks[name], look.fill, look.alpha)
        outline(ax, masks[name], look.edge, 1.4, look.line)
    _name(ax, {name: (inner_point(masks[name]), each) for name, each in lit.items()})
    height, width = body.image.pixels.shape
    ax.set_xlim(-MARGIN * width, (1 + MARGIN) * width)
    ax.set_ylim(height, 0)


def _name(ax: Axes, placed: dict[str, tuple[tuple[float, float], Lit]]) -> None:
    """Write what is said in the margins: the patient's right on the left, the midline where there is room."""
    height, width = ax.images[0].get_size()
    margins: tuple[list[str], list[str]] = ([], [])
    for name in sorted(placed, key=lambda n: vocabulary.region(n).side is None):
        side = vocabulary.region(name).side
        left = side == "right" or (side is None and len(margins[0]) <= len(margins[1]))
        margins[0 if left else 1].append(name)
    for direction, names in zip((-1, 1), margins, strict=True):
        names.sort(key=lambda n: placed[n][0][0])
        wanted = [placed[n][0][0] for n in names]
        rows = spread(wanted, _PITCH * height, 0.03 * height, 0.97 * height)
        for name, row in zip(names, rows, strict=True):
            _label(ax, name, *placed[name], row, direction, width)


def _label(
    ax: Axes, name: str, point: tuple[float, float], lit: Lit, row: float, direction: int, width: int
) -> None:
    edge = -0.04 * width if direction < 0 else 1.04 * width
    look, align = LOOKS[lit.existence], "right" if direction < 0 else "left"
    knee = edge - direction * 0.03 * width
    ax.plot(
        [edge, knee, point[1]], [row, row, point[0]], color=look.edge, linewidth=0.7, alpha=0.8,
        path_effects=halo(1.5), clip_on=False,
    )  # fmt: skip
    for text, color, size, anchor in (
        (lit.words(_MOST), look.edge, 8.2, "bottom"),
        (name, DARK.muted, 6.8, "top"),
    ):
        ax.text(edge + direction * 0.015 * width, row, text, color=color, fontsize=size, ha=align, va=anchor)
