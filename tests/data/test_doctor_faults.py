"""A clean corpus, and one with a fault of every kind: the doctor finds each, and nothing beside it."""

import json

import pytest
from doctor_corpus import (
    FAULTS,
    SIZE,
    N,
    bad_boxes,
    change,
    diagnose,
    identifiers,
    inverted_image,
    make_corpus,
    missing_image,
    planted,
    table,
    told,
    unreadable_image,
    wrong_labels,
)

from maple_lib.data.doctor import examine
from maple_lib.data.doctor.check_sides import side_of_words
from maple_lib.data.table import StudyTable


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"))


def test_a_clean_corpus_has_no_error_and_no_warning(corpus):
    root, rows = corpus
    diagnosis = diagnose(root, rows)
    assert told(diagnosis) == set()
    assert diagnosis.clean
    assert diagnosis.counts["images"] == N
    assert sum(diagnosis.splits.values()) == N


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_one_fault_is_found_and_nothing_else(corpus, fault):
    root, rows = corpus[0], list(corpus[1])
    expected = planted(root, rows, [fault])
    found = told(diagnose(root, rows))
    # Of two studies with one id the first is named, which is the other's name too.
    assert found == expected


def test_all_faults_together_are_found_and_nothing_else(corpus):
    root, rows = corpus[0], list(corpus[1])
    expected = planted(root, rows, FAULTS)
    assert len({check for check, _ in expected}) >= 12
    assert told(diagnose(root, rows)) == expected


def test_a_column_of_ones_is_a_warning_and_a_column_of_noughts_a_note(corpus):
    root, rows = corpus[0], list(corpus[1])
    for i, row in enumerate(rows):
        change(rows, i, labels={**row.labels, "granuloma": 1, "cyst": 0})
    found = diagnose(root, rows, images=False).of("class-balance")
    assert [(c.severity, name) for c in found for name in ("granuloma", "cyst") if name in c.what][:2] == [
        ("warning", "granuloma"),
        ("note", "cyst"),
    ]


def test_a_finding_that_is_trained_on_but_never_tested_is_a_warning(corpus):
    root, rows = corpus[0], list(corpus[1])
    for i in range(N):
        split = "train" if i < 60 else "test"
        change(rows, i, split=split, labels={"granuloma": int(i < 55)}, patient_id=str(i))
    serious = [c for c in diagnose(root, rows, images=False).of("class-balance") if c.severity == "warning"]
    assert ["granuloma" in complaint.what for complaint in serious] == [True]


def test_a_box_without_area_and_one_of_no_number_are_two_errors(corpus):
    root, rows = corpus[0], list(corpus[1])
    planted(root, rows, [bad_boxes])
    error, warning = diagnose(root, rows, images=False).of("box")
    assert (error.severity, len(error.cases), error.study_ids) == ("error", 2, ("study-28",))
    assert (warning.severity, len(warning.cases), warning.study_ids) == ("warning", 1, ("study-29",))


def test_without_images_only_their_files_are_looked_for(corpus, monkeypatch):
    root, rows = corpus[0], list(corpus[1])
    expected = planted(root, rows, [missing_image, unreadable_image, inverted_image])
    monkeypatch.setattr("maple_lib.data.doctor.looking.load", None)
    assert told(diagnose(root, rows, images=False)) == {
        each for each in expected if each[0] == "missing-image"
    }


def test_no_word_of_an_identifier_is_told(corpus):
    root, rows = corpus[0], list(corpus[1])
    planted(root, rows, [identifiers])
    diagnosis = diagnose(root, rows)
    assert diagnosis.of("identifier")[0].cases[0].detail == "a date, a name"
    assert not any(
        word in json.dumps(diagnosis.to_dict()) + str(diagnosis) for word in ("Frankenstein", "2019")
    )


def test_the_report_that_contradicts_is_pointed_at(corpus):
    root, rows = corpus[0], list(corpus[1])
    planted(root, rows, [wrong_labels])
    case = diagnose(root, rows).of("label-report")[0].cases[0]
    assert rows[33].report[slice(*case.sentence)] == "No pneumothorax."
    assert rows[33].report[slice(*case.words[0])] == "pneumothorax"


def test_studies_and_their_table_get_the_same_diagnosis(corpus):
    root, rows = corpus[0], list(corpus[1])
    planted(root, rows, FAULTS)
    path = table(root, rows)
    by_columns = examine(path, workers=1, progress=False)
    by_rows = examine(StudyTable(path), workers=1, progress=False)
    assert by_rows.to_dict() == by_columns.to_dict()


def test_two_processes_see_what_one_sees(corpus):
    root, rows = corpus
    path = table(root, rows)
    one, two = (examine(path, workers=n, progress=False) for n in (1, 2))
    assert one.to_dict() == two.to_dict()


def test_words_of_phantoms_never_contradict_their_boxes(corpus):
    """The check's premise: what the parser reads of a phantom's words is where its boxes lie."""
    sides = set()
    for row in corpus[1]:
        for phrase in row.phrases:
            side = side_of_words(phrase.text)
            sides.add(side)
            assert side is None or all(
                (x < SIZE / 2) == (side == "right") or x < SIZE / 2 < x + w for x, _, w, _ in phrase.boxes
            )
    assert {"left", "right"} <= sides
