"""Dictation noise changes spelling and spans, never what is stated."""

import re

import numpy as np
import pytest
from grammar_plans import random_plan

from maple_lib.data.phantoms.grammar import write_report
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mark, Mention
from maple_lib.data.phantoms.grammar.noise import Edit, apply_edits
from maple_lib.errors import MapleError

RATES = (0.2, 1.0)
NEGATIONS = re.compile(r"\b(?:no|without|resolved|removed|absent|negative|longer|not)\b", re.I)


def pair(seed: int, rate: float):
    plan = random_plan(seed)
    clean = write_report(plan, np.random.default_rng(seed))
    return clean, write_report(plan, np.random.default_rng(seed), dictation_noise=rate)


@pytest.mark.parametrize("rate", RATES)
def test_truth_and_sections_stay(rate):
    for seed in range(150):
        clean, noisy = pair(seed, rate)
        assert [(t.sentence, t.key, t.implied) for t in clean.triplets] == [
            (t.sentence, t.key, t.implied) for t in noisy.triplets
        ]
        assert [s.name for s in clean.sections] == [s.name for s in noisy.sections]
        assert (dict(clean.phrases), dict(clean.location_free)) == (
            dict(noisy.phrases),
            dict(noisy.location_free),
        )


@pytest.mark.parametrize("rate", RATES)
def test_spans_still_frame_words(rate):
    for seed in range(150):
        clean, noisy = pair(seed, rate)
        for before, after in zip(clean.triplets, noisy.triplets, strict=True):
            sentence = noisy.sentences[after.sentence]
            assert noisy.text[slice(*sentence.span)] == sentence.text
            assert sentence.span[0] <= after.span[0] < after.span[1] <= sentence.span[1]
            words, original = noisy.text[slice(*after.span)].lower(), clean.text[slice(*before.span)].lower()
            assert words[:2] == original[:2]
            assert words == words.strip()
            assert len(words) >= 0.5 * len(original)


@pytest.mark.parametrize("rate", RATES)
def test_negations_survive(rate):
    for seed in range(150):
        clean, noisy = pair(seed, rate)
        for before, after in zip(clean.sentences, noisy.sentences, strict=True):
            assert len(NEGATIONS.findall(after.text)) >= len(NEGATIONS.findall(before.text))


def test_noise_grows_with_its_rate():
    changed = [
        np.mean([a.text != b.text for a, b in (pair(s, rate) for s in range(100))])
        for rate in (0.0, 0.02, 1.0)
    ]
    assert changed[0] == 0 < changed[1] < changed[2]


def test_all_capitals_happen():
    assert any(pair(seed, 1.0)[1].text.isupper() for seed in range(100))


def test_edits_move_marks_with_their_words():
    mention = Mention("nodule", (None,))
    fragment = Fragment("there is a nodule here", (Mark(11, 17, mention),))
    edits = [Edit(9, 11, ""), Edit(11, 11, "um "), Edit(13, 15, "ud"), Edit(18, 18, "here ")]
    moved = apply_edits(fragment, edits)
    assert moved.text == "there is um noudle here here"
    assert moved.text[slice(*moved.marks[0][:2])] == "noudle"


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(MapleError, match="dictation_noise"):
        write_report([], np.random.default_rng(0), dictation_noise=rate)
