"""The result of parsing: sections, sentences and triplets, ready to print, tabulate or show."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from maple_lib.reports.types import Section, Sentence, Triplet

if TYPE_CHECKING:
    import pandas as pd

_PREFERRED = ("findings", "impression", "conclusion")


@dataclass(frozen=True)
class ParsedReport:
    """A report and all that it states; every span counts characters of ``text``.

    Attributes:
        text: the report as given.
        sections: they cover the text.
        sentences: of all sections, in order.
        triplets: what the findings, the impression and unheaded text state.
        context_triplets: what the indication, history, comparison and technique mention.
        reason: why there is nothing to read ("empty text"), else an empty string.
    """

    text: str
    # Factories, not plain defaults: those would be class attributes and hide a part still packed.
    sections: tuple[Section, ...] = field(default_factory=tuple)
    sentences: tuple[Sentence, ...] = field(default_factory=tuple)
    triplets: tuple[Triplet, ...] = field(default_factory=tuple)
    context_triplets: tuple[Triplet, ...] = field(default_factory=tuple)
    reason: str = field(default_factory=str)

    def __getattr__(self, name: str) -> Any:
        """Unpack a report that came from another process when one of its parts is first asked for."""
        packed = self.__dict__.pop("_packed", None)
        if packed is None:
            raise AttributeError(f"ParsedReport has no {name!r}")
        from maple_lib.reports.wire import unpack

        self.__dict__.update(unpack(packed, self.text))
        return getattr(self, name)

    @cached_property
    def findings_text(self) -> str:
        """The text of the findings, else of the impression (or conclusion), else the last paragraph."""
        for name in _PREFERRED:
            bodies = [self.text[slice(*each.body)].strip() for each in self.sections if each.name == name]
            if any(bodies):
                return "\n".join(body for body in bodies if body)
        paragraphs = [part.strip() for part in re.split(r"\n\s*\n", self.text) if part.strip()]
        return paragraphs[-1] if paragraphs else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and dictionaries, ready for JSON."""
        return {
            "text": self.text,
            "reason": self.reason,
            "sections": [asdict(each) for each in self.sections],
            "sentences": [asdict(each) for each in self.sentences],
            "triplets": [_plain(each) for each in self.triplets],
            "context_triplets": [_plain(each) for each in self.context_triplets],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per triplet, those of the context sections last and marked in ``context``."""
        import pandas as pd

        return pd.DataFrame(triplet_rows(self), columns=COLUMNS)

    def _repr_html_(self) -> str:
        from maple_lib.reports.html import report_html

        return report_html(self)

    def __repr__(self) -> str:
        said = ", ".join(" ".join(str(part) for part in each.key) for each in self.triplets[:3])
        more = ", ..." if len(self.triplets) > 3 else ""
        return f"ParsedReport({len(self.sentences)} sentences, {len(self.triplets)} triplets: {said}{more})"


COLUMNS = [
    "region", "finding", "existence", "sentence", "start", "end", "region_start", "region_end",
    "implied", "severity", "comparison", "size_mm", "hedge", "context",
]  # fmt: skip


def triplet_rows(report: ParsedReport) -> list[tuple[Any, ...]]:
    """One row of ``COLUMNS`` per triplet, those of the context sections last."""
    rows = [_row(each, False) for each in report.triplets]
    return rows + [_row(each, True) for each in report.context_triplets]


def _plain(triplet: Triplet) -> dict[str, Any]:
    return {**asdict(triplet), "attributes": dict(triplet.attributes)}


def _row(triplet: Triplet, context: bool) -> tuple[Any, ...]:
    place = triplet.region_span or (None, None)
    named = [triplet.attributes.get(key) for key in ("severity", "comparison", "size_mm", "hedge")]
    return (*triplet.key, triplet.sentence, *triplet.span, *place, triplet.implied, *named, context)
