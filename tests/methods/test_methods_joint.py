"""MApLe-joint: what it reads, what it remembers, what stays frozen, and what its terms look at."""

import copy
import math

import pytest
import torch
from torch.nn.functional import normalize as unit
from toys import toy_record

from maple_lib.data.batch import collate
from maple_lib.data.record import FINDING_INDEX, REGION_INDEX
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.errors import MapleError
from maple_lib.methods import create_method
from maple_lib.methods.base import report_embedding
from maple_lib.methods.inference import encode_texts
from maple_lib.methods.maple_joint_terms import look, place
from maple_lib.methods.maple_joint_texts import MIRROR, asked, padded, prompts, told_by

SMALL = {
    "image_size": 64, "image_width": 32, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 32,
}  # fmt: skip
NAMES = tuple(REGION_INDEX)


@pytest.fixture(scope="module")
def batch():
    return collate([toy_record(i) for i in range(6)])


@pytest.fixture
def method():
    torch.manual_seed(0)
    return create_method("maple_joint", "tiny", **SMALL).train()


def test_sentences_come_first_then_the_other_side_then_prompts(batch):
    questions = asked(batch)
    assert questions.texts[: questions.sentences] == batch.sentences
    swapped = questions.texts[questions.sentences :][: len(questions.mirrored)]
    for number, text in zip(questions.mirrored, swapped, strict=True):
        assert {"left", "right"} & set(text.lower().split())
        assert ("left" in text.lower()) == ("right" in batch.sentences[number].lower())
    assert set(questions.findings) == set((batch.statements >= 0).any(0).nonzero().flatten().tolist())


def test_prompts_are_sentences():
    texts = prompts((FINDING_INDEX["nodule"], FINDING_INDEX["edema"]))
    assert texts[0] == "There is a nodule."
    assert texts[3] == "There is edema."
    assert {"There is no edema.", "nodule in the left lung"} < set(texts)
    assert texts[-1] == f"no finding in the {NAMES[-1]}"


def test_mirror_is_its_own_inverse():
    assert [MIRROR[m] for m in MIRROR] == list(range(len(NAMES)))
    assert MIRROR[REGION_INDEX["spine"]] == REGION_INDEX["spine"]
    assert MIRROR[REGION_INDEX["left lung"]] == REGION_INDEX["right lung"]


def test_padding_keeps_the_chosen_sentences_of_every_report():
    where, there = padded(((4, 2, 4), (), (0, 2)), (2, 4), torch.device("cpu"))
    assert there.tolist() == [[True, True], [False, False], [True, False]]
    assert where[0].tolist() == [1, 0]
    assert where[2, 0] == 0


def test_a_frozen_encoder_reads_a_text_once_and_says_the_same(method, batch):
    calls = []
    method.text_encoder.register_forward_pre_hook(lambda module, args: calls.append(len(args[0].ids)))
    method.begin_stage("align", [])
    torch.manual_seed(1)
    first = method.losses(batch)
    assert calls == [len(set(asked(batch).texts))]
    method.losses(batch)
    assert len(calls) == 1
    method.begin_stage("validation", [])
    method.load_state_dict(method.state_dict())
    again = method.losses(batch)
    for name in first:
        torch.testing.assert_close(first[name], again[name])


def test_the_frozen_text_encoder_is_not_trained(method, batch):
    method.total(method.losses(batch)).backward()
    assert all(p.grad is None for p in method.text_encoder.parameters())
    still = set(method.text_encoder.parameters())
    assert not still & set(method.stage_parameters("align"))
    assert method.text_head.expand.weight.grad.any()
    assert method.salience.weight.grad.any()


def test_an_unfrozen_one_is(batch):
    method = create_method("maple_joint", "tiny", **SMALL, options={"frozen_text": False}).train()
    method.total(method.losses(batch)).backward()
    assert method.text_encoder.model.embeddings.word_embeddings.weight.grad.any()
    assert method.reads_texts("align")


