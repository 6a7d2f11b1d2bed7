"""Score the parser on the Open-i reports against their MeSH codes; run it by hand.

    python tests/benchmarks/bench_openi.py [--half A|B|all] [--show FINDING]

The reports are read from ``../shared/real/open_i_reports`` beside the repository (CC BY-NC-ND: never
committed). Rows with "No Indexing" or without text are left out. The rest is cut into two random halves
(seed 0): A was used while the rules were written, B was not.

Definitions, report level:
    finding   coded: one of the MeSH heads of that finding (TARGETS). Found, twice:
              "present": the parser states it as present in findings or impression;
              "policy": also as uncertain, for the findings of COUNTED (the field's CheXpert convention:
              atelectasis, edema, effusion -> 1), unless it is only an interpretation ("opacity may represent
              atelectasis"), which the coders do not code.
    side      over the findings of SIDED that the parser found (present or uncertain), where the code names a
              side: micro F1 over (finding, side); both sides are two pairs. "side, all": the same with the
              findings that the parser missed, whose sides then count as missed.
    region    as side, over (finding, place), place in PLACES (zones, hilum, apex, angle), sides ignored.
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from maple_lib.reports import Parser, Triplet

REPORTS = Path(__file__).parents[3] / "shared/real/open_i_reports/indiana_reports.csv"
# Finding: MeSH heads that code it, and the parser's findings that count as it.
TARGETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "effusion": (("Pleural Effusion", "Hydropneumothorax", "Hemopneumothorax"), ("pleural effusion",)),
    "pneumothorax": (("Pneumothorax", "Hydropneumothorax", "Hemopneumothorax"), ("pneumothorax",)),
    "consolidation": (("Consolidation",), ("consolidation",)),
    "cardiomegaly": (("Cardiomegaly", "Cardiac Shadow/enlarged", "Heart/enlarged"), ("cardiomegaly",)),
    "atelectasis": (("Pulmonary Atelectasis",), ("atelectasis", "collapse")),
    "fracture": (("Fractures, Bone",), ("fracture",)),
    "nodule": (("Nodule",), ("nodule",)),
    "edema": (("Pulmonary Edema",), ("edema",)),
    "emphysema": (("Emphysema", "Pulmonary Emphysema", "Bullous Emphysema"), ("emphysema",)),
    "pneumonia": (("Pneumonia",), ("pneumonia",)),
}
COUNTED = ("effusion", "atelectasis", "edema")
SIDED = (
    "effusion",
    "pneumothorax",
    "consolidation",
    "atelectasis",
    "fracture",
    "nodule",
    "scar",
    "granuloma",
    "infiltrate",
)
MORE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "granuloma": (("Calcified Granuloma", "Granuloma"), ("granuloma",)),
    "infiltrate": (("Infiltrate",), ("infiltration",)),
    "scar": (("Cicatrix",), ("scar",)),
}
PLACES = {
    "upper lobe": "upper lung zone",
    "middle lobe": "mid lung zone",
    "lingula": "mid lung zone",
    "lower lobe": "lower lung zone",
    "base": "lower lung zone",
    "retrocardiac": "lower lung zone",
    "hilum": "hilar structures",
    "apex": "apical zone",
    "costophrenic angle": "costophrenic angle",
}


def rows(half: str) -> Iterator[dict[str, str]]:
    """The coded reports of one half, ``"A"`` or ``"B"``, or of both, ``"all"``."""
    with REPORTS.open(newline="", encoding="utf-8") as file:
        kept = [row for row in csv.DictReader(file) if usable(row)]
    random.Random(0).shuffle(kept)
    middle = len(kept) // 2
    yield from {"A": kept[:middle], "B": kept[middle:], "all": kept}[half]


def usable(row: dict[str, str]) -> bool:
    """Whether a report is coded and has text."""
    return (
        "No Indexing" not in row["MeSH"] and bool(row["MeSH"]) and bool(row["findings"] or row["impression"])
    )


def report_text(row: dict[str, str]) -> str:
    """Its findings and impression under their headers."""
    return f"FINDINGS: {row['findings']}\nIMPRESSION: {row['impression']}"


def codes(row: dict[str, str]) -> list[list[str]]:
    """The MeSH codes of a report, each split at its slashes."""
    return [[part.strip() for part in code.split("/")] for code in row["MeSH"].split(";")]


def f1(counts: Counter[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 of counts of ``tp``, ``fp`` and ``fn``."""
    tp = counts["tp"]
    precision, recall = tp / max(tp + counts["fp"], 1), tp / max(tp + counts["fn"], 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def tally(coded: set[object], found: set[object]) -> Counter[str]:
    """True and false positives and false negatives of two sets."""
    return Counter(tp=len(coded & found), fp=len(found - coded), fn=len(coded - found))


def coded_sides(row: dict[str, str], heads: tuple[str, ...]) -> set[object]:
    """The sides that the codes of a finding name."""
    parts = [part for code in codes(row) if code[0] in heads for part in code[1:]]
    return {side for side in ("right", "left") if side in parts or "bilateral" in parts}


def coded_places(row: dict[str, str], heads: tuple[str, ...]) -> set[object]:
    """The places of PLACES that the codes of a finding name."""
    return {PLACES[part] for code in codes(row) if code[0] in heads for part in code[1:] if part in PLACES}


def found_sides(triplets: list[Triplet]) -> set[object]:
    """The sides of the regions of some triplets."""
    return {t.region.split(" ", 1)[0] for t in triplets if t.region} & {"right", "left"}


def found_places(triplets: list[Triplet]) -> set[object]:
    """The places, without side, of the regions of some triplets."""
    return {t.region.split(" ", 1)[1] for t in triplets if t.region and " " in t.region} & set(
        PLACES.values()
    )


def counts(name: str, triplet: Triplet) -> bool:
    """Whether the policy takes a triplet as a positive of the finding ``name``."""
    hedge = triplet.attributes.get("hedge")
    return triplet.existence == "present" or (
        triplet.existence == "uncertain" and name in COUNTED and hedge != "interpretation"
    )


class Scores:
    """The counts of one half, filled report by report."""

    def __init__(self, show: str | None) -> None:
        self.present = {name: Counter() for name in TARGETS}
        self.policy = {name: Counter() for name in TARGETS}
        self.places = {name: Counter() for name in ("side", "side, all", "region")}
        self.show = show

    def add(self, row: dict[str, str], triplets: tuple[Triplet, ...]) -> None:
        """Score one report."""
        heads_of_row = {part for code in codes(row) for part in (code[0], "/".join(code[:2]))}
        for name, (heads, findings) in (TARGETS | MORE).items():
            stated = [t for t in triplets if t.finding in findings and t.existence != "absent"]
            coded = bool(heads_of_row & set(heads))
            if name in TARGETS:
                self._add_finding(name, coded, stated, row)
            if name in SIDED:
                self._add_places(coded_sides(row, heads), coded_places(row, heads), stated)

    def _add_finding(self, name: str, coded: bool, stated: list[Triplet], row: dict[str, str]) -> None:
        present, policy = any(t.existence == "present" for t in stated), any(counts(name, t) for t in stated)
        for table, found in ((self.present, present), (self.policy, policy)):
            table[name] += tally({name} if coded else set(), {name} if found else set())
        if self.show == name and coded != policy:
            print("MISSED" if coded else "EXTRA", row["uid"], row["MeSH"], "\n   ", report_text(row))

    def _add_places(self, sides: set[object], places: set[object], stated: list[Triplet]) -> None:
        if sides:
            self.places["side, all"] += tally(sides, found_sides(stated))
        if stated and sides:
            self.places["side"] += tally(sides, found_sides(stated))
        if stated and places:
            self.places["region"] += tally(places, found_places(stated))

    def print(self) -> None:
        """The tables."""
        print(f"{'':14}    n  present: P     R    F1   policy: P     R    F1")
        for name in TARGETS:
            both = (*f1(self.present[name]), *f1(self.policy[name]))
            n = self.present[name]["tp"] + self.present[name]["fn"]
            print("{:14} {:4}       {:.3f} {:.3f} {:.3f}     {:.3f} {:.3f} {:.3f}".format(name, n, *both))
        macros = [sum(f1(c)[2] for c in table.values()) / len(table) for table in (self.present, self.policy)]
        print("macro F1: present {:.3f}, policy {:.3f}".format(*macros))
        for name, tallied in self.places.items():
            print("{:14} P {:.3f} R {:.3f} F1 {:.3f}".format(name, *f1(tallied)))


def main() -> None:
    """Read the command line and score."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--half", choices=("A", "B", "all"), default="B")
    options.add_argument("--show", choices=tuple(TARGETS), help="print the disagreements on one finding")
    given = options.parse_args()
    if not REPORTS.exists():
        raise SystemExit(f"{REPORTS.name}: not found beside the repository; nothing to score")
    scores, parser, kept = Scores(given.show), Parser(), list(rows(given.half))
    started = time.process_time()
    for row in kept:
        scores.add(row, parser.parse(report_text(row)).triplets)
    seconds = time.process_time() - started
    print(f"half {given.half}: {len(kept)} reports, {len(kept) / seconds:.0f} read and scored per second")
    scores.print()


if __name__ == "__main__":
    main()
