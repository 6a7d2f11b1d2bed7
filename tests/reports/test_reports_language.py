"""The tables of words agree with each other and with the vocabulary."""

from __future__ import annotations

import pytest

from maple_lib.reports.lexicon import read_table
from maple_lib.reports.parse import chest_lexicon
from maple_lib.reports.spelling import Speller
from maple_lib.reports.tokens import lower, tokenise, words_of
from maple_lib.vocabulary import FINDINGS, finding


@pytest.mark.parametrize("name", FINDINGS)
def test_every_word_of_a_finding_reads_as_that_finding(name):
    lexicon = chest_lexicon()
    for word in finding(name).synonyms:
        events = lexicon.events(words_of(word))
        assert len(events) == 1, word
        assert name in [named.finding.name for named in events[0].entry.named], word


def test_implied_findings_exist():
    for rule in read_table("implied.yaml").values():
        named = [
            *rule.get("normal", ()),
            *(n for names in rule.get("predicates", {}).values() for n in names),
        ]
        assert set(named) <= set(FINDINGS)


def test_cue_words_are_text():
    for table in ("cues.yaml", "cues_cardiac.yaml"):
        for words in read_table(table).values():
            lists = words.values() if isinstance(words, dict) else [words]
            assert all(isinstance(word, str) for each in lists for word in each)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("effuison", "effusion"), ("pnuemothorax", "pneumothorax"), ("opactiy", "opacity"),
     ("scarrring", "scarring"),
     ("atelctasis", "atelectasis"), ("injection", "injection"), ("chest", "chest")],
)  # fmt: skip
def test_slips_are_mended_and_other_words_left(slip, meant):
    words, _ = chest_lexicon().speller.mend([slip], [(0, len(slip))])
    assert words == [meant]


def test_repeated_words_and_fillers_go():
    text = "no um pleural pleural effusion"
    words, spans = Speller(["pleural", "effusion"]).mend(*tokenise(text))
    assert words == ["no", "pleural", "effusion"]
    assert [text[a:b] for a, b in spans] == words


def test_lower_keeps_the_length():
    text = "İstanbul ẞ LEFT"
    assert len(lower(text)) == len(text)
    assert lower(text).endswith("left")
