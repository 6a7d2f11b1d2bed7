import pytest

from maple_lib.errors import MapleError
from maple_lib.evaluation import list_prompt_ensembles, list_protocols, prompt_ensemble, protocol
from maple_lib.reports import parse
from maple_lib.vocabulary import FINDINGS
from maple_lib.vocabulary.phrasing import with_article, without_place


def test_english_counts_some_findings_and_not_others():
    assert with_article("opacity") == "an opacity"
    assert with_article("mass") == "a mass"
    assert with_article("edema") == "edema"
    assert with_article("tube", "endotracheal tube") == "an endotracheal tube"
    assert without_place("nodule") == "There is a nodule."


def test_sentences_for_countable_and_uncountable_findings():
    phantom = prompt_ensemble("phantom")
    assert "A pleural effusion is seen." in phantom.positive("pleural effusion")
    assert "Atelectasis is seen." in phantom.positive("atelectasis")
    assert "There is an endotracheal tube." in phantom.positive("tube")
    assert "No evidence of pleural effusion." in phantom.negative("pleural effusion")
    assert "There is a granuloma." in phantom.positive("granuloma")


@pytest.mark.parametrize("name", ["phantom", "nih_14"])
def test_the_parser_reads_each_sentence_as_it_is_meant(name):
    ensemble = prompt_ensemble(name)
    for finding in ensemble.findings:
        for state, sentences in (
            ("present", ensemble.positive(finding)),
            ("absent", ensemble.negative(finding)),
        ):
            for sentence in sentences:
                read = {(t.finding, t.existence) for t in parse(sentence).triplets}
                assert read == {(finding, state)}, sentence


def test_rsna_has_exactly_biovils_sentences():
    rsna = prompt_ensemble("rsna_pneumonia")
    assert rsna.positive("pneumonia") == (
        "Findings consistent with pneumonia",
        "Findings suggesting pneumonia",
        "This opacity can represent pneumonia",
        "Findings are most compatible with pneumonia",
    )
    assert rsna.negative("pneumonia") == (
        "There is no pneumonia",
        "No evidence of pneumonia",
        "No evidence of acute pneumonia",
        "No signs of pneumonia",
    )
    with pytest.raises(MapleError, match=r"no words for 'mass'.*pneumonia"):
        rsna.positive("mass")


def test_classes_are_every_combination_once_and_deny_nothing():
    chexpert = prompt_ensemble("chexpert_5x200")
    assert len(chexpert.findings) == 5
    said = chexpert.positive("cardiomegaly")
    assert len(said) == len(set(said)) == 12
    assert {"cardiomegaly", "severe cardiac enlargement"} <= set(said)
    assert all(
        finding in {t.finding for t in parse(s).triplets}
        for finding in chexpert.findings
        for s in chexpert.positive(finding)
    )
    with pytest.raises(MapleError, match="deny nothing"):
        chexpert.negative("cardiomegaly")


def test_every_ensemble_speaks_of_known_findings_and_every_protocol_of_a_known_ensemble():
    for name in list_prompt_ensembles():
        ensemble = prompt_ensemble(name)
        assert ensemble.source
        assert set(ensemble.findings) <= set(FINDINGS)
    assert len(prompt_ensemble("nih_14").findings) == 14
    prompted = [one for one in map(protocol, list_protocols()) if hasattr(one, "prompts")]
    assert len(prompted) >= 8
    assert {one.prompts for one in prompted} <= set(list_prompt_ensembles())
    with pytest.raises(MapleError, match="choose one of: phantom"):
        prompt_ensemble("fantom")
