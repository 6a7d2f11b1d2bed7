"""Search by label, as CheXpert 8x200: a candidate is right when it has the query's label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.encoding import encode_readable, similarities
from maple_lib.evaluation.problems import Problems, list_studies
from maple_lib.evaluation.protocols import Protocol
from maple_lib.evaluation.ranking import Bools, chance_metrics, rank_metrics
from maple_lib.evaluation.ranking_result import RankingResult
from maple_lib.methods.inference import encode_texts, inference, method_name
from maple_lib.vocabulary.phrasing import with_article

if TYPE_CHECKING:
    import pandas as pd

NORMAL = "normal"
_TEMPLATES = ("There is {}.", "Findings consistent with {}.")
_NORMAL_PROMPTS = ("No acute cardiopulmonary abnormality.", "The lungs are clear.")
_FEWEST = 2  # one to ask, one to be found


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRetrievalProtocol(Protocol):
    """Studies that show exactly one of some findings search each other, and are searched by sentences.

    Attributes:
        labels: findings; ``"normal"`` stands for studies without any finding.
        per_label: at most so many studies of each, drawn by the seed of the evaluation.
        ks: of R@K and P@K.
        bootstrap: number of resamples of the 95 % intervals.
        ignored: findings that do not count against a normal study, such as devices.
        difficulty: of the phantoms, None for other data.
    """

    labels: tuple[str, ...]
    per_label: int
    ks: tuple[int, ...]
    bootstrap: int
    ignored: tuple[str, ...] = ()
    difficulty: str | None = None


class LabelRetrievalResult(RankingResult):
    """One row per query, direction and metric; queries are images, and two sentences a label."""

    splits: ClassVar[tuple[str, ...]] = ("label",)


def evaluate_label_retrieval(
    method: Any,
    studies: Sequence[Study],
    protocol: LabelRetrievalProtocol,
    batch_size: int = 32,
    seed: int = 0,
) -> LabelRetrievalResult:
    """Rank the chosen studies by image, each asked by all others, and by sentences about each label.

    Args:
        method: anything that speaks the interface of a method.
        studies: with labels. Those with none of the protocol's labels, or several, are not candidates.
        protocol: gives labels, numbers and cut-offs.
        batch_size: studies read at a time; it does not change the scores.
        seed: of the choice of studies and of the bootstrap.

    Returns:
        P@K is the published number; R@K and AP beside it. What could not be asked is in ``.problems``.

    Raises:
        MapleError: if fewer than two labels have two studies.
    """
    problems = Problems()
    known = list_studies(studies, problems)
    chosen, kinds = choose_studies(known, protocol, seed, problems)
    asked = sorted(set(kinds.tolist()))
    prompts = [(kind, text) for kind in asked for text in _prompts(protocol.labels[kind])]
    wanted = [known[i] for i in chosen]
    with inference(method):
        texts = encode_texts(method, [text for _, text in prompts])
        parts = list(encode_readable(method, wanted, batch_size, problems=problems))
        by_text = np.concatenate([similarities(method, p.features, texts).numpy() for p in parts]).T
        images = np.concatenate([p.features.pooled.float().cpu().numpy() for p in parts])
    kept = [i for part in parts for i in part.index]
    kinds, names = kinds[kept], [wanted[i].study_id for i in kept]
    apart = ~np.eye(len(kept), dtype=bool)
    text_kinds = np.array([kind for kind, _ in prompts])
    frames = [
        _rows("image->image", names, kinds, kinds, images @ images.T, apart, protocol),
        _rows("text->image", [t for _, t in prompts], text_kinds, kinds, by_text, None, protocol),
    ]
    import pandas as pd

    table = pd.concat(frames, ignore_index=True)
    return LabelRetrievalResult(protocol, method_name(method), table, seed, problems=problems.table())


def choose_studies(
    studies: Sequence[Study], protocol: LabelRetrievalProtocol, seed: int, problems: Problems
) -> tuple[list[int], NDArray[np.int64]]:
    """Places of the studies that take part, and which of the protocol's labels each shows alone.

    Raises:
        MapleError: if fewer than two labels have two studies.
    """
    kinds = np.array([_only_label(study, protocol) for study in studies], np.int64)
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    found = 0
    for kind, label in enumerate(protocol.labels):
        places = np.flatnonzero(kinds == kind)
        if len(places) < _FEWEST:
            problems.add("", f"label {label} left out: fewer than {_FEWEST} studies show it alone", label)
            continue
        found += 1
        chosen += sorted(rng.permutation(places)[: protocol.per_label].tolist())
    if found < 2:
        raise MapleError(
            f"{len(studies)} studies",
            f"fewer than two of {', '.join(protocol.labels)} are the only label of two studies",
            "give more studies, with labels",
        )
    return chosen, kinds[chosen]


def _only_label(study: Study, protocol: LabelRetrievalProtocol) -> int:
    """The number of the one label that a study shows; -1 for none, several, or an uncertain one."""
    if not study.labels:
        return -1
    shown = [i for i, label in enumerate(protocol.labels) if study.labels.get(label, 0) != 0]
    if len(shown) == 1 and study.labels[protocol.labels[shown[0]]] == 1:
        return shown[0]
    counted = (value for finding, value in study.labels.items() if finding not in protocol.ignored)
    if NORMAL in protocol.labels and not any(counted):
        return protocol.labels.index(NORMAL)
    return -1


def _prompts(label: str) -> tuple[str, ...]:
    if label == NORMAL:
        return _NORMAL_PROMPTS
    return tuple(template.format(with_article(label)) for template in _TEMPLATES)


def _rows(
    direction: str,
    queries: Sequence[str],
    asked: NDArray[np.int64],
    kinds: NDArray[np.int64],
    scores: NDArray[np.floating],
    among: Bools | None,
    protocol: LabelRetrievalProtocol,
) -> pd.DataFrame:
    import pandas as pd

    right = asked[:, None] == kinds
    chance = chance_metrics(right, protocol.ks, among)
    facts = {"query": list(queries), "label": [protocol.labels[kind] for kind in asked]}
    frames = [
        pd.DataFrame({**facts, "direction": direction, "metric": name, "value": v, "chance": chance[name]})
        for name, v in rank_metrics(scores, right, protocol.ks, among).items()
    ]
    return pd.concat(frames, ignore_index=True)
