"""The words of a report, by the region that they name."""

import dataclasses

import maple_lib
from maple_lib.data.statements import region_sentences, stated_sentences
from maple_lib.reports import parse


def test_sentences_are_gathered_by_the_region_they_name():
    report = "Small left pleural effusion. There is a mass in the right lung. The left effusion has\ngrown."
    drawn = maple_lib.phantom(0, size=64)
    study = dataclasses.replace(drawn, report=report, triplets=parse(report).triplets)
    texts = region_sentences(study)
    assert texts["right lung"] == "There is a mass in the right lung."
    assert texts["left costophrenic angle"] == "Small left pleural effusion. The left effusion has grown."
    assert region_sentences(dataclasses.replace(study, triplets=())) == {}


def test_every_statement_has_the_sentence_it_stands_in():
    study = maple_lib.phantom(3, index=2, size=64)
    said = stated_sentences(study)
    assert len(said) == len(study.triplets) > 0
    for triplet, sentence in zip(study.triplets, said, strict=True):
        start, end = triplet.span
        assert " ".join(study.report[start:end].split()) in sentence
