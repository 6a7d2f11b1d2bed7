"""Make the small tokenizer's word pieces: ``python -m maple_lib.encoders.build_wordpiece``.

They are learned from phantom reports and from the words of the vocabulary, so that the small text
encoder needs no download. The result is the same on every run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from maple_lib.encoders.tokens import SPECIAL, WORDPIECE_FILE

SIZE = 2400


def learn_pieces(texts: Iterable[str], size: int = SIZE) -> list[str]:
    """Learn at most ``size`` word pieces; the special ones come first."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    vocabulary = backend.get_vocab()
    return sorted(vocabulary, key=lambda piece: vocabulary[piece])


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
