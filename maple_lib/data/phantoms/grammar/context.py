"""The sections around the findings: examination, indication, comparison, technique.

What they name is context ("evaluate for pneumonia"), never a statement about this image.
"""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment

EXAMINATIONS = (
    "chest radiograph",
    "chest (PA)",
    "chest (portable AP)",
    "portable chest radiograph",
    "chest, single view",
    "CHEST RADIOGRAPH PA",
    "frontal chest radiograph",
)
_PATIENTS = (
    "",
    "",
    "",
    "___ year old man with ",
    "___ year old woman with ",
    "___-year-old male with ",
    "___F with ",
    "___M with ",
)
_REASONS = (
    "cough",
    "cough and fever",
    "shortness of breath",
    "chest pain",
    "dyspnea",
    "fever, evaluate for pneumonia",
    "hypoxia, rule out pneumothorax",
    "chest pain, question pneumonia",
    "lung cancer",
    "COPD",
    "congestive heart failure",
    "weakness",
    "history of smoking",
    "fall, assess for rib fracture",
    "known pleural effusion",
    "leukocytosis, assess for infiltrate",
    "altered mental status",
    "recent intubation",
    "line placement",
    "tachycardia, evaluate for edema",
)
_REQUESTS = (
    "evaluate for pneumonia",
    "assess for effusion",
    "evaluate for acute cardiopulmonary process",
    "preoperative evaluation",
    "interval change",
    "rule out pneumothorax",
    "pneumonia?",
    "follow-up nodule",
)
_PRIORS = (
    "chest radiograph from ___",
    "___",
    "prior chest radiograph dated ___",
    "multiple prior radiographs, most recent ___",
    "chest radiographs dated ___ and ___",
    "portable chest of ___",
)
_NO_PRIORS = ("none", "none available", "no prior studies available")
_TECHNIQUES = (
    "single frontal view of the chest",
    "portable AP view of the chest was obtained",
    "upright PA radiograph of the chest",
    "frontal chest radiograph",
    "semi-upright portable view of the chest was obtained",
)


def examination(dice: Dice) -> Fragment:
    """What was done."""
    return Fragment(dice.pick(EXAMINATIONS))


def indication(dice: Dice) -> Fragment:
    """Why: symptoms, questions, known diseases."""
    if dice.chance(0.3):
        return Fragment(dice.pick(_REQUESTS))
    return Fragment(dice.pick(_PATIENTS) + dice.pick(_REASONS))


def comparison(dice: Dice, has_prior: bool) -> Fragment:
    """The prior examinations, or that there are none."""
    return Fragment(dice.pick(_PRIORS if has_prior else _NO_PRIORS))


def technique(dice: Dice) -> Fragment:
    """How the image was taken."""
    return Fragment(dice.pick(_TECHNIQUES))
