"""Phantom studies: a chest, its plan and its report as one ``Study``; many of them, on many processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.phantoms.chest import Rendered, render_chest
from maple_lib.data.phantoms.choices import Correlations, Wanted
from maple_lib.data.phantoms.masks import PackedMasks
from maple_lib.data.phantoms.plan import sample_plan
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.data.study import BoolMask, Image, Phrase, Study
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.data.phantoms.grammar import PhantomReport

PLAN, ANATOMY, PIXELS, REPORT = range(4)  # independent random streams of one phantom
MIN_SIZE = 64
Box = tuple[float, float, float, float]


def phantom(
    seed: int,
    index: int = 0,
    size: int = 224,
    difficulty: str = "realistic",
    findings: Sequence[Wanted] | None = None,
    correlations: Correlations | None = None,
    dictation_noise: float = 0.0,
    report: bool = True,
) -> Study:
    """Make one frontal chest radiograph with exact anatomy, lesions and report.

    The same (seed, index) gives the same study in every process, and the same patient at every size.

    Args:
        seed: of a whole data set, >= 0.
        index: of the study in it, >= 0.
        size: pixels along one edge, at least 64; the field of view is 380 mm.
        difficulty: ``"easy"``, ``"realistic"`` or ``"hard"``.
        findings: what to show: names, (name, region) pairs or ``PlannedFinding``; None samples 0 to 3; an
            empty list gives a normal chest.
        correlations: ``{"pleural effusion": {"line": 0.9}}``: probability of the second where the first is
            present.
        dictation_noise: share of words that the report's dictation garbles, in [0, 1].
        report: False leaves report, triplets and phrases empty.

    Returns:
        A ``Study`` with 29 region masks, lesions, labels, and (with ``report``) text, triplets and phrases.

    Raises:
        MapleError: if an argument is out of range or a finding cannot be drawn where it is asked for.
    """
    _check(seed, index, size)
    plan = sample_plan(_stream(seed, index, PLAN), difficulty, correlations, findings)
    drawn = render_chest(plan, size, _stream(seed, index, ANATOMY), _stream(seed, index, PIXELS), difficulty)
    name = f"phantom-{seed}-{index}"
    image = Image(drawn.pixels, drawn.spacing, drawn.view, f"phantom:{seed}/{index}")
    study = Study(
        study_id=name,
        patient_id=name,
        load_image=partial(_keep, image),
        regions=PackedMasks(drawn.regions),
        lesions=drawn.lesions,
        labels={planned.finding: 1 for planned in plan},
    )
    if report:
        _write_report(study, plan, drawn, _stream(seed, index, REPORT), dictation_noise)
    return study


def phantom_studies(
    n: int,
    seed: int = 0,
    size: int = 224,
    difficulty: str = "realistic",
    workers: int = 1,
    start: int = 0,
    progress: bool = False,
    findings: Sequence[Wanted] | None = None,
    correlations: Correlations | None = None,
    dictation_noise: float = 0.0,
    report: bool = True,
) -> list[Study]:
    """Make the phantoms ``start`` to ``start + n - 1`` of a seed.

    Args:
        n: how many, >= 0.
        seed: of the whole data set.
        size: pixels along one edge.
        difficulty: ``"easy"``, ``"realistic"`` or ``"hard"``.
        workers: processes that draw them; the studies do not depend on it.
        start: index of the first, so that training and test sets of one seed do not overlap.
        progress: show a bar.
        findings: what every study shows; None samples, as for ``phantom``.
        correlations: as for ``phantom``.
        dictation_noise: as for ``phantom``.
        report: False leaves report, triplets and phrases empty.

    Returns:
        Studies in order of their index; about 0.4 MB each at 224 pixels.
    """
    if n < 0 or workers < 1:
        raise MapleError(f"n={n}, workers={workers}", "out of range", "give n >= 0 and workers >= 1")
    _check(seed, start, size)
    make = partial(
        _one,
        seed=seed,
        size=size,
        difficulty=difficulty,
        findings=findings,
        correlations=correlations,
        dictation_noise=dictation_noise,
        report=report,
    )
    indices = range(start, start + n)
    if workers == 1:
        return list(_watch(map(make, indices), n, progress))
    with ProcessPoolExecutor(workers) as pool:
        chunk = max(1, min(16, n // (4 * workers)))
        return list(_watch(pool.map(make, indices, chunksize=chunk), n, progress))


def _one(index: int, **options: object) -> Study:
    return phantom(index=index, **options)  # type: ignore[arg-type]


def _watch(studies: Iterable[Study], n: int, progress: bool) -> Iterator[Study]:
    if not progress:
        return iter(studies)
    from tqdm.auto import tqdm

    return iter(tqdm(studies, total=n, desc="phantoms", unit="study"))


def _keep(image: Image) -> Image:
    """The image itself: a loader that survives the way between processes."""
    return image


def _stream(seed: int, index: int, stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, index, stream])


def _check(seed: int, index: int, size: int) -> None:
    if seed < 0 or index < 0:
        raise MapleError(f"seed={seed}, index={index}", "negative", "give whole numbers from 0")
    if size < MIN_SIZE:
        raise MapleError(f"size={size}", "too small for the anatomy", f"give at least {MIN_SIZE} pixels")


def _write_report(
    study: Study,
    plan: Sequence[PlannedFinding],
    drawn: Rendered,
    rng: np.random.Generator,
    dictation_noise: float,
) -> None:
    from maple_lib.data.phantoms.grammar import write_report

    report: PhantomReport = write_report(plan, rng, dictation_noise)
    study.report, study.triplets = report.text, report.triplets
    study.phrases = _phrases(plan, drawn, report.phrases)


def _phrases(plan: Sequence[PlannedFinding], drawn: Rendered, texts: Mapping[int, str]) -> tuple[Phrase, ...]:
    """A phrase and its boxes per finding; what shares a text (edema of both lungs) shares a phrase."""
    grouped: dict[str, list[int]] = {}
    for i, text in sorted(texts.items()):
        grouped.setdefault(text, []).append(i)
    phrases = []
    for text, members in grouped.items():
        boxes = tuple(mask_box(drawn.lesions[i].mask) for i in members)
        region = plan[members[0]].region if len(members) == 1 else None
        phrases.append(Phrase(text, plan[members[0]].finding, boxes, region))
    return tuple(phrases)


def mask_box(mask: BoolMask) -> Box:
    """The smallest box (x, y, w, h) in pixels that holds a non-empty mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    x, y = int(columns[0]), int(rows[0])
    return float(x), float(y), float(columns[-1] + 1 - x), float(rows[-1] + 1 - y)
