"""What linear probe and fine-tuning share: every source, every share of the labels, one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.evaluation.probe.auc import auc_table
from maple_lib.evaluation.probe.backbone import Backbone, random_backbone
from maple_lib.evaluation.probe.cases import Cases, prepare_cases
from maple_lib.evaluation.probe.fitting import Fitted, Rule
from maple_lib.evaluation.probe.protocols import ProbeProtocol
from maple_lib.evaluation.probe.result import MACRO, ProbeResult
from maple_lib.evaluation.probe.splits import Index
from maple_lib.methods.inference import method_name

Scores = NDArray[np.float64]
# Trains on the studies with these indices and scores the test studies: (N, F) logits.
Learn = Callable[[Index], tuple[Scores, Fitted]]
# Makes a learner of an image encoder, once for all shares.
Learner = Callable[[Backbone, Cases], Learn]


def rule_of(protocol: ProbeProtocol, seed: int) -> Rule:
    """The protocol's rule of training."""
    return Rule(protocol.batch, protocol.epochs, protocol.patience, protocol.weight_decay, seed)


def run_probe(
    method: Any,
    studies: Sequence[Study],
    train_studies: Sequence[Study],
    validation_studies: Sequence[Study] | None,
    protocol: ProbeProtocol,
    learner: Learner,
    seed: int,
    with_floors: bool,
) -> ProbeResult:
    """Train and score a learner on a method's image encoder and beside it on random weights.

    Raises:
        MapleError: see ``prepare_cases``.
    """
    import pandas as pd

    cases = prepare_cases(studies, train_studies, validation_studies, protocol)
    backbone = Backbone(method)
    sources = {"method": backbone}
    if with_floors:
        sources["random weights"] = random_backbone(method, seed)
    rows: list[dict[str, object]] = []
    for source, network in sources.items():
        learn = learner(network, cases)
        for share in protocol.shares:
            chosen = cases.share(share, protocol.random_state)
            scores, fitted = learn(chosen)
            rows.extend(_rows(cases, chosen, scores, protocol, seed, source, share, fitted.best_epoch))
    if with_floors:
        scores = np.zeros((len(cases.test), len(cases.labels.findings)))
        rows.extend(_rows(cases, cases.train, scores, protocol, seed, "prevalence", 100, 0))
    return ProbeResult(protocol, method_name(method), pd.DataFrame(rows), seed, backbone.features)


def _rows(
    cases: Cases,
    train: Index,
    scores: Scores,
    protocol: ProbeProtocol,
    seed: int,
    source: str,
    share: float,
    best_epoch: int,
) -> Iterator[dict[str, object]]:
    """One row per finding, and the macro row."""
    test, learnt = cases.labels.rows(cases.test), cases.labels.rows(train)
    patients = cases.patients[cases.test]
    table = auc_table(test.present, test.known, scores, patients, protocol.bootstrap, seed)
    undefined = np.isnan(table[:, 0]).astype(int)
    undefined[-1] = undefined[:-1].sum()
    counts = {
        "n": test.known.sum(0),
        "positives": (test.present & test.known).sum(0),
        "train_positives": (learnt.present & learnt.known).sum(0),
    }
    for f, finding in enumerate((*cases.labels.findings, MACRO)):
        value, low, high = (float(number) for number in table[f])
        facts = {"source": source, "share": share, "finding": finding, "metric": "auc", "value": value}
        of_all = finding == MACRO
        numbers = {name: int(n.sum() if of_all else n[f]) for name, n in counts.items()}
        if of_all:
            numbers["n"] = len(test)
        yield (
            facts
            | {"low": low, "high": high, "chance": 0.5, "undefined": int(undefined[f])}
            | numbers
            | {
                "train_studies": len(train),
                "best_epoch": best_epoch,
            }
        )
