"""ASG: its four terms, their switches, the tag decoder, and reports read as a whole."""

import json

import pytest
import torch
from torch.nn import functional

from maple_lib.data.batch import collate
from maple_lib.encoders.tag_decoder import TagDecoder
from maple_lib.errors import MapleError
from maple_lib.methods import asg, create_method, load_method
from maple_lib.methods.asg import TAGS
from maple_lib.methods.reports import read_sentences, read_whole, whole_reports
from maple_lib.methods.saving import save_method

SMALL = {
    "image_size": 64,
    "image_width": 16,
    "text_width": 32,
    "text_layers": 1,
    "dim": 16,
    "head_hidden": 32,
    "tag_hidden": 32,
}
TERMS = ("global", "region_sentence", "tags", "soft_labels")


def small(**overrides):
    torch.manual_seed(0)
    return create_method("asg", "tiny", **SMALL, **overrides)


def test_the_total_weighs_the_four_terms_as_the_paper(toy_records):
    method = small()
    terms = method.losses(collate(toy_records))
    assert tuple(terms) == TERMS
    expected = terms["global"] + terms["region_sentence"] + 5 * terms["tags"] + terms["soft_labels"]
    torch.testing.assert_close(method.total(terms), expected)


@pytest.mark.parametrize("left_out", TERMS)
def test_a_term_without_weight_is_not_computed(toy_records, monkeypatch, left_out):
    functions = {
        "global": "global_contrastive",
        "region_sentence": "region_sentence_contrastive",
        "tags": "tag_bce",
        "soft_labels": "soft_label_contrastive",
    }

    def asked(*given, **named):
        raise AssertionError("a term of weight 0 was computed")

    monkeypatch.setattr(asg, functions[left_out], asked)
    method = small(weights={left_out: 0})
    terms = method.losses(collate(toy_records))
    assert set(terms) == set(TERMS) - {left_out}
    with pytest.raises(AssertionError, match="weight 0"):
        small().losses(collate(toy_records))


def test_other_terms_do_not_change_when_one_is_left_out(toy_records):
    batch = collate(toy_records)
    every = small().eval().losses(batch)
    fewer = small(weights={"tags": 0}).eval().losses(batch)
    for name, value in fewer.items():
        torch.testing.assert_close(value, every[name])


def test_regions_that_nobody_mentions_take_no_part(toy_records):
    method, batch = small().eval(), collate(toy_records)
    assert (batch.region_sentences.sum(-1) == 0).any()
    before = method.losses(batch)["region_sentence"]
    batch.regions[batch.region_sentences.sum(-1) == 0] = 0
    torch.testing.assert_close(method.losses(batch)["region_sentence"], before)


def test_tags_are_the_papers_forty():
    assert len(TAGS) == 40
    assert (TAGS[0], TAGS[-1]) == ("pleural effusion", "aspiration")


def test_an_uncertain_tag_counts_as_absent(toy_records):
    batch, method = collate(toy_records), small().eval()
    assert (batch.findings == -1).any()
    once = method.losses(batch)["tags"]
    batch.findings[batch.findings == -1] = 0
    torch.testing.assert_close(method.losses(batch)["tags"], once)


def test_each_query_answers_for_itself_and_patches_have_no_order():
    torch.manual_seed(0)
    decoder = TagDecoder(16, 8, layers=2, hidden=32).eval()
    patches, queries = torch.randn(3, 9, 16), torch.randn(5, 8)
    logits = decoder(patches, queries)
    assert logits.shape == (3, 5)
    torch.testing.assert_close(decoder(patches.flip(1), queries), logits)
    torch.testing.assert_close(decoder(patches, queries.flip(0)), logits.flip(1))
    torch.testing.assert_close(decoder(patches[1:2], queries), logits[1:2], atol=1e-5, rtol=1e-4)


def test_keys_and_values_are_projected_apart_to_the_same_logits(monkeypatch):
    torch.manual_seed(0)
    decoder = TagDecoder(16, 16, layers=2, hidden=32).eval()
    patches, queries = torch.randn(3, 9, 16), torch.randn(5, 16)
    given = []
    attend = functional.multi_head_attention_forward

    def seen(query, key, value, *rest, **more):
        given.append((query is key, key is value))
        return attend(query, key, value, *rest, **more)

    monkeypatch.setattr(functional, "multi_head_attention_forward", seen)
    decoder.train()(patches, queries)
    assert (False, False) in given
    assert (False, True) not in given
    decoder.eval()
    logits = decoder(patches, queries)
    for layer in decoder.decoder.layers:
        layer.multihead_attn._forward_pre_hooks.clear()
    torch.testing.assert_close(decoder(patches, queries), logits)


