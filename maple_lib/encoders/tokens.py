"""Sentences to word pieces, remembering which word each piece belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORDPIECE_FILE = Path(__file__).with_name("wordpiece.txt")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A padded batch of tokenised texts.

    Attributes:
        ids: (B, T) long word-piece ids.
        attention: (B, T) long, 1 where there is a piece.
        word: (B, T) long index of each piece's word; L for special pieces and padding.
        word_valid: (B, L) bool, True where there is a word.
    """

    ids: Tensor
    attention: Tensor
    word: Tensor
    word_valid: Tensor

    def to(self, device: torch.device | str) -> Tokens:
        """The same on another device."""
        return Tokens(*(getattr(self, name).to(device) for name in self.__slots__))


class TextTokenizer:
    """Word pieces with their words, for any fast tokenizer; encodings of repeated sentences are kept.

    Args:
        backend: a ``tokenizers.Tokenizer`` that adds the model's special pieces.
        max_length: pieces per text, special ones included; longer texts are cut.
        pad: id of the padding piece.
    """

    def __init__(self, backend: Tokenizer, max_length: int = 112, pad: int = 0) -> None:
        self.backend, self.max_length, self.pad = backend, max_length, pad
        backend.no_padding()
        backend.enable_truncation(max_length)
        self._encode = lru_cache(maxsize=65536)(self._encode_one)

    def __len__(self) -> int:
        return int(self.backend.get_vocab_size())

    def __call__(self, texts: Sequence[str]) -> Tokens:
        """Tokenise texts into one padded batch; an empty list gives an empty batch."""
        rows = [self._encode(text) for text in texts]
        length = max((len(ids) for ids, _ in rows), default=2)
        words = max((int(w.max(initial=-1)) + 1 for _, w in rows), default=0) or 1
        ids = np.full((len(rows), length), self.pad, np.int64)
        attention = np.zeros((len(rows), length), np.int64)
        word = np.full((len(rows), length), words, np.int64)
        for i, (row, of_word) in enumerate(rows):
            ids[i, : len(row)] = row
            attention[i, : len(row)] = 1
            word[i, : len(row)] = np.where(of_word < 0, words, of_word)
        counts = np.array([int(w.max(initial=-1)) + 1 for _, w in rows], np.int64)
        valid = np.arange(words)[None] < counts[:, None]
        return Tokens(*(torch.from_numpy(a) for a in (ids, attention, word, valid)))

    def _encode_one(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        encoding = self.backend.encode(text)
        words = np.array([-1 if w is None else w for w in encoding.word_ids], np.int64)
        return np.array(encoding.ids, np.int64), words

    def save(self, path: Path) -> None:
        """Write the tokenizer as one JSON file."""
        self.backend.save(str(path))


def small_tokenizer(max_length: int = 112) -> TextTokenizer:
    """The tokenizer that ships with the library: lower-case WordPiece of chest-report words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = WORDPIECE_FILE.read_text(encoding="utf-8").split()
    vocabulary = {w: i for i, w in enumerate(words)}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=64))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(s, vocabulary[s]) for s in ("[CLS]", "[SEP]")]
    backend.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return TextTokenizer(backend, max_length)


def load_tokenizer(path: Path, max_length: int = 112) -> TextTokenizer:
    """Read a tokenizer that was saved with a checkpoint.

    Raises:
        MapleError: if the file is missing or is no tokenizer.
    """
    from tokenizers import Tokenizer

    if not path.is_file():
        raise MapleError(path, "no such tokenizer file", "give a folder written by save_pretrained")
    try:
        backend = Tokenizer.from_file(str(path))
    except Exception as error:
        raise MapleError(path, "is not a tokenizer file", "write the checkpoint again") from error
    return TextTokenizer(backend, max_length)
