"""The hand-written hard sentences: whole triplets, by construction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from maple_lib.reports import parse
from maple_lib.reports.reading import read_sentence
from maple_lib.reports.states import cardiac_lexicon
from maple_lib.reports.tokens import lower
from maple_lib.vocabulary import load_vocabulary

FILE = Path(__file__).with_name("hard_sentences.yaml")
EXISTENCES = {"+": "present", "-": "absent", "?": "uncertain"}
TABLE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
CASES = [(language, name) for language, parts in TABLE.items() for name in parts]
Key = tuple[str | None, str, str]


def truth_of(line: str) -> Iterator[Key]:
    """ "+nodule @ both lung" -> its triplets."""
    for statement in filter(None, (part.strip() for part in line.split(";"))):
        finding, _, places = statement[1:].partition(" @ ")
        for place in places.split(" & ") if places else [None]:
            both = place is not None and place.startswith("both ")
            regions = [f"{side} {place[5:]}" for side in ("right", "left")] if both else [place]
            for region in regions:
                yield region, finding, EXISTENCES[statement[0]]


def chest_keys(text: str) -> set[Key]:
    return {triplet.key for triplet in parse(text).triplets}


def cardiac_keys(text: str) -> set[Key]:
    groups = read_sentence(lower(text), cardiac_lexicon()).groups
    return {(region, group.finding, group.existence) for group in groups for region, _ in group.regions}


def reader_of(language: str, name: str):
    return cardiac_keys if language == "german" else chest_keys


def counts(language: str, name: str) -> tuple[int, int, int]:
    hits = found_all = true_all = 0
    for text, line in TABLE[language][name].items():
        true, found = set(truth_of(line)), reader_of(language, name)(text)
        hits, found_all, true_all = hits + len(true & found), found_all + len(found), true_all + len(true)
        if true != found:
            missed, extra = sorted(map(str, true - found)), sorted(map(str, found - true))
            print(f"{name}: {text!r}\n   missed {missed}\n   extra  {extra}")
    return hits, found_all, true_all


def f1(hits: int, found: int, true: int) -> float:
    return 2 * hits / (found + true)


def test_there_are_at_least_300_sentences_of_many_constructions():
    assert sum(len(part) for parts in TABLE.values() for part in parts.values()) >= 300
    assert len(CASES) >= 12


def test_truth_names_only_known_findings_and_regions():
    chest, heart = load_vocabulary(), load_vocabulary(base="cardiac_ct")
    for language, name in CASES:
        vocabulary = heart if language == "german" else chest
        for line in TABLE[language][name].values():
            for region, finding, _ in truth_of(line):
                assert finding in vocabulary.findings
                assert region is None or region in vocabulary.regions


@pytest.mark.parametrize(("language", "name"), CASES)
def test_each_construction_is_read(language, name):
    assert f1(*counts(language, name)) >= 0.9


def test_whole_triplet_f1_over_all_sentences():
    total = [sum(column) for column in zip(*(counts(*case) for case in CASES), strict=True)]
    print(f"whole-triplet F1 {f1(*total):.4f}")
    assert f1(*total) >= 0.97
