"""Marks move with their words, whatever is joined to them."""

import pytest

from maple_lib.data.phantoms.grammar.fragment import (
    Fragment,
    Mention,
    PlaceWords,
    capitalised,
    enumerate_words,
    fill,
    join,
    marked,
    with_article,
)

NODULE = Mention("nodule", ("left lung",))


def words_of(fragment: Fragment) -> list[str]:
    return [fragment.text[mark.start : mark.end] for mark in fragment.marks]


def test_markup_vanishes_and_marks_remain():
    fragment = marked("the <[heart] is enlarged>", (NODULE,))
    assert fragment.text == "the heart is enlarged"
    assert sorted(words_of(fragment)) == ["heart", "heart is enlarged"]
    assert {type(mark.meaning) for mark in fragment.marks} == {Mention, PlaceWords}


def test_mentions_are_taken_in_order_of_opening():
    other = Mention("tip", (None,))
    fragment = marked("<nodule> and <tip>", (NODULE, other))
    assert [mark.meaning for mark in fragment.marks] == [NODULE, other]


def test_marks_survive_every_way_of_joining():
    nodule = marked("small <nodule>", (NODULE,))
    sentence = fill("There is {it}, and {more}.", it=with_article(nodule), more=enumerate_words([nodule] * 3))
    assert sentence.text == "There is a small nodule, and small nodule, small nodule and small nodule."
    assert words_of(sentence) == ["nodule"] * 4
    assert words_of(join([Fragment(""), nodule, Fragment("x")])) == ["nodule"]
    assert words_of(capitalised(nodule)) == ["nodule"]


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("nodule", "a"),
        ("opacity", "an"),
        ("8 mm nodule", "an"),
        ("18 mm nodule", "an"),
        ("11 x 9 mm nodule", "an"),
        ("1.1 cm nodule", "a"),
        ("80 mm mass", "an"),
        ("LUL nodule", "an"),
        ("RML nodule", "an"),
        ("PICC", "a"),
        ("hazy opacity", "a"),
    ],
)
def test_articles_follow_the_sound(text, article):
    assert with_article(Fragment(text)).text == f"{article} {text}"
