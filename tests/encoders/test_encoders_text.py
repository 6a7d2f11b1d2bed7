import pytest
import torch

from maple_lib.encoders.text import TextEncoder, sum_pieces
from maple_lib.encoders.tokens import Tokens, small_tokenizer
from maple_lib.errors import MapleError

SENTENCES = ["No pneumothorax.", "Small left pleural effusion, unchanged.", "Cardiomegaly."]


def test_words_are_sums_of_their_pieces():
    tokens = small_tokenizer()(SENTENCES)
    hidden = torch.randn(*tokens.ids.shape, 6)
    words = sum_pieces(hidden, tokens)
    for b in range(len(SENTENCES)):
        for k in range(int(tokens.word_valid[b].sum())):
            naive = sum(hidden[b, t] for t in range(tokens.ids.shape[1]) if tokens.word[b, t] == k)
            torch.testing.assert_close(words[b, k], naive)


def test_special_pieces_and_padding_belong_to_no_word():
    tokens = small_tokenizer()(SENTENCES)
    words = tokens.word_valid.shape[1]
    assert (tokens.word[:, 0] == words).all()
    assert (tokens.word[tokens.attention == 0] == words).all()


def test_an_encoding_does_not_depend_on_its_neighbours():
    encoder = TextEncoder().eval()
    together = encoder(encoder.tokenize(SENTENCES))
    for i, sentence in enumerate(SENTENCES):
        alone = encoder(encoder.tokenize([sentence]))
        count = int(alone.word_valid.sum())
        torch.testing.assert_close(together.pooled[i], alone.pooled[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(together.words[i, :count], alone.words[0], atol=1e-5, rtol=1e-4)


def test_the_shipped_word_pieces_know_the_words_of_the_field():
    tokenizer = small_tokenizer()
    for word in ("pneumothorax", "effusion", "cardiomegaly", "atelectasis", "left", "right", "no"):
        assert len(tokenizer([word]).ids[0]) == 3, f"{word!r} should be one piece"


def test_long_and_empty_texts_are_defined():
    tokens = small_tokenizer(max_length=16)(["opacity " * 500, ""])
    assert tokens.ids.shape[1] == 16
    assert not tokens.word_valid[1].any()
    assert isinstance(small_tokenizer()([]), Tokens)


def test_a_model_that_cannot_be_fetched_names_the_offline_way(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(MapleError, match="name 'small'"):
        TextEncoder("no-such-organisation/no-such-model")


def test_the_shipped_word_pieces_can_be_made_again():
    """Neither the run nor the order of the texts decides which pieces are chosen."""
    from maple_lib.encoders.build_wordpiece import corpus, learn_pieces

    texts = list(corpus(reports=60))
    assert learn_pieces(texts, 900) == learn_pieces(texts[::-1], 900)
