"""What a report denies: pertinent negatives in lists, one side's negatives, things that have gone."""

from __future__ import annotations

from collections.abc import Sequence

from maple_lib.data.phantoms.grammar.conventions import may_deny, usual_regions
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mention, enumerate_words, fill, marked
from maple_lib.data.phantoms.grammar.places import SIDES

# Finding -> how often it is denied where it may be, and how it is called then.
PERTINENT: dict[str, tuple[float, tuple[str, ...]]] = {
    "pleural effusion": (
        0.9,
        ("<pleural effusion>", "<pleural effusion>", "<effusion>"),
    ),
    "pneumothorax": (0.9, ("<pneumothorax>", "<pneumothorax>", "<pneumothorax>")),
    "consolidation": (0.65, ("focal <consolidation>", "<consolidation>", "focal airspace <consolidation>")),
    "opacity": (0.15, ("focal <opacity>", "focal <airspace opacity>", "<parenchymal opacity>")),
    "edema": (0.35, ("<pulmonary edema>", "overt <pulmonary edema>", "<edema>", "<interstitial edema>")),
    "pneumonia": (0.15, ("<pneumonia>", "focal <pneumonia>", "acute <pneumonia>")),
    "engorgement": (0.1, ("<pulmonary vascular congestion>", "<vascular congestion>")),
    "nodule": (0.1, ("suspicious <nodule>", "<pulmonary nodule>", "suspicious <pulmonary nodule>")),
    "mass": (0.08, ("<mass>", "suspicious <mass>", "<pulmonary mass>")),
    "fracture": (0.2, ("acute <fracture>", "displaced <rib fracture>", "acute <rib fracture>")),
    "cardiomegaly": (0.06, ("<cardiomegaly>",)),
    "atelectasis": (0.05, ("<atelectasis>",)),
    "pneumoperitoneum": (0.04, ("<pneumoperitoneum>",)),
    "pneumomediastinum": (0.04, ("<pneumomediastinum>",)),
}
_FRAMES = (
    "no {any}",
    "no {any}",
    "no {any}",
    "there is no {any}",
    "there is no {any}",
    "no {any} is seen",
    "no {any} is identified",
    "no evidence of {any}",
    "there is no evidence of {any}",
    "no definite {any}",
    "negative for {any}",
)
_EACH_FRAMES = ("no {each}", "there is no {each}")
_SINGLE_FRAMES = ("{any} is not seen", "no {any} is present", "{any} is absent")
_ONE_SIDED = (
    "no [{s}] <{noun}>",
    "there is no [{s}-sided] <{noun}>",
    "no <{noun}> on the [{s}]",
    "no [{s}] <{noun}> is seen",
)
_GONE = (
    "the previously seen [{s}] <{noun}> has resolved",
    "previously noted [{s}] <{noun}> has resolved",
    "interval resolution of the [{s}] <{noun}>",
    "[{s}] <{noun}> is no longer seen",
    "the [{s}] <{noun}> has resolved since the prior study",
)
_REMOVED = (
    ("endotracheal tube", "tube", ("trachea",)),
    ("nasogastric tube", "tube", ("abdomen",)),
    ("enteric tube", "tube", ("abdomen",)),
    ("right chest tube", "tube", ("right lung",)),
    ("left chest tube", "tube", ("left lung",)),
    ("central venous catheter", "line", ("svc",)),
    ("PICC", "line", ("svc",)),
)
_REMOVAL_FRAMES = (
    "interval removal of the <{device}>",
    "the <{device}> has been removed",
    "<{device}> has been removed",
    "the <{device}> is no longer seen",
)


def absence(dice: Dice, finding: str) -> Fragment:
    """The words of a denied finding, without "no": absent wherever it usually lies, on both sides."""
    mention = Mention(finding, usual_regions(finding, "both"), "absent")
    return marked(dice.pick(PERTINENT[finding][1]), (mention,))


def choose_negatives(
    dice: Dice, claimed: set[str], eagerness: float = 1.0, standard: bool = False
) -> list[str]:
    """Findings to deny: the standard ones mostly, others now and then, and only what is truly absent.

    Args:
        dice: the choices.
        claimed: what the report calls present or possible.
        eagerness: factor on how often each is denied.
        standard: only those that many reports deny.
    """
    often = {f: PERTINENT[f][0] for f in PERTINENT if may_deny(f, claimed)}
    return [f for f, p in often.items() if (p >= 0.15 or not standard) and dice.chance(p * eagerness)]


def negative_sentences(dice: Dice, findings: Sequence[str]) -> list[Fragment]:
    """Deny the findings in lists of one to four."""
    waiting, sentences = dice.shuffled(findings), []
    while waiting:
        count = 1 + int(dice.roll() * 4)
        sentences.append(negative_sentence(dice, waiting[:count]))
        waiting = waiting[count:]
    return sentences


def negative_sentence(dice: Dice, findings: Sequence[str]) -> Fragment:
    """Deny these findings in one sentence."""
    items = [absence(dice, finding) for finding in findings]
    if len(items) == 1:
        return fill(dice.pick(_FRAMES + _SINGLE_FRAMES), any=items[0])
    if dice.chance(0.12):
        each = [items[0], *(fill("no {it}", it=item) for item in items[1:])]
        return fill(dice.pick(_EACH_FRAMES), each=enumerate_words(each, dice.pick((", ", " and ", ", and "))))
    last = dice.pick((" or ", ", or ")) if len(items) > 2 else " or "
    return fill(dice.pick(_FRAMES), any=enumerate_words(items, last))


def one_sided_sentence(dice: Dice, present_regions: set[tuple[str, str]]) -> Fragment | None:
    """Deny the other side of a one-sided effusion or pneumothorax; None where there is none."""
    for finding in ("pleural effusion", "pneumothorax"):
        sides = {side for name, side in present_regions if name == finding}
        if len(sides) == 1:
            free = SIDES[1 - SIDES.index(sides.pop())]
            return _absent_at(
                dice.pick(_ONE_SIDED).format(s=free, noun=finding), finding, usual_regions(finding, free)
            )
    return None


def resolved_sentence(dice: Dice, claimed: set[str]) -> Fragment | None:
    """Something that the prior examination showed and this one does not, or None."""
    if dice.chance(0.5):
        device, finding, regions = dice.pick(_REMOVED)
        if finding in claimed and regions in (("svc",), ("trachea",)):
            return None
        return _absent_at(dice.pick(_REMOVAL_FRAMES).format(device=device), finding, regions)
    finding = dice.pick(("pleural effusion", "pneumothorax"))
    return gone(dice, finding, dice.pick(SIDES)) if may_deny(finding, claimed) else None


def gone(dice: Dice, finding: str, side: str) -> Fragment:
    """Say that a finding of this side has resolved."""
    return _absent_at(dice.pick(_GONE).format(s=side, noun=finding), finding, usual_regions(finding, side))


def _absent_at(text: str, finding: str, regions: tuple[str | None, ...]) -> Fragment:
    return marked(text, (Mention(finding, regions, "absent"),))
