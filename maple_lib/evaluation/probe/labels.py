"""Labels of studies as a table: which finding is present, and where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.probe.protocols import ProbeProtocol
from maple_lib.vocabulary import FINDINGS

_PRESENT, _UNCERTAIN = 1, -1


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """N studies with F findings.

    Attributes:
        findings: F names.
        present: (N, F) bool.
        known: (N, F) bool, False where the label counts neither in a loss nor in a score.
    """

    findings: tuple[str, ...]
    present: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.present)

    def rows(self, index: Sequence[int] | NDArray[np.intp]) -> Labels:
        """The labels of some studies."""
        chosen = np.asarray(index, np.intp)
        return Labels(self.findings, self.present[chosen], self.known[chosen])


def asked_findings(train_studies: Sequence[Study], protocol: ProbeProtocol) -> tuple[str, ...]:
    """The protocol's findings, or else all that a training label calls present, in the vocabulary's order.

    Raises:
        MapleError: if there is none.
    """
    if protocol.findings:
        return protocol.findings
    found = {f for study in train_studies for f, state in study.labels.items() if state == _PRESENT}
    if not found:
        raise MapleError(
            f"{len(train_studies)} training studies", "no label is present", "give studies with labels"
        )
    return tuple(f for f in FINDINGS if f in found) + tuple(sorted(found - set(FINDINGS)))


def label_table(studies: Sequence[Study], findings: Sequence[str], protocol: ProbeProtocol) -> Labels:
    """The labels of studies, uncertain and unsaid ones read as the protocol says."""
    maps = [study.labels for study in studies]
    said = np.array([[f in labels for f in findings] for labels in maps], bool).reshape(-1, len(findings))
    states = np.array([[labels.get(f, 0) for f in findings] for labels in maps]).reshape(said.shape)
    doubt = states == _UNCERTAIN
    mapped = protocol.uncertain == "mapped"
    chosen = np.isin(np.asarray(findings), protocol.uncertain_present) if mapped else False
    known = (said | (protocol.unsaid == "absent")) & (mapped | ~doubt)
    return Labels(tuple(findings), (states == _PRESENT) | (doubt & chosen), known)
