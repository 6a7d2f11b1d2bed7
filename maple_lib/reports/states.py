"""MApLe's findings and states per sentence: cardiac CT in English and German, or any findings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

from maple_lib.errors import MapleError
from maple_lib.reports.lexicon import Lexicon, build_lexicon
from maple_lib.reports.parse import check_text, chest_lexicon
from maple_lib.reports.reading import read_sentence
from maple_lib.reports.tokens import lower
from maple_lib.vocabulary import FINDINGS, load_vocabulary

State = Literal["present", "absent"]
CARDIAC_CT: tuple[str, ...] = (
    "calcification",
    "stenosis",
    "myocardial anomaly",
    "dilated aorta or pulmonary trunk",
)


def states(
    sentence: object, findings: Sequence[str] = CARDIAC_CT, uncertain: State = "present"
) -> dict[str, State]:
    """The state of each finding that a sentence speaks of; empty where it speaks of none.

    Args:
        sentence: one sentence, English or German for cardiac CT.
        findings: names to look for. Where all are among MApLe's four the cardiac-CT vocabulary is used;
            otherwise they are findings of chest radiographs.
        uncertain: the state of a hedged finding: MApLe knows two states only. [ours]

    Returns:
        Finding -> ``"present"`` or ``"absent"``. A finding stated both ways counts as present.

    Raises:
        MapleError: if a finding is unknown or ``sentence`` is not text.

    Source: MApLe (MIDL 2026) keeps the sentences that hold a keyword of finding d and their state c; the
        keywords are not published, so these are this project's.

    Example:
        >>> states("Keine Stenose der RCA, ausgeprägte Verkalkungen der LAD.")
        {'stenosis': 'absent', 'calcification': 'present'}
    """
    lexicon = _lexicon_for(findings)
    if check_text(sentence):
        return {}
    found: dict[str, State] = {}
    for group in read_sentence(lower(str(sentence)), lexicon).groups:
        if group.finding in findings:
            state = uncertain if group.existence == "uncertain" else group.existence
            found[group.finding] = "present" if "present" in (state, found.get(group.finding)) else "absent"
    return found


def _lexicon_for(findings: Sequence[str]) -> Lexicon:
    if set(findings) <= set(CARDIAC_CT) and not set(findings) <= set(FINDINGS):
        return cardiac_lexicon()
    for name in findings:
        if name not in FINDINGS:
            known = ", ".join((*CARDIAC_CT, *FINDINGS))
            raise MapleError(
                f"finding {name!r}", "not in the vocabulary", f"choose CARDIAC_CT, or among: {known}"
            )
    return chest_lexicon()


@cache
def cardiac_lexicon() -> Lexicon:
    """The compiled words of cardiac CT, English and German."""
    return build_lexicon(
        load_vocabulary(base="cardiac_ct"), ("cues_cardiac.yaml", "cues.yaml"), "implied_cardiac.yaml"
    )