@pytest.mark.parametrize(
    "term", ["global", "report", "place", "instance", "query", "dark", "anywhere", "finding", "case"]
)
def test_each_term_can_be_left_out(batch, term):
    method = create_method("maple_joint", "tiny", **SMALL, weights={term: 0}).train()
    assert term not in method.losses(batch)


def test_a_batch_that_states_nothing_has_a_loss(method):
    record = toy_record(0)
    silent = collate(
        [
            type(record)(f"s{i}", record.pixels, record.regions, ("Portable.",), record.statements[:0])
            for i in range(3)
        ]
    )
    assert torch.isfinite(method.total(method.losses(silent)))


def test_place_asks_for_the_other_side_too(method, batch):
    """Patches that answer a sentence and its mirror image in their own regions cost nothing."""
    questions = asked(batch)
    read = questions.split(method.encode_sentences(questions.texts))
    images = method.encode_images(batch.images, batch.regions)
    with_mirror = place(images, read, questions, batch, 0.07)
    alone = place(images, read, type(questions)(questions.texts, questions.sentences, (), ()), batch, 0.07)
    assert with_mirror > alone > 0


def test_one_bright_patch_is_evidence(method):
    phrase = torch.eye(16)[:1]
    patches = torch.eye(16)[1].repeat(1, method.grid[0] * method.grid[1], 1)
    lit = patches.clone()
    lit[0, 5] = phrase[0]
    texts = method.eval().encode_sentences(["There is a nodule."])
    texts = type(texts)(texts.pooled, phrase, texts.words, texts.word_valid)
    dim = ImageFeatures(torch.zeros(1, 16), patches, method.grid)
    bright = ImageFeatures(torch.zeros(1, 16), lit, method.grid)
    assert method.similarity(bright, texts) > method.similarity(dim, texts) + 0.3


def test_a_report_fits_as_its_sentences_do(method):
    """The whole, and what each sentence finds beyond what it needs, in a loop."""
    images = method.eval().encode_images(torch.rand(9, 1, 64, 64))
    with torch.no_grad():
        method.threshold.weight.normal_()
    reports = ["There is a nodule. No effusion.", "There is a mass.", "No effusion. The lungs are clear."]
    texts = method.encode_texts(reports)
    assert texts.sentence_valid.sum(1).tolist() == [2, 1, 2]
    expected = images.pooled @ texts.pooled.T
    for t, report in enumerate(reports):
        for sentence in report.split(". "):
            phrase = unit(method.encode_sentences([sentence.strip(".") + "."]).phrase, dim=-1)
            lit = method.best_patch(phrase @ images.patches.mT) - method.needed(phrase)
            expected[:, t] += lit[:, 0]
    torch.testing.assert_close(method.similarity(images, texts), expected, atol=1e-5, rtol=1e-5)


def test_training_compares_reports_as_they_are_compared_later(method, batch):
    method.eval()
    with torch.no_grad():
        method.threshold.weight.normal_()
    questions = asked(batch)
    read = questions.split(method.encode_sentences(questions.texts))
    images = method.encode_images(batch.images, batch.regions)
    seen = look(method, images, read, batch)
    pooled = report_embedding(read.sentences, batch.report_sentences)
    ours = method.compare(images.pooled, pooled, seen.report)
    phrases = read.sentences.phrase.expand(len(ours), -1, -1)
    whole = TextFeatures(
        pooled,
        pooled,
        phrases[:, :0],
        phrases[:, :0, 0].bool(),
        sentences=phrases,
        sentence_valid=batch.report_sentences > 0,
    )
    torch.testing.assert_close(ours, method.similarity(images, whole), atol=1e-5, rtol=1e-5)


