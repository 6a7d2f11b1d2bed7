"""What a grounding query's truth is made of."""

from __future__ import annotations

import dataclasses

import numpy as np

from maple_lib.data.mask_codes import encode_mask
from maple_lib.data.phrase_mask import phrase_mask
from maple_lib.data.study import Image, Phrase, Study
from maple_lib.evaluation import build_queries, protocol
from maple_lib.evaluation.queries import GroundingQuery, truth_mask

SHAPE = (20, 24)


def study_of(*phrases: Phrase) -> Study:
    image = Image(np.zeros(SHAPE, np.float32))
    return Study("s", "p", lambda: image, phrases=phrases)


def query(text: str, finding: str) -> GroundingQuery:
    return GroundingQuery(0, text, finding, None, location_free=True)


def test_truth_takes_boxes_outlines_and_masks():
    drawn = np.zeros(SHAPE, bool)
    drawn[15:18, 2:9] = True
    box = Phrase("nodule", "nodule", ((1, 1, 3, 4),))
    outline = Phrase("nodule", "nodule", (), polygons=((10, 2, 18, 2, 10, 10),))
    mask = Phrase("nodule", "nodule", (), rle=encode_mask(drawn))
    other = Phrase("mass", "mass", ((20, 10, 4, 4),))
    truth = truth_mask(query("nodule", "nodule"), study_of(box, outline, mask, other))
    expected = phrase_mask(box, SHAPE) | phrase_mask(outline, SHAPE) | drawn
    assert np.array_equal(truth, expected)
    assert phrase_mask(outline, SHAPE).sum() > 20


def test_truth_of_words_nobody_placed_is_empty():
    truth = truth_mask(query("edema", "edema"), study_of(Phrase("nodule", "nodule", ((1, 1, 3, 4),))))
    assert truth.shape == SHAPE
    assert not truth.any()


def test_what_was_drawn_for_a_phrase_is_its_truth_even_where_lesions_are_known(toy):
    """A box is coarser than the lesion in it; a protocol that asks for boxes must be scored by boxes."""
    drawn = toy.study(0)
    finding = drawn.lesions[0].finding
    boxed = dataclasses.replace(drawn, phrases=(Phrase("look here", finding, ((1, 1, 3, 4),)),))
    (asked,) = build_queries([boxed], protocol("ms_cxr_grounding"))
    truth = truth_mask(asked, boxed)
    assert truth.sum() == 12
    assert truth[1:5, 1:4].all()
