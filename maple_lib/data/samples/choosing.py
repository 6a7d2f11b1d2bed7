"""Which phantoms become samples, and how each is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from maple_lib.data.dicom.write import DicomStyle
from maple_lib.data.study import Study

COUNT, SEED, SIZE, POOL = 32, 2024, 512, 96
DIFFICULTIES = ("easy", "realistic")
SPLITS = ("train",) * 5 + ("validate",) + ("test",) * 2
_NORMAL = "no finding"
# Detectors differ: every study takes the next of these.
STYLES = (
    DicomStyle(12, False, "none"),
    DicomStyle(12, True, "jpeg2000"),
    DicomStyle(14, False, "rle"),
    DicomStyle(12, True, "none"),
    DicomStyle(16, False, "jpeg2000"),
    DicomStyle(12, False, "jpeg2000"),
    DicomStyle(12, True, "rle"),
    DicomStyle(14, False, "jpeg2000"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One sample: its number among the samples, and the phantom that it is drawn from."""

    number: int
    index: int

    @property
    def name(self) -> str:
        """Its identifier, also of its files."""
        return f"phantom-{self.number:02d}"

    @property
    def difficulty(self) -> str:
        """Samples alternate between easy and realistic."""
        return DIFFICULTIES[self.number % len(DIFFICULTIES)]

    @property
    def style(self) -> DicomStyle:
        """How its pixels are stored."""
        return STYLES[self.number % len(STYLES)]

    @property
    def split(self) -> str:
        """Train, validate or test: 20, 4 and 8 of 32."""
        return SPLITS[self.number % len(SPLITS)]


def choose(draw: Callable[[int, str], Study], count: int = COUNT, pool: int = POOL) -> list[Choice]:
    """Pick phantoms so that rare findings appear.

    One after the other, the phantom whose findings the ones before show least is taken: each of its findings
    is worth 1 / (1 + times shown).

    Args:
        draw: (index, difficulty) -> a study whose lesions are looked at.
        count: how many to pick.
        pool: how many phantoms to pick from.

    Returns:
        ``count`` choices, in the order of their numbers.
    """
    found = {d: [_findings(draw(i, d)) for i in range(pool)] for d in DIFFICULTIES}
    shown: dict[str, int] = {}
    choices: list[Choice] = []
    for number in range(count):
        used = {choice.index for choice in choices}
        candidates = found[DIFFICULTIES[number % len(DIFFICULTIES)]]
        free = [i for i in range(pool) if i not in used]
        best = max(free, key=lambda i: (_worth(candidates[i], shown), -i))
        choices.append(Choice(number, best))
        for finding in candidates[best]:
            shown[finding] = shown.get(finding, 0) + 1
    return choices


def _findings(study: Study) -> Sequence[str]:
    return sorted({lesion.finding for lesion in study.lesions}) or [_NORMAL]


def _worth(findings: Sequence[str], shown: dict[str, int]) -> float:
    """Between the sum and the mean of the findings' worths: neither crowded nor empty chests win always."""
    worths = [1.0 / (1 + shown.get(finding, 0)) for finding in findings]
    return sum(worths) / len(worths) ** 0.5
