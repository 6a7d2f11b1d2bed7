"""What an ingest did, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maple_lib.data.rows import SPLITS, StudyRow
from maple_lib.errors import MapleError

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of an ingest.

    Attributes:
        out: the table.
        dataset: its name.
        counts: studies, images, with_report, regions, phrases, statements, and a number for each split.
        skipped: why studies were left out.
        problems: what ``validate_table`` says of the data; empty in sound data.
        seconds: wall time of this run.
        made: studies that this run went through; the others were there from a run before.
    """

    out: Path
    dataset: str
    counts: dict[str, int]
    skipped: tuple[MapleError, ...]
    problems: tuple[str, ...]
    seconds: float
    made: int

    @property
    def studies_per_second(self) -> float:
        """How fast this run went."""
        return self.made / self.seconds if self.seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "out": str(self.out),
            "dataset": self.dataset,
            **self.counts,
            "skipped": len(self.skipped),
            "first_reasons": [str(error) for error in self.skipped[:_SHOWN]],
            "problems": list(self.problems),
            "seconds": round(self.seconds, 3),
            "studies_per_second": round(self.studies_per_second, 1),
        }

    def __str__(self) -> str:
        from maple_lib.data.table.failures import failures_path

        counts = self.counts
        splits = ", ".join(f"{name} {counts[f'split_{name}']:,}" for name in (*SPLITS, "none"))
        lines = [
            f"{self.out}: {counts['studies']:,} studies of {self.dataset}, {counts['images']:,} images",
            f"  with a report {counts['with_report']:,} ({counts['statements']:,} statements), "
            f"regions {counts['regions']:,}, phrases {counts['phrases']:,}",
            f"  splits: {splits}",
            f"  {self.made:,} studies in {self.seconds:.1f} s ({self.studies_per_second:,.0f} studies/s)",
        ]
        if self.skipped:
            lines.append(
                f"  skipped {len(self.skipped):,}, listed in {failures_path(self.out).name}; the first:"
            )
            lines += [f"    {error}" for error in self.skipped[:_SHOWN]]
        lines += [f"  note: {problem}" for problem in self.problems]
        return "\n".join(lines)


def count_rows(rows: Sequence[StudyRow]) -> Counter[str]:
    """The numbers of a summary for some studies; those of several pieces add up."""
    counts = Counter({f"split_{name}": 0 for name in (*SPLITS, "none")})
    for row in rows:
        counts[f"split_{row.split or 'none'}"] += 1
        counts["images"] += len(row.images)
        counts["with_report"] += bool(row.report.strip())
        counts["regions"] += len(row.regions)
        counts["phrases"] += len(row.phrases)
        counts["statements"] += len(row.triplets or ())
    counts["studies"] = len(rows)
    return counts
