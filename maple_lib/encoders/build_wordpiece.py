"""Make the small tokenizer's word pieces: ``python -m maple_lib.encoders.build_wordpiece``.

They are learned from phantom reports and from the words of the vocabulary, so that the small text
encoder needs no download. The result is the same on every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from maple_lib.encoders.tokens import SPECIAL, WORDPIECE_FILE

SIZE, PARTS = 2400, 500


def learn_pieces(texts: Iterable[str], size: int = SIZE, parts: int = PARTS) -> list[str]:
    """Choose word pieces: the most frequent words whole, and the most frequent parts of all words.

    Ties are broken by the alphabet, so that the same texts give the same pieces.

    Args:
        texts: what to learn from.
        size: how many pieces at most, special ones and letters included.
        parts: how many of them are parts of words.
    """
    words = Counter(word for text in texts for word in _words(text))
    letters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    fixed = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters if letter.isalnum())]
    inner = [p for p in _ranked(_parts(words)) if p not in fixed][:parts]
    whole = [w for w in _ranked(words) if w not in fixed][: size - len(fixed) - len(inner)]
    return [*fixed, *whole, *inner]


def _words(text: str) -> list[str]:
    from tokenizers import normalizers, pre_tokenizers

    plain = normalizers.BertNormalizer(lowercase=True).normalize_str(text)
    return [word for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(plain)]


def _parts(words: Counter[str]) -> Counter[str]:
    """How many different words go on with each part of two to six letters."""
    found = (
        {word[a:b] for a in range(1, len(word)) for b in range(a + 2, min(a + 6, len(word)) + 1)}
        for word in words
    )
    return Counter(f"##{part}" for parts in found for part in parts)


def _ranked(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda piece: (-counts[piece], piece))


def corpus(reports: int = 4000, seed: int = 77) -> Iterator[str]:
    """Phantom reports, and every name and synonym of the vocabulary."""
    import numpy as np

    from maple_lib.data.phantoms import sample_plan
    from maple_lib.data.phantoms.grammar import write_report
    from maple_lib.vocabulary import FINDINGS, REGIONS, finding, region

    rng = np.random.default_rng(seed)
    for _ in range(reports):
        yield write_report(sample_plan(rng, "realistic"), rng).text
    for name in FINDINGS:
        yield from (name, *finding(name).synonyms)
    for name in REGIONS:
        yield from (name, *region(name).synonyms)


def main(path: Path = WORDPIECE_FILE) -> None:
    """Write the file of word pieces."""
    pieces = learn_pieces(corpus())
    path.write_text("\n".join(pieces) + "\n", encoding="utf-8")
    print(f"{len(pieces)} word pieces in {path.name}")


if __name__ == "__main__":
    main()
