"""A widget: type a report, and see its words marked, its triplets, and the body light up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from maple_lib.reports import parse
from maple_lib.viz.body_svg import body_map_svg

EXAMPLE = (
    "FINDINGS: Small left pleural effusion, unchanged. A hazy opacity at the right base may represent "
    "atelectasis or pneumonia. No pneumothorax. Heart size is normal."
)
PAUSE = 0.25  # seconds without a key before the report is read


class ReportExplorer(widgets.HBox):
    """The widget that :func:`report_explorer` makes.

    Attributes:
        entry: where one types; set ``entry.value`` to show another report.
        reading: HTML with the marked report and its triplets.
        body: the body map as SVG.
        status: one line: what was found, or what went wrong.
    """

    def __init__(self, text: str) -> None:
        self.entry = widgets.Textarea(
            text,
            placeholder="Type a report ...",
            rows=6,
            layout=widgets.Layout(width="auto"),
            continuous_update=True,
        )
        self.status, self.reading, self.body = widgets.HTML(), widgets.HTML(), widgets.HTML()
        left = widgets.VBox(
            [self.entry, self.status, self.reading], layout=widgets.Layout(width="58%", padding="0 1em 0 0")
        )
        right = widgets.VBox([self.body], layout=widgets.Layout(width="42%"))
        super().__init__([left, right])
        later = debounced(self.read, PAUSE)
        self.entry.observe(lambda _: later(), names="value")
        self.read()

    def read(self) -> None:
        """Parse what is written and show it; an error becomes one line, and the last picture stays."""
        try:
            parsed = parse(self.entry.value)
            reading, body = parsed._repr_html_(), body_map_svg(parsed)
        except Exception as error:  # A widget's traceback goes to a log that nobody reads.
            self.status.value = f"Not read: {escape(str(error) or type(error).__name__)}"
            return
        self.reading.value, self.body.value = reading, body
        sentences, triplets = len(parsed.sentences), len(parsed.triplets)
        self.status.value = f"sentences: {sentences}, statements: {triplets}"


def report_explorer(text: str | None = None) -> ReportExplorer:
    """A widget in which one types a report and sees what the parser reads.

    It needs a running kernel and no network; :func:`maple_lib.viz.body_map_figure` draws the same map for
    a page.

    Args:
        text: the report to begin with; a short example if None.
    """
    return ReportExplorer(EXAMPLE if text is None else text)


def debounced(action: Callable[[], None], pause: float) -> Callable[[], None]:
    """A function that calls ``action`` once ``pause`` seconds have passed without another call.

    Where no event loop runs (a script, a test) it calls at once.
    """
    waiting: asyncio.TimerHandle | None = None

    def call() -> None:
        nonlocal waiting
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            action()
            return
        if waiting is not None:
            waiting.cancel()
        waiting = loop.call_later(pause, action)

    return call