def test_salience_changes_regions_and_never_what_is_visible(method, batch):
    before = method.eval().encode_images(batch.images, batch.regions)
    with torch.no_grad():
        method.salience.weight.normal_()
    after = method.encode_images(batch.images, batch.regions)
    assert not torch.allclose(before.regions, after.regions)
    assert torch.equal(before.region_valid, after.region_valid)


def test_an_unknown_option_is_named():
    with pytest.raises(MapleError, match="warp"):
        create_method("maple_joint", "tiny", **SMALL, options={"warp": 1})


SAID = (
    "There is a nodule in the left lung. No effusion.",
    "Possible mass in the right lung. Nodule in the left lung. Left lung nodule.",
    "Portable.",
)


def test_what_texts_tell_of_regions(method):
    texts = encode_texts(method.eval(), SAID, batch_size=1)
    assert texts.statements.shape[:1] == (3,)
    assert (texts.statements[2] == -1).all()
    told = told_by(texts)
    left, right = REGION_INDEX["left lung"], REGION_INDEX["right lung"]
    nodule, mass = FINDING_INDEX["nodule"], FINDING_INDEX["mass"]
    expected = torch.zeros_like(told)
    expected[0, left, nodule] = expected[1, left, nodule] = 1
    expected[1, right, mass] = 0.5
    assert torch.equal(told, expected)


def test_with_anatomy_regions_are_asked_for_what_is_told(method, batch):
    """The same in a loop over regions and statements; without anatomy they say nothing."""
    method.eval()
    with torch.no_grad():
        images = method.encode_images(batch.images, batch.regions)
        texts = method.encode_texts(SAID)
        bare = ImageFeatures(images.pooled, images.patches, images.grid)
        alone, fit = method.similarity(bare, texts), method.similarity(images, texts)
        prompts = method.bank.read(method)
    torch.testing.assert_close(alone, method.without_anatomy(images, texts))
    told, tau = told_by(texts), method.config.temperature
    expected = torch.zeros_like(fit)
    for b in range(len(images.pooled)):
        for r in images.region_valid[b].nonzero().flatten().tolist():
            region = unit(images.regions[b, r], dim=0)
            yes, no = prompts.findings[:, r] @ region, prompts.nothing[r] @ region
            silent = (no / tau - torch.cat([yes, no[None]]).div(tau).logsumexp(0)) * method.options.silence
            for t in range(len(SAID)):
                expected[b, t] += (told[t, r] * (yes - no)).sum() + tau * silent
    torch.testing.assert_close(fit - alone, expected, atol=2e-5, rtol=1e-4)


def test_a_search_by_region_compares_chances(method, batch):
    region = REGION_INDEX["left lung"]
    with torch.no_grad():
        found = method.eval().encode_images(batch.images, batch.regions).regions[:, region]
        chances = method.searched(found, region)
        prompts = method.bank.read(method)
    assert chances.shape == (len(found), len(FINDING_INDEX))
    assert (chances > 0).all()
    for row, chance in zip(unit(found, dim=-1), chances, strict=True):
        fits = [math.exp(row @ p / method.config.temperature) for p in prompts.findings[:, region]]
        none = math.exp(row @ prompts.nothing[region] / method.config.temperature)
        torch.testing.assert_close(chance, torch.tensor(fits) / (sum(fits) + none))
    torch.testing.assert_close(method.searched(5 * found, region), chances)


def test_prompts_are_read_again_when_weights_change_and_only_then(method):
    before = method.bank.read(method)
    assert method.training
    assert method.bank.read(method) is before
    with torch.inference_mode():
        assert method.bank.read(method) is before
    with torch.no_grad():
        method.word_head.expand.weight.mul_(1.1)
    after = method.bank.read(method)
    assert method.double().bank.read(method).findings.dtype == torch.float64
    method.float()
    assert not torch.allclose(before.findings, after.findings)
    torch.testing.assert_close(copy.deepcopy(method).bank.read(method).findings, after.findings)
    torch.testing.assert_close(after.findings.norm(dim=-1), torch.ones(after.findings.shape[:2]))
