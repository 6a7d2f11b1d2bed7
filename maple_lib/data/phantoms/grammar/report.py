"""Write the report of a phantom, with the truth of every sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from maple_lib.data.phantoms.grammar import context
from maple_lib.data.phantoms.grammar.conventions import DEVICES
from maple_lib.data.phantoms.grammar.devices import bare_device, device_name
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.findings import findings_sentences
from maple_lib.data.phantoms.grammar.fragment import Fragment
from maple_lib.data.phantoms.grammar.impression import impression_sentences
from maple_lib.data.phantoms.grammar.lexicon import words_for
from maple_lib.data.phantoms.grammar.noise import Noise
from maple_lib.data.phantoms.grammar.phrases import noun_phrase
from maple_lib.data.phantoms.grammar.setting import Draft, finished, set_page
from maple_lib.data.phantoms.grammar.style import HEADINGS, Style, choose_style
from maple_lib.data.phantoms.grammar.tellings import ACUTE, Telling, claims, decide
from maple_lib.data.phantoms.grammar.topics import Topic, check_plan, gather, single_topics
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.errors import MapleError
from maple_lib.reports.types import Section, Sentence, Triplet


@dataclass(frozen=True, slots=True)
class PhantomReport:
    """A report and its truth.

    Attributes:
        text: the report.
        sections: in order; together they cover all of the text but the space between them.
        sentences: of all sections, in order; context sections too.
        triplets: what the asserting sections state, a set per sentence, from the words written.
        phrases: index in the plan -> short phrase with its place ("small left pleural effusion").
        location_free: index in the plan -> sentence without place ("There is a nodule.").
    """

    text: str
    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    triplets: tuple[Triplet, ...]
    phrases: Mapping[int, str]
    location_free: Mapping[int, str]


def write_report(
    plan: Sequence[PlannedFinding], rng: np.random.Generator, dictation_noise: float = 0.0
) -> PhantomReport:
    """Write a chest report that tells the plan, denies only what the plan lacks, and knows what it says.

    Args:
        plan: the findings; an empty plan gives a normal report.
        rng: the only source of randomness.
        dictation_noise: rate of slips (typos, lost articles, capitals, ...) in [0, 1]. The same ``rng``
            state gives the same statements at every rate; only their spelling and spans change.

    Raises:
        MapleError: for findings, regions, severities or a noise rate that the grammar cannot use.
    """
    check_plan(plan)
    if not 0 <= dictation_noise <= 1:
        raise MapleError(
            f"dictation_noise {dictation_noise}", "outside [0, 1]", "give 0 (none) to 1 (hurried)"
        )
    dice = Dice(rng)
    style, has_prior = choose_style(dice), dice.chance(0.6)
    topics = single_topics(plan, dice)
    drafts = _drafts(topics, dice, style, has_prior)
    phrases = {index: _phrase(dice, topic) for index, topic in enumerate(topics)}
    location_free = {index: _without_place(topic) for index, topic in enumerate(topics)}
    page, text = set_page(drafts, style, Noise(dice, dictation_noise))
    triplets, sentences = tuple(page.triplets), page.sentences(text)
    return PhantomReport(
        text, page.sections, sentences, triplets, MappingProxyType(phrases), MappingProxyType(location_free)
    )


def _drafts(topics: list[Topic], dice: Dice, style: Style, has_prior: bool) -> list[Draft]:
    planned = {topic.finding for topic in topics}
    tellings = [decide(topic, dice, has_prior, planned) for topic in gather(topics, dice)]
    tellings = _fitted(tellings, style.sections)
    claimed = claims(tellings)
    if not style.sections:
        return [
            Draft("", "body", [finished(s) for s in findings_sentences(dice, tellings, claimed, has_prior)])
        ]
    return [_draft(name, dice, tellings, claimed, has_prior, style.one_line) for name in style.sections]


def _fitted(tellings: list[Telling], sections: tuple[str, ...]) -> list[Telling]:
    """Move tellings into the sections that this report has; something acute is always concluded."""
    if "impression" not in sections:
        return [replace(t, in_findings=True, in_impression=False) for t in tellings]
    if "findings" not in sections:
        return [replace(t, in_findings=False, in_impression=True) for t in tellings]
    acute = [i for i, t in enumerate(tellings) if t.topic.finding in ACUTE]
    if acute and not any(t.in_impression for t in tellings):
        tellings[acute[0]] = replace(tellings[acute[0]], in_impression=True)
    return tellings


def _draft(
    key: str, dice: Dice, tellings: list[Telling], claimed: set[str], has_prior: bool, one_line: bool
) -> Draft:
    heading, name = dice.pick(HEADINGS[key])
    full_stop = one_line or dice.chance(0.8)
    if key == "findings":
        sentences = findings_sentences(dice, tellings, claimed, has_prior)
    elif key == "impression":
        sentences = impression_sentences(dice, tellings, claimed, has_prior)
    else:
        return Draft(heading, name, [finished(_context(key, dice, has_prior), full_stop)])
    return Draft(heading, name, [finished(sentence) for sentence in sentences])


def _context(key: str, dice: Dice, has_prior: bool) -> Fragment:
    if key == "comparison":
        return context.comparison(dice, has_prior)
    if key == "indication":
        return context.indication(dice)
    return context.technique(dice) if key == "technique" else context.examination(dice)


def _phrase(dice: Dice, topic: Topic) -> str:
    if topic.finding in DEVICES:
        return device_name(topic)
    return noun_phrase(dice, topic, exact=True).bare.text


def _without_place(topic: Topic) -> str:
    if topic.finding in DEVICES:
        return f"There is {bare_device(topic)}."
    return f"There is {words_for(topic.finding, topic.kind).bare}."
