"""The demo's second half: phrases grounded beside their floors, and cases found by one region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maple_lib import viz
from maple_lib.cli.demo_steps import Trained, Walk
from maple_lib.data.study import Lesion, Study
from maple_lib.viz.heat import Grounded

if TYPE_CHECKING:
    from maple_lib.methods.base import Method

# Six findings of six kinds; the first held-out phantom that has one is shown, whatever the map looks like.
SHOWN = ("pleural effusion", "consolidation", "pneumothorax", "mass", "cardiomegaly", "pacemaker")
PROTOCOL = "phantom_grounding_easy"
HITS = 5
_QUERIES = ("consolidation", "opacity", "mass")  # large enough to be seen in a small picture
_TRAIN_FLOOR = 300  # training phantoms of which the mean lesion is learned


@dataclass(frozen=True, slots=True)
class Grounding:
    """Phrases grounded: the pictures, the summary table's numbers, and the studies they came from."""

    hero: str
    anatomy: str
    panel: str
    metrics: str
    held_out: Sequence[Study]
    results: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """Cases found by one region: the picture and what was asked."""

    cases: str
    region: str
    finding: str
    results: dict[str, Any]


def ground_phrases(walk: Walk, trained: Trained) -> Grounding:
    """Score the method on held-out phantoms beside its floors, and draw six phrases."""
    from maple_lib.data.phantoms import phantom_studies
    from maple_lib.evaluation import evaluate

    method, size = trained.method, trained.method.image_size
    held_out = phantom_studies(walk.studies, walk.held_out_seed, size, "easy")
    before = phantom_studies(
        min(_TRAIN_FLOOR, trained.config.studies), walk.seed, size, trained.config.difficulty, report=False
    )
    summary = evaluate(method, held_out, PROTOCOL, train_studies=before, seed=walk.seed).summary()
    items = [_ground(method, study, lesion) for study, lesion in _six(walk, held_out)]
    first = items[0][0]
    faces = [viz.metrics_figure(summary, dark=dark) for dark in (False, True)]
    return Grounding(
        walk.keep("walk", viz.walk_figure(first, items[0][2].heat, items[0][2].phrase, items[0][1])),
        walk.keep("anatomy", viz.regions_figure(first)),
        walk.keep("phrases", viz.grounding_panel([item for _, _, item in items])),
        walk.keep("metrics", faces[0], dark=faces[1]),
        held_out,
        {"grounding": summary.to_dict("records"), "phrases": [_told(s, i) for s, _, i in items]},
    )


def find_cases(walk: Walk, trained: Trained, held_out: Sequence[Study]) -> Found:
    """Index the held-out phantoms, and ask for cases like a new one in one region."""
    from maple_lib.retrieval import CaseIndex

    folder = walk.out / "index"
    index = CaseIndex.build(trained.method, held_out, folder, overwrite=folder.exists())
    query, lesion = _query(walk, held_out)
    hits = index.search(query, region=lesion.region, k=HITS)
    drawn = [walk.held_out(int(hit.study_id.rsplit("-", 1)[1])) for hit in hits]
    cases = walk.keep("cases", viz.retrieval_figure(query, lesion.region, hits, drawn))
    told = [{"study_id": hit.study_id, "score": hit.score, "findings": list(hit.findings)} for hit in hits]
    asked = {"query": query.study_id, "region": lesion.region, "finding": lesion.finding}
    common = _common(held_out)[lesion.finding, lesion.region] / len(held_out)
    results = {**asked, "hits": told, "share_of_index": common}
    return Found(cases, lesion.region, lesion.finding, {"retrieval": results})


def _six(walk: Walk, held_out: Sequence[Study]) -> list[tuple[Study, Lesion]]:
    """The first held-out phantom with each of ``SHOWN``, drawn anew for a picture, and that lesion."""
    chosen = []
    for finding in SHOWN:
        index = next(
            (i for i, s in enumerate(held_out) if any(x.finding == finding for x in s.lesions)), None
        )
        if index is not None:
            study = walk.held_out(index)
            chosen.append((study, next(x for x in study.lesions if x.finding == finding)))
    return chosen


def _ground(method: Method, study: Study, lesion: Lesion) -> tuple[Study, Lesion, Grounded]:
    from maple_lib.evaluation import build_queries, heat_maps, protocol, similarity_maps, truth_mask
    from maple_lib.evaluation.protocols import GroundingProtocol

    settings = protocol(PROTOCOL)
    assert isinstance(settings, GroundingProtocol)
    place = (lesion.finding, lesion.region)
    query = next(q for q in build_queries([study], settings) if (q.finding, q.region) == place)
    pixels = study.image.pixels
    shape = (pixels.shape[0], pixels.shape[1])
    heat = heat_maps(similarity_maps(method, [study], [query]), shape, settings)[0]
    region = (lesion.region, study.region(lesion.region))
    return study, lesion, Grounded(pixels, heat, query.phrase, truth_mask(query, study), region)


def _query(walk: Walk, held_out: Sequence[Study]) -> tuple[Study, Lesion]:
    """The first phantom beyond the index with a large lesion that enough indexed cases share."""
    common = _common(held_out)
    best: tuple[int, Study, Lesion] | None = None
    for index in range(walk.studies, walk.studies + 40):
        study = walk.held_out(index)
        for lesion in study.lesions:
            if lesion.finding not in _QUERIES:
                continue
            shared = common[lesion.finding, lesion.region]
            if best is None or shared > best[0]:
                best = shared, study, lesion
        if best is not None and best[0] >= 3:
            break
    assert best is not None
    return best[1], best[2]


def _common(studies: Sequence[Study]) -> Counter[tuple[str, str]]:
    return Counter((lesion.finding, lesion.region) for study in studies for lesion in study.lesions)


def _told(study: Study, item: Grounded) -> dict[str, Any]:
    return {"study_id": study.study_id, "phrase": item.phrase, "peak": list(item.peak), "hit": item.hit}
