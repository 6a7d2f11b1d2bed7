"""What a study's report says of each region, in its own words."""

from __future__ import annotations

from maple_lib.data.study import Study


def stated_sentences(study: Study) -> list[str]:
    """The sentence that each of the study's statements stands in, on one line; empty where none is known."""
    sentences = study.parsed.sentences if study.triplets else ()
    starts = [triplet.span[0] for triplet in study.triplets]
    found = [next((s.text for s in sentences if s.span[0] <= at < s.span[1]), "") for at in starts]
    return [" ".join(text.split()) for text in found]


def region_sentences(study: Study) -> dict[str, str]:
    """Region -> the sentences of the statements that name it, each once, in the order of the report."""
    texts: dict[str, dict[str, None]] = {}
    for triplet, sentence in zip(study.triplets, stated_sentences(study), strict=True):
        if triplet.region and sentence:
            texts.setdefault(triplet.region, {})[sentence] = None
    return {region: " ".join(sentences) for region, sentences in texts.items()}