def test_heads_that_cannot_share_the_width_are_told():
    with pytest.raises(MapleError, match="multiple of 4"):
        TagDecoder(18, 8)


class TestWholeReports:
    def test_every_word_knows_its_sentence(self, toy_records):
        method, batch = small(report_text="whole"), collate(toy_records)
        texts, rows = whole_reports(method, batch)
        tokenizer = method.text_encoder.tokenizer
        for text, row, said in zip(texts, rows, batch.report_sentences, strict=True):
            assert {batch.sentences[u] for u in row if u < len(batch.sentences)} == {
                batch.sentences[u] for u in said.nonzero().flatten()
            }
            whole = tokenizer.backend.encode(text, add_special_tokens=False)
            words = [text[slice(*whole.word_to_chars(k))] for k in range(max(whole.word_ids) + 1)]
            for u in set(row.tolist()) - {len(batch.sentences)}:
                spoken = "".join(w for w, of in zip(words, row, strict=False) if of == u)
                assert spoken == batch.sentences[u].replace(" ", "")

    def test_a_region_is_the_mean_of_the_words_about_it(self, toy_records):
        method, batch = small(report_text="whole").eval(), collate(toy_records)
        reports = read_whole(method, batch)
        texts, rows = whole_reports(method, batch)
        words = method.encode_texts(texts).words
        for b in range(len(texts)):
            for r in reports.spoken[b].nonzero().flatten():
                about = set(batch.region_sentences[b, r].nonzero().flatten().tolist())
                inside = [words[b, k] for k, u in enumerate(rows[b]) if u in about]
                torch.testing.assert_close(reports.about[b, r], torch.stack(inside).mean(0))
        assert torch.equal(reports.spoken, read_sentences(method, batch).spoken)

    def test_the_order_of_the_studies_does_not_matter(self, toy_records):
        method = small(report_text="whole").eval()
        one, other = method.losses(collate(toy_records)), method.losses(collate(toy_records[::-1]))
        for name, value in one.items():
            torch.testing.assert_close(other[name], value, atol=2e-5, rtol=1e-5)

    def test_what_is_cut_off_says_nothing(self, toy_records):
        method = small(report_text="whole", max_length=8)
        batch = collate(toy_records)
        whole, sentences = read_whole(method, batch), read_sentences(method, batch)
        assert whole.spoken.sum() < sentences.spoken.sum()
        assert (whole.about[~whole.spoken] == 0).all()

    def test_what_training_is_told_is_read(self, toy_records):
        batch = collate(toy_records)
        assert len(small(report_text="whole").texts(batch)) == len(toy_records)
        assert small().texts(batch) == batch.sentences

    def test_another_word_lists_what_there_is(self):
        with pytest.raises(MapleError, match="sentences, whole"):
            small(report_text="paragraphs")


@pytest.fixture
def named_encoder(tmp_path):
    """A text encoder on disk, as a hub would give it: weights, configuration, tokenizer."""
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from maple_lib.encoders.tokens import small_tokenizer

    torch.manual_seed(5)
    backend = small_tokenizer().backend
    config = BertConfig(
        vocab_size=backend.get_vocab_size(), hidden_size=16, num_hidden_layers=3, num_attention_heads=2
    )
    BertModel(config).save_pretrained(tmp_path / "bert")
    PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]").save_pretrained(tmp_path / "bert")
    return str(tmp_path / "bert")


def test_a_named_text_encoder_asks_with_its_own_names_frozen(named_encoder, toy_records, tmp_path):
    method = small(text_encoder=named_encoder)
    assert "tag_queries" not in dict(method.named_parameters())
    assert method.tag_queries.shape == (40, 16)
    assert len(method.text_encoder.model.encoder.layer) == 1, "the trained encoder keeps its first layers"
    method.total(method.losses(collate(toy_records))).backward()
    asked = method.tag_queries.clone()
    save_method(method, tmp_path / "m")
    assert json.loads((tmp_path / "m" / "config.json").read_text())["text_encoder"] == named_encoder
    assert torch.equal(load_method(str(tmp_path / "m")).tag_queries, asked)
