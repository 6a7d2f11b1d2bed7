"""Identifiers by their form: those that are, those that are not, and those that others blanked."""

import pytest

from maple_lib.data.doctor.identifiers import KINDS, kinds_in, masked

LEFT = {
    "a date": (
        "Comparison: 3/14/2019.",
        "on 2019-03-14",
        "of March 14, 2019",
        "14 March 2019",
        "14.03.2019 CT",
        "compared with 03/14/19.",
    ),
    "a telephone number": ("call 617-555-0123", "(617) 555-0123", "pager #12345"),
    "a record number": ("MRN: 00123456", "accession number 4411223", "see 12345678"),
    "an e-mail address": ("write to a.b@clinic.org",),
    "a social security number": ("SSN 123-45-6789",),
    "an age above 89": ("a 93-year-old man", "92 yo"),
    "a name": ("discussed with Dr. Frankenstein", "Dr Who was told", "read by Jane Q. Public, MD"),
}
INNOCENT = (
    "Nodule of 2.3 x 1.4 cm, was 1.2 cm.",
    "Degenerative change at T11-T12 and L1/2.",
    "The 3/4 of the lung. Sternal wires 1-7.",
    "A 54-year-old woman. 5-10 mm nodule.",
    "Discussed with Dr. ___ at 10:15 on ___.",
    "Dr. XXXX was paged at XXXX on XXXX/XXXX.",
    "[**2019-3-4**] [**Doctor Last Name 123**]",
    "No pneumothorax. Heart size is normal.",
    "PICC tip 4.5 cm below the carina; 12.5.2 MHz",
    "Dictated by the resident, MD.",
)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in LEFT.items() for text in texts])
def test_identifiers_are_known_by_their_form(kind, text):
    assert kind in kinds_in(text)


@pytest.mark.parametrize("text", INNOCENT)
def test_measures_vertebrae_and_blanks_are_left_in_peace(text):
    assert kinds_in(text) == ()


def test_every_kind_has_an_example():
    assert set(LEFT) == set(KINDS)


@pytest.mark.parametrize("text", [text for texts in LEFT.values() for text in texts])
def test_a_masked_text_has_its_length_and_no_identifier(text):
    assert len(masked(text)) == len(text)
    assert kinds_in(masked(text)) == ()
