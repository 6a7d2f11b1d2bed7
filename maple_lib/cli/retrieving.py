"""``maple retrieve``: a phrase or a study, a region, and the cases nearest to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maple_lib.data.sources import load_studies
from maple_lib.data.study import Study
from maple_lib.methods import load_method
from maple_lib.retrieval import CaseIndex


def find_cases(
    folder: Path, model: Path, query: str, region: str | None, source: str, k: int
) -> list[dict[str, Any]]:
    """Search an index by a phrase, or by a study when ``query`` is the id of one in ``source``."""
    index = CaseIndex.open(folder, load_method(str(model)))
    study = _study(query, source)
    direction = "text->image" if study is None else "image->image"
    hits = index.search(query if study is None else study, region=region, k=k, direction=direction)
    return [
        {"study_id": h.study_id, "score": h.score, "region": h.region, "findings": list(h.findings)}
        for h in hits
    ]


def _study(query: str, source: str) -> Study | None:
    if " " in query:
        return None
    return next((s for s in load_studies(source) if s.study_id == query), None)
