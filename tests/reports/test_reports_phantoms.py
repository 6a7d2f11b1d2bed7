"""Phantom reports: what the grammar wrote is what the parser reads."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from maple_lib.data.phantoms import sample_plan
from maple_lib.data.phantoms.grammar import write_report
from maple_lib.reports import parse
from maple_lib.reports.sections import CONTEXT

SEED = 70_001  # not used while the rules were written


def score(seed: int, count: int, noise: float) -> tuple[float, str]:
    """Whole-triplet F1, sets per report, and the first sentence that went wrong."""
    tally: Counter[str] = Counter()
    first = ""
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        written = write_report(sample_plan(rng, "realistic"), rng, noise)
        true = {t.key for t in written.triplets if written.sentences[t.sentence].section not in CONTEXT}
        found = {t.key for t in parse(written.text).triplets}
        tally.update(hits=len(true & found), all=len(true) + len(found))
        first = first or (f"{written.text!r}: {true ^ found}" if true != found else "")
    return 2 * tally["hits"] / tally["all"], first


@pytest.mark.parametrize(("noise", "bar"), [(0.0, 0.995), (0.3, 0.97)])
def test_whole_triplets_of_phantom_reports(noise, bar):
    reached, first = score(SEED, 300, noise)
    assert reached >= bar, first


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "bar"), [(0.0, 0.995), (0.3, 0.97)])
def test_whole_triplets_of_5000_phantom_reports(noise, bar):
    reached, first = score(SEED + 1, 5000, noise)
    print(f"noise {noise}: whole-triplet F1 {reached:.4f}")
    assert reached >= bar, first
